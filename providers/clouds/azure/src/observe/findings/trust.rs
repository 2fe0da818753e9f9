//! Whom the identities trust that are somebody else's and get something here: their federated credentials say under whose
//! tokens one is taken for them.
//!
//! Source: Microsoft Entra documentation, "Workload identity federation".

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, ErrorKind, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::arm::{Cluster, FederatedCredential};
use crate::client::remedies;
use crate::config::Config;
use crate::inventory::snapshot::{CREDENTIALS_AT_A_TIME, Snapshot};
use crate::names::resource_id::ResourceId;
use crate::observe::findings::workload_identity::{for_tasks, platforms_clusters};
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;

/// Warns of each of these identities under which no pod can log in, and of each that trusts another issuer than the data
/// plane's. It costs a request for each, and none where all identities are the stack's.
pub(crate) async fn notes(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    principals: &Principals,
) -> Result<Vec<Note>> {
    let clusters = snapshot.clusters(looking.inventory.cluster_group()).await?;
    let issuers = Issuers::of(looking.config, &clusters);
    let holders = for_tasks(looking.inventory, desired, &clusters)?;
    // One that isn't there has no ID, and nobody to trust.
    let holders: BTreeSet<_> = holders.iter().filter_map(|id| ResourceId::parse(id).ok()).collect();
    let theirs = principals.holders().filter(|(id, principal)| !principal.ours && holders.contains(id));
    let theirs: Vec<_> = theirs.map(|(id, _)| id.clone()).collect();
    let issuers = &issuers;
    let told = theirs.into_iter().map(|id| async move {
        match snapshot.credentials(&id).await {
            Ok(credentials) => Ok(issuers.notes(looking.config, &id, &credentials)),
            Err(error) => match error.kind() {
                // It went in between: whoever assigns its roles is told.
                ErrorKind::NotFound => Ok(Vec::new()),
                ErrorKind::AccessDenied | ErrorKind::WrongAccount => {
                    let message = format!(
                        "its federated credentials can't be read ({}), so that nobody looked whom it trusts; whoever has \
                         `Reader` there can",
                        error.message()
                    );
                    Ok(vec![Note::info(about(&id), message)])
                }
                _ => Err(error),
            },
        }
    });
    // In the identities' order, whichever answer is first.
    let told: Vec<_> = stream::iter(told).buffered(CREDENTIALS_AT_A_TIME).try_collect().await?;
    Ok(told.into_iter().flatten().collect())
}

/// The data plane's issuers, as far as anybody can tell.
struct Issuers {
    /// Of each of these sets, an identity of task code trusts one at least.
    needed: Vec<BTreeSet<String>>,
    /// Those that are no strangers.
    known: BTreeSet<String>,
}

impl Issuers {
    fn of(config: &Config, clusters: &[Cluster]) -> Self {
        let issuers = |clusters: Vec<&Cluster>| -> BTreeSet<String> {
            clusters.into_iter().filter_map(|cluster| cluster.issuer.clone()).collect()
        };
        let all = issuers(clusters.iter().collect());
        let configured = &config.cluster.oidc_issuer;
        let known: BTreeSet<_> = configured.iter().chain(&all).cloned().collect();
        // What no cluster has is warned of by itself. Where there is no cluster to look at, the manifest's count.
        let checked = configured.iter().filter(|issuer| all.is_empty() || all.contains(*issuer));
        let mut needed: Vec<_> = checked.map(|issuer| BTreeSet::from([issuer.clone()])).collect();
        if needed.is_empty() {
            let of_platform = issuers(platforms_clusters(config, clusters));
            needed.push(if of_platform.is_empty() { all } else { of_platform });
        }
        Self { needed, known }
    }

    fn notes(&self, config: &Config, identity: &ResourceId, credentials: &[FederatedCredential]) -> Vec<Note> {
        let mut notes = Vec::new();
        let trusts = |issuers: &BTreeSet<String>| {
            let nobody_knows = issuers.is_empty();
            credentials.iter().any(|credential| nobody_knows || issuers.contains(&credential.issuer))
        };
        for issuers in self.needed.iter().filter(|issuers| !trusts(issuers)) {
            let issuer = issuers.iter().next().map_or("ISSUER", String::as_str);
            let whose = match issuers.len() {
                0 => "at all".to_owned(),
                _ => format!("of the issuer {}", issuers.iter().cloned().collect::<Vec<_>>().join(" or ")),
            };
            let message = format!(
                "it has no federated credential {whose}, so that no pod there can log in as it, whatever its roles: whoever \
                 made it adds one for each service account: `{}`",
                remedies::add_credential(identity, issuer, config.cluster.audience())
            );
            notes.push(Note::warning(about(identity), message));
        }
        let is_strange = |credential: &&FederatedCredential| !self.known.contains(&credential.issuer);
        // Where no issuer is known, none is another.
        for credential in credentials.iter().filter(is_strange).filter(|_| !self.known.is_empty()) {
            let message = format!(
                "it trusts the subject {} of {} through the federated credential {}, and no cluster of this data plane has \
                 that issuer: whoever runs it can log in as this identity, with all of its roles. Unless that is meant, \
                 take it away: `{}`",
                credential.subject,
                credential.issuer,
                credential.name,
                remedies::delete_credential(identity, &credential.name)
            );
            notes.push(Note::warning(about(identity), message));
        }
        notes
    }
}

fn about(identity: &ResourceId) -> String {
    format!("identity {}", identity.name())
}
