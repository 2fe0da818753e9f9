//! Which managed identities are the stack's, and whom they trust.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cloudgrant_core::{
    Attributes, Desired, Error, ErrorKind, Found, Note, ObjectId, Observed, Result, Stays, Widening,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use crate::client::arm::FederatedCredential;
use crate::inventory::snapshot::{CREDENTIALS_AT_A_TIME, Snapshot};
use crate::names::STACK_TAG;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::managed_identity::outputs;
use crate::objects::{kinds, remedies};
use crate::observe::findings::edited;
use crate::observe::findings::other_homes::OtherHomes;
use crate::{Azure, Principal};

/// The principals of the identities that are known.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    /// Those that were read now, of the subscription and of what the manifest names elsewhere.
    read: BTreeMap<ResourceId, Principal>,
    /// Those that this run has met before. The kubelet's identity isn't always among the subscription's.
    remembered: HashMap<ResourceId, Principal>,
    /// Those in the place of what is wanted that their tags make somebody else's.
    doubted: HashSet<ResourceId>,
}

impl Principals {
    /// Those in the place of what is wanted that their tags make somebody else's: whoever replaced the tags may have added
    /// something else as well.
    pub(crate) fn doubted(&self) -> &HashSet<ResourceId> {
        &self.doubted
    }

    /// Who an identity is, by its ID as an object's attributes have it; none where it isn't there yet.
    pub(crate) fn of(&self, identity: &str) -> Option<&str> {
        let id = ResourceId::parse(identity).ok()?;
        let principal = self.read.get(&id).or_else(|| self.remembered.get(&id))?;
        Some(principal.id.as_str())
    }

    /// The identities that were read now.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (&ResourceId, &Principal)> {
        self.read.iter()
    }
}

pub(crate) async fn add(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
    others: &mut OtherHomes,
) -> Result<Principals> {
    let identities = snapshot.identities().await?;
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let mut principals = BTreeMap::new();
    let (mut ours, mut doubted) = (Vec::new(), HashSet::new());
    for identity in identities.iter() {
        let id = match ResourceId::parse(&identity.id) {
            Ok(id) => id,
            Err(why) => {
                // It may be the stack's: somebody has to look.
                let message = format!(
                    "Azure lists it with the ID `{}`, which can't be read ({why}): what it holds and whom it trusts wasn't \
                     looked at",
                    identity.id
                );
                observed.notes.push(Note::warning(format!("identity {}", identity.name), message));
                continue;
            }
        };
        let owned = azure.names.marks(&id, &identity.tags);
        let home = azure.names.home_in(&identity.tags);
        if let Some(home) = home.filter(|home| home.to_lowercase() != azure.names.home()) {
            others.add(home, format!("identity {}", id.name()), id.as_str());
        }
        azure.remember(&id, &identity.principal_id, owned).await;
        principals.insert(id.clone(), Principal { id: identity.principal_id.clone(), ours: owned });
        let object = kinds::identity(&id, azure.names.group());
        if owned && wanted.contains(&object) {
            observed.outputs.insert(object.clone(), outputs(&identity.client_id));
        }
        let is_place = azure.names.is_place(&id);
        if !owned && wanted.contains(&object) {
            doubted.insert(id.clone());
        }
        if !owned && wanted.contains(&object) && azure.names.has_lost_its_mark(&id, &identity.tags) {
            let message = format!("{object} exists, and no tag says that it is this stack's");
            let error = Error::new(ErrorKind::Conflict, message).with("identity", id.as_str()).hint(format!(
                "if somebody has replaced the tags of the stack's identity, put them back: `{}`; if it is somebody else's, rename the \
                 stack, or remove what is in the way",
                remedies::mark(&id, azure.names.stack().as_str(), azure.names.home())
            ));
            observed.conflicts.insert(object, error);
            continue;
        }
        if !owned && !wanted.contains(&object) {
            if azure.names.has_lost_its_mark(&id, &identity.tags) {
                let reason = format!(
                    "it is called as the stack's identities are, and somebody has replaced its tags, so that nobody knows whether it \
                     is the stack's. If it is, put them back, and run this again: `{}`. If not, delete it or mark it as somebody's \
                     by a tag `{STACK_TAG}`",
                    remedies::mark(&id, azure.names.stack().as_str(), azure.names.home())
                );
                // Its role assignments are found by what their descriptions say.
                observed.stays.push(Stays { object, reason, is_empty: true });
            }
            continue;
        }
        let found = Found {
            attributes: json!({ "resource_group": group_of(azure, &id), "tags": azure.names.tags_in(&identity.tags) })
                .into(),
            owned,
            depends_on: Vec::new(),
            // Nobody runs under one that only names a place.
            if_deleted: (!is_place).then(|| format!("task code that still names {} fails without it", identity.name)),
            touches: Vec::new(),
        };
        if owned && !identity.client_id.is_empty() {
            observed.principals.insert(identity.client_id.clone(), object.clone());
        }
        // Whoever looks for drift is told also whom one trusts that only names a place: nobody runs under it.
        let is_looked_at = !is_place || !wanted.contains(&object) && !azure.names.is_of_handoff(&id);
        if owned && (is_looked_at || azure.looks_again.load(Ordering::Relaxed)) {
            ours.push((id, object.clone()));
        }
        observed.objects.insert(object, found);
    }
    for id in &doubted {
        ours.push((id.clone(), kinds::identity(id, azure.names.group())));
    }
    let read = ours.into_iter().map(|(id, object)| async move {
        let credentials = snapshot.credentials(&id).await?;
        Ok::<_, Error>((id, object, credentials))
    });
    let read: Vec<_> = stream::iter(read).buffer_unordered(CREDENTIALS_AT_A_TIME).try_collect().await?;
    for (id, object, credentials) in read {
        if doubted.contains(&id) {
            observed.widened.extend(trusted_by_others(azure, desired, &id, &object, &credentials));
            observed.widened.extend(edited::of_doubted(azure, desired, &id, &credentials));
        } else {
            add_credentials(azure, desired, &wanted, &id, &object, &credentials, observed);
        }
    }
    for (id, principal) in azure.identities_elsewhere(snapshot, &mut observed.notes).await? {
        principals.entry(id).or_insert(Principal { id: principal, ours: false });
    }
    Ok(Principals { read: principals, remembered: azure.principals.lock().await.clone(), doubted })
}

