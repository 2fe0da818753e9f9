//! What the datastores of a workspace of Azure Machine Learning mean for what is granted (requirements 90, 92 and 98): one with credentials is
//! read with these, whatever an identity may do. None is ever written: nobody can read its secrets back.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Note, Result, listed, redacted};

use crate::client::arm::Datastore;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::objects::role_assignment;
use crate::objects::{compute_identity, endpoint_identity};
use crate::observe::looking::Looking;

/// How many datastores are named.
const NAMED: usize = 8;

/// The types of which an identity can read. Source: Azure Machine Learning, "Create datastores"; "Administer data authentication".
const READ_BY_IDENTITIES: [&str; 4] = ["AzureBlob", "AzureDataLakeGen1", "AzureDataLakeGen2", "OneLake"];

/// What is told of the datastores of each workspace on whose units an identity is to be.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn notes(looking: Looking<'_>, desired: &Desired, snapshot: &Snapshot) -> Result<Vec<Note>> {
    if desired.thorough {
        return Ok(Vec::new());
    }
    let mut workspaces = BTreeSet::new();
    for on in compute_identity::among(&desired.objects) {
        workspaces.extend(on?.1.compute_id()?.outermost());
    }
    for on in endpoint_identity::among(&desired.objects) {
        workspaces.extend(on?.1.endpoint_id()?.outermost());
    }
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    let granted = granted(desired)?;
    let mut notes = Vec::new();
    for workspace in workspaces {
        let about = format!("workspace {}", workspace.name());
        let there = match looking.client.datastores(&workspace).await {
            Err(error) if is_final(&error) => {
                let message = format!(
                    "its datastores can't be read, so that nobody knows whether one holds credentials, which count instead of any identity: {}",
                    error.message()
                );
                notes.push(Note::warning(about, message));
                continue;
            }
            there => there?,
        };
        let (of_grants, others): (Vec<_>, Vec<_>) = there.iter().partition(|it| on(it, &granted).is_some());
        for datastore in of_grants {
            let Some(container) = on(datastore, &granted) else { continue };
            notes.push(of_granted(datastore, container, snapshot).await?);
        }
        notes.extend(of_others(&about, &others));
    }
    Ok(notes)
}

/// An account and a container in it, in small letters.
type Container = (String, String);

/// The containers on which something is granted, each with its resource ID.
fn granted(desired: &Desired) -> Result<BTreeMap<Container, ResourceId>> {
    let mut granted = BTreeMap::new();
    for assignment in role_assignment::among(&desired.objects) {
        let scope = assignment?.1.scope_id()?;
        let Some((kind, names)) = scope.typed() else { continue };
        let is_container = kind.eq_ignore_ascii_case("Microsoft.Storage/storageAccounts/blobServices/containers");
        if let (true, [account, .., container]) = (is_container, names.as_slice()) {
            granted.insert((account.to_lowercase(), container.to_lowercase()), scope.clone());
        }
    }
    Ok(granted)
}

fn on<'a>(datastore: &Datastore, granted: &'a BTreeMap<Container, ResourceId>) -> Option<&'a ResourceId> {
    let (account, container) = datastore.container.as_ref()?;
    granted.get(&(account.to_lowercase(), container.to_lowercase()))
}

/// Of one whose container is granted.
async fn of_granted(datastore: &Datastore, container: &ResourceId, snapshot: &Snapshot) -> Result<Note> {
    let about = format!("datastore {}", redacted(&datastore.name));
    if let Some(credentials) = &datastore.credentials {
        let message = format!(
            "it holds credentials ({}), which count instead of any identity: jobs that use it reach container {} with these, whatever is \
             granted here. Have one made without credentials (`az ml datastore create --file FILE`, without `credentials` in it) and jobs \
             use that; this one is left as it is, as nobody can read its secrets back",
            redacted(credentials),
            container.name()
        );
        return Ok(Note::warning(about, message));
    }
    let by = if datastore.read_by_workspace { "the workspace's identity" } else { "the identity of whoever looks" };
    let closed = match snapshot.storage(&container.subscription()).await {
        Err(error) if is_final(&error) => false,
        accounts => {
            let name = container.typed().and_then(|(_, names)| Some((*names.first()?).to_owned())).unwrap_or_default();
            accounts?.iter().any(|account| account.closed && account.name.eq_ignore_ascii_case(&name))
        }
    };
    // Source: Azure Machine Learning, "Administer data authentication", work with virtual networks.
    let behind = if closed {
        "; its storage account answers some networks only: where it lets trusted services in, previews are under the workspace's \
         identity in any case, which needs Storage Blob Data Reader there"
    } else {
        ""
    };
    let message = format!(
        "it holds no credentials: jobs use it under the identity of their compute, and previews in the studio under {by}{behind}"
    );
    Ok(Note::info(about, message))
}

/// Of those whose containers nobody is granted.
fn of_others(about: &str, others: &[&Datastore]) -> Vec<Note> {
    let names = |is: &dyn Fn(&&&Datastore) -> bool| {
        let names = others.iter().filter(is).map(|it| redacted(&it.name));
        listed(names.collect::<Vec<_>>(), NAMED)
    };
    let mut notes = Vec::new();
    let holding = names(&|it| it.credentials.is_some());
    if !holding.is_empty() {
        let message = format!(
            "datastores that hold credentials, which count instead of any identity and which nothing here changes: {holding}"
        );
        notes.push(Note::info(about, message));
    }
    let unknown = names(&|it| {
        it.credentials.is_none() && !READ_BY_IDENTITIES.iter().any(|kind| it.datastore_type.eq_ignore_ascii_case(kind))
    });
    if !unknown.is_empty() {
        let message = format!("datastores of types that no identity is known to read: {unknown}");
        notes.push(Note::info(about, message));
    }
    notes
}
