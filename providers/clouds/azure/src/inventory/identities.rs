//! The identities that are there already: the platform's and the vendor's.

use std::collections::BTreeSet;

use cloudgrant_core::{Diagnostic, Error, ErrorKind, Note, Protected, Result};

use crate::client::arm::Identity;
use crate::client::remedies;
use crate::error::is_final;
use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::{ResourceId, is_plain, is_same};

impl Inventory {
    /// The identity of task code without one of its own (requirement 2).
    pub(crate) async fn task_identity(&self) -> Result<ResourceId> {
        if let Some(name) = &self.config.task_identity {
            return self.existing_identity(name, "azure.task_identity").await;
        }
        let snapshot = self.snapshot().await;
        let identities = snapshot.identities().await?;
        let here: Vec<_> = identities.iter().filter(|identity| self.is_here(identity)).collect();
        let patterns = &self.task_principal;
        let conventional = Protected::new(patterns.iter().map(String::as_str));
        let fits = |identity: &&&Identity| conventional.matching(&identity.name.to_ascii_lowercase()).is_some();
        let like = patterns.join(" or ");
        match here.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [one] => id_of(&one.id),
            [] => {
                // Under the first of the names that it could have: nobody is called so.
                let missing = self.names.identity_id(patterns.first().map_or("", String::as_str));
                let message = format!("there is no managed identity named {like}");
                snapshot.is_absent(&missing, self.absent_here(message, "", &here));
                Ok(missing)
            }
            many => {
                let names: Vec<_> = many.iter().map(|identity| identity.name.as_str()).collect();
                let error = Error::new(ErrorKind::NotFound, format!("several managed identities are named {like}"))
                    .with("resource group", &self.config.resource_group)
                    .with("found", names.join(", "))
                    .hint("name the one of task code: `azure.task_identity`");
                // What one of them got while it was the only one is still its own.
                let former = self.one_with_roles(many.iter().map(|identity| **identity)).await?;
                let former =
                    former.unwrap_or_else(|| self.names.identity_id(patterns.first().map_or("", String::as_str)));
                snapshot.unusable().assign(former.as_str(), Unusable::of(&error));
                Ok(former)
            }
        }
    }

    /// An identity that the manifest names: by its name in the data plane's resource group, or by its resource ID. Where it isn't
    /// there, nothing new can be given to it, which is for the observation to say, and nobody is kept from anything else by that.
    pub(crate) async fn existing_identity(&self, name: &str, key: &str) -> Result<ResourceId> {
        let snapshot = self.snapshot().await;
        let wanted = match name.contains('/') {
            true => named(name, key)?,
            false => self.names.identity_id(name),
        };
        let elsewhere = wanted.subscription() != self.config.subscription.as_str();
        let found = async {
            if elsewhere {
                self.same_tenant(&wanted.subscription()).await?;
            }
            snapshot.identity(&wanted).await
        };
        let found = match found.await {
            // Its subscription isn't there.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            // Its subscription went to another tenant, or the caller may see it no more.
            Err(error) if is_final(&error) => {
                snapshot.unusable().assign(wanted.as_str(), Unusable::of(&error));
                return Ok(wanted);
            }
            found => found?,
        };
        match found {
            Some(identity) => {
                let id = id_of(&identity.id)?;
                self.remember(&id, &identity.principal_id, self.names.marks(&id, &identity.tags)).await;
                Ok(id)
            }
            None if elsewhere => {
                let message =
                    format!("there is no managed identity {wanted}, or the caller can't see its subscription");
                let hint = format!("check the ID: `{}`", remedies::list_identities(&wanted.subscription()));
                snapshot.is_absent(&wanted, Diagnostic::new(key, message).hint(hint));
                Ok(wanted)
            }
            None => {
                let identities = snapshot.identities().await?;
                let here: Vec<_> = identities.iter().filter(|identity| self.is_here(identity)).collect();
                snapshot
                    .is_absent(&wanted, self.absent_here(format!("there is no managed identity `{name}`"), key, &here));
                Ok(wanted)
            }
        }
    }

    fn absent_here(&self, message: String, key: &str, here: &[&Identity]) -> Diagnostic {
        let names: Vec<_> = here.iter().map(|identity| identity.name.as_str()).collect();
        let found =
            if names.is_empty() { "it has none at all".to_owned() } else { format!("it has {}", names.join(", ")) };
        let message = format!("{message} in the resource group {}: {found}", self.config.resource_group);
        let key_to_set = if key.is_empty() { "azure.task_identity" } else { key };
        Diagnostic::new(key, message)
            .hint(format!("check `azure.resource_group`, or name one that is there: `{key_to_set}`"))
    }

    fn is_here(&self, identity: &Identity) -> bool {
        ResourceId::parse(&identity.id)
            .is_ok_and(|id| id.resource_group().is_some_and(|group| is_same(group, &self.config.resource_group)))
    }

    /// The identities that aren't among the subscription's own but may hold roles of the stack's: those that the manifest
    /// names by their IDs, and the clusters' kubelets'. One that is gone is left out; one that may not be read is told: what
    /// it holds has its principal for a name then.
    pub(crate) async fn identities_elsewhere(
        &self,
        snapshot: &Snapshot,
        others: impl IntoIterator<Item = ResourceId>,
        notes: &mut Vec<Note>,
    ) -> Result<Vec<(ResourceId, String)>> {
        let clusters = snapshot.clusters(self.cluster_group()).await?;
        let kubelets = clusters.iter().filter_map(|cluster| cluster.kubelet.as_ref());
        let mut known: Vec<_> = kubelets
            .filter_map(|kubelet| Some((ResourceId::parse(&kubelet.resource_id).ok()?, kubelet.object_id.clone())))
            .collect();
        let config = &self.config;
        let names = config.task_identity.iter().chain(&config.kubelet_identity).chain(config.identities.values());
        let named = names.filter_map(|name| ResourceId::parse(name).ok());
        for id in named.chain(others).collect::<BTreeSet<_>>() {
            if id.subscription() == config.subscription.as_str() {
                continue;
            }
            match snapshot.identity(&id).await {
                Ok(identity) => known.extend(identity.map(|identity| (id, identity.principal_id))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::WrongAccount) => {
                    let message = format!(
                        "it can't be read ({}), so that what it holds is shown under the id of its principal; whoever has \
                         `Reader` there sees its name",
                        error.message()
                    );
                    notes.push(Note::warning(format!("identity {}", id.as_str()), message));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }
}

/// How a managed identity is named.
pub(crate) const FORM: &str = "write its name, or its ID like /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.ManagedIdentity/\
     userAssignedIdentities/NAME (`az identity show --query id`)";

/// Whether a text names a managed identity: by its name in the data plane's resource group, or by its resource ID.
///
/// # Errors
/// The rest of a sentence that says what is wrong.
pub(crate) fn checked(text: &str) -> Result<(), &'static str> {
    match text.contains('/') {
        true => of_id(text).map(drop),
        // Source: Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.ManagedIdentity.
        false if is_plain(text) && text.len() <= 128 => Ok(()),
        false => Err("a name has up to 128 letters, digits, dashes and underscores"),
    }
}

fn of_id(id: &str) -> Result<ResourceId, &'static str> {
    let parsed = ResourceId::parse(id)?;
    let fits = |kind: &str| kind.eq_ignore_ascii_case("Microsoft.ManagedIdentity/userAssignedIdentities");
    match parsed.typed() {
        Some((kind, _)) if fits(&kind) => Ok(parsed),
        _ => Err("it names another kind of resource"),
    }
}