/// As the manifest writes it: its letters' case says nothing.
fn group_of(azure: &Azure, id: &ResourceId) -> String {
    let group = id.resource_group().unwrap_or_default();
    let ours = azure.names.group().name();
    if is_same(group, ours) { ours.to_owned() } else { group.to_owned() }
}

pub(crate) fn attributes_of(azure: &Azure, identity: &ResourceId, credential: &FederatedCredential) -> Attributes {
    json!({
        "identity": azure.names.identity_id(identity.name()).as_str(),
        "issuer": credential.issuer,
        "subject": credential.subject,
        "audience": credential.audiences.join(" "),
    })
    .into()
}

fn add_credentials(
    azure: &Azure,
    desired: &Desired,
    wanted: &HashSet<&ObjectId>,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &Arc<Vec<FederatedCredential>>,
    observed: &mut Observed,
) {
    if !wanted.contains(object) {
        return go_along(azure, identity, object, credentials, observed);
    }
    // Another cluster's credential for the same service account leaves it bound.
    let stays = desired.objects.iter().filter(|wanted| wanted.id.kind == kinds::CREDENTIAL);
    let stays = stays.filter(|wanted| {
        wanted.attributes.text("identity").is_some_and(|id| ResourceId::parse(&id).as_ref() == Ok(identity))
    });
    let trusted: BTreeSet<_> = stays.filter_map(|wanted| wanted.attributes.text("subject")).collect();
    let mut foreign = Vec::new();
    for credential in credentials.iter() {
        let attributes = attributes_of(azure, identity, credential);
        let named = kinds::credential(identity.name(), &credential.name);
        // One that trusts the same, whatever it is called: Azure takes no second one.
        let same = desired.objects.iter().find(|object| {
            object.id.kind == kinds::CREDENTIAL && object.attributes == attributes && object.id != named
        });
        let owned = credential.name.starts_with(&azure.names.credential_mark());
        let id = same.map_or(named, |object| object.id.clone());
        if same.is_some() {
            let message = format!("it is there under the name {}, which is as good", credential.name);
            observed.notes.push(Note::info(&id, message));
        } else if !owned && !wanted.contains(&id) {
            foreign.push(credential);
            continue;
        }
        if owned && !wanted.contains(&id) && azure.looks_again.load(Ordering::Relaxed) {
            observed.widened.extend(trusting_nobody_s(azure, identity, object, credential));
        }
        let found = Found {
            attributes,
            owned,
            depends_on: vec![object.clone()],
            if_deleted: if_goes(azure, credential, &trusted),
            touches: Vec::new(),
        };
        observed.objects.insert(id, found);
    }
    observed.widened.extend(foreign.into_iter().map(|credential| trusting(identity, object, credential)));
}

/// Whom an identity trusts by somebody else's doing.
fn trusting(identity: &ResourceId, object: &ObjectId, credential: &FederatedCredential) -> Widening {
    Widening {
        object: object.clone(),
        what: format!(
            "trusts the subject {} of {} through the federated credential {}, which this stack did not make",
            credential.subject, credential.issuer, credential.name
        ),
        remedy: remedies::delete_credential(identity, &credential.name),
    }
}

/// Whom an identity trusts that isn't wanted, but for what the stack may have made.
pub(crate) fn trusted_by_others(
    azure: &Azure,
    desired: &Desired,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &[FederatedCredential],
) -> Vec<Widening> {
    let mark = azure.names.credential_mark();
    let is_wanted = |credential: &FederatedCredential| {
        let (id, attributes) =
            (kinds::credential(identity.name(), &credential.name), attributes_of(azure, identity, credential));
        let mut wanted = desired.objects.iter().filter(|wanted| wanted.id.kind == kinds::CREDENTIAL);
        wanted.any(|wanted| wanted.id == id || wanted.attributes == attributes)
    };
    let unwanted = credentials.iter().filter(|one| !is_wanted(one));
    let told = |credential: &FederatedCredential| match credential.name.starts_with(&mark) {
        true => trusting_nobody_s(azure, identity, object, credential),
        false => Some(trusting(identity, object, credential)),
    };
    unwanted.filter_map(told).collect()
}

/// The same of a credential that is called as the stack's are: anybody can call one so. None where it may be one of the stack's, as it
/// trusts a service account of one of the manifest's clusters.
fn trusting_nobody_s(
    azure: &Azure,
    identity: &ResourceId,
    object: &ObjectId,
    credential: &FederatedCredential,
) -> Option<Widening> {
    // A manifest that names no issuer means whichever the cluster has.
    let issuers = &azure.config.cluster.oidc_issuer;
    let is_of_cluster = issuers.is_empty() || issuers.contains(&credential.issuer);
    if is_of_cluster && credential.subject.starts_with(SERVICE_ACCOUNT) {
        return None;
    }
    let what = format!(
        "trusts the subject {} of {} through the federated credential {}, and the manifest names no such cluster",
        credential.subject, credential.issuer, credential.name
    );
    Some(Widening::edited(object.clone(), &what, remedies::delete_credential(identity, &credential.name)))
}

/// How Kubernetes calls the subject of a service account's token. Source: Kubernetes documentation, "Service Accounts".
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// An identity that goes takes its credentials along: they need no deletions of their own, of which Azure lets one in four
/// seconds through. Those of others keep it, and nothing else.
fn go_along(
    azure: &Azure,
    identity: &ResourceId,
    object: &ObjectId,
    credentials: &[FederatedCredential],
    observed: &mut Observed,
) {
    let mark = azure.names.credential_mark();
    let names = credentials.iter().map(|credential| credential.name.as_str());
    let (ours, foreign): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with(&mark));
    if !foreign.is_empty() {
        // It stays for these alone: what is the stack's on it goes.
        let why = trusts_others(identity, foreign);
        let reason = format!("{}; {}", why.message(), why.hint_text().unwrap_or_default());
        observed.objects.remove(object);
        observed.stays.push(Stays { object: object.clone(), reason, is_empty: true });
        for credential in credentials.iter().filter(|credential| credential.name.starts_with(&mark)) {
            let attributes = attributes_of(azure, identity, credential);
            let id = kinds::credential(identity.name(), &credential.name);
            let if_deleted = if_goes(azure, credential, &BTreeSet::new());
            let found = Found { attributes, owned: true, depends_on: Vec::new(), if_deleted, touches: Vec::new() };
            observed.objects.insert(id, found);
        }
        return;
    }
    if let Some(warning) = observed.objects.get_mut(object).and_then(|found| found.if_deleted.as_mut()) {
        match ours.len() {
            0 => {}
            1 => warning.push_str("; its federated credential goes with it"),
            many => warning.push_str(&format!("; its {many} federated credentials go with it")),
        }
        warning.push_str(&unbinding(azure, credentials));
    }
}

/// What to say where a credential goes and its identity stays; `trusted` are the subjects that the identity goes on to trust.
fn if_goes(azure: &Azure, credential: &FederatedCredential, trusted: &BTreeSet<String>) -> Option<String> {
    let subject = credential.subject.as_str();
    if trusted.contains(subject) {
        return Some(format!(
            "task code of {subject} in the cluster with the issuer {} gets no more tokens",
            credential.issuer
        ));
    }
    let told = format!("task code of {subject} that still names the identity fails without it");
    Some(told + &unbinding(azure, std::slice::from_ref(credential)))
}

/// What is to be done before an identity goes, for the service accounts that it trusts: the way back from what binding it took.
fn unbinding(azure: &Azure, credentials: &[FederatedCredential]) -> String {
    if azure.platform.backend().is_some() {
        return format!(". {}", azure.platform.unbinding(&[]));
    }
    let subjects: BTreeSet<_> = credentials.iter().map(|credential| credential.subject.as_str()).collect();
    let commands: Vec<_> =
        subjects.into_iter().filter_map(remedies::unbind).map(|command| format!("`{command}`")).collect();
    if commands.is_empty() { String::new() } else { format!(". Unbind it first: {}", commands.join(", ")) }
}

/// Why an identity can't be deleted: these federated credentials would go with it.
pub(crate) fn trusts_others(identity: &ResourceId, mut foreign: Vec<&str>) -> Error {
    foreign.sort_unstable();
    let name = identity.name();
    let message = format!(
        "identity {name} can't be deleted: it trusts what this stack did not let it trust: {}",
        foreign.join(", ")
    );
    Error::new(ErrorKind::Conflict, message)
        .hint(format!("take that away first: `{}`", remedies::delete_credential(identity, "NAME")))
}