fn named(id: &str, key: &str) -> Result<ResourceId> {
    of_id(id).map_err(|why| {
        Error::new(ErrorKind::Manifest, format!("`{key}` is not the ID of a managed identity: {why}")).hint(FORM)
    })
}

pub(crate) fn id_of(id: &str) -> Result<ResourceId> {
    ResourceId::parse(id)
        .map_err(|why| Error::new(ErrorKind::Unexpected, format!("Azure names an identity `{id}`: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::loopback::{Loopback, json, refusal};
    use crate::tests::connected;

    const ELSEWHERE: &str = "/subscriptions/00000000-0000-0000-0000-0000000000ff/resourceGroups/there/providers/\
                             Microsoft.ManagedIdentity/userAssignedIdentities/tasks";

    #[tokio::test]
    async fn an_identity_elsewhere_that_is_gone_is_no_more_and_one_that_can_t_be_read_is_told() {
        for (status, code, expected) in [
            (404, "ResourceNotFound", Ok(0)),
            (404, "SubscriptionNotFound", Ok(0)),
            (403, "AuthorizationFailed", Ok(1)),
            (400, "Whatever", Err(ErrorKind::Unexpected)),
        ] {
            let cloud = Loopback::start(move |request, _| match request.path == ELSEWHERE {
                true => refusal(status, code),
                false => json(200, serde_json::json!({ "value": [] })),
            })
            .await;
            let mut config = cloud.config();
            config.task_identity = Some(ELSEWHERE.to_owned());
            let azure = connected("flyte", config).await;
            let mut notes = Vec::new();
            let answer =
                azure.inventory.identities_elsewhere(&*azure.inventory.snapshot().await, None, &mut notes).await;
            let told = answer.map(|found| {
                assert!(found.is_empty(), "{found:?}");
                notes.len()
            });
            assert_eq!(told.map_err(|error| error.kind()), expected, "{code}");
            assert!(notes.iter().all(|note| note.about.contains(ELSEWHERE)), "{notes:?}");
        }
    }
}
