//! `apply`: one change. Every call is made so that making it again does no harm.

mod former_scopes;

use cloudgrant_core::{Action, Change, Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;

pub(crate) use former_scopes::RoleWithFormerScopes;

use crate::names::resource_id::ResourceId;
use crate::{Azure, Principal};

pub(crate) async fn change(azure: &Azure, change: &Change) -> Result<Outcome> {
    let name = change.id.name.as_str();
    let [before, after] = change.trees();
    match (change.id.kind, change.action, before.as_ref(), after.as_ref()) {
        (kinds::IDENTITY, Action::Create | Action::Update, _, Some(after)) => {
            managed_identity::put(azure, name, after).await
        }
        (kinds::IDENTITY, Action::Delete, ..) => managed_identity::delete(azure, name).await,
        (kinds::CREDENTIAL, Action::Create | Action::Update, before, Some(after)) => {
            federated_credential::put(azure, name, before, after).await
        }
        (kinds::CREDENTIAL, Action::Delete, Some(before), _) => federated_credential::delete(azure, name, before).await,
        (kinds::ROLE, Action::Create | Action::Update, _, Some(after)) => custom_role::put(azure, name, after).await,
        (kinds::ROLE, Action::Delete, Some(before), _) => custom_role::delete(azure, name, before).await,
        (kinds::ASSIGNMENT, Action::Create | Action::Update, before, Some(after)) => {
            role_assignment::put(azure, before, after).await
        }
        (kinds::ASSIGNMENT, Action::Delete, Some(before), _) => role_assignment::delete(azure, before).await,
        (kind, action, ..) => Err(Error::provider_bug("azure", format!("it doesn't know how to {action:?} a {kind}"))),
    }
}

/// The blocks with which Terraform would make an object.
pub(crate) fn terraform(azure: &Azure, object: &Object) -> Option<Vec<TerraformBlock>> {
    match object.id.kind {
        kinds::IDENTITY => Some(managed_identity::terraform(azure, object)),
        kinds::CREDENTIAL => Some(vec![federated_credential::terraform(azure, object)?]),
        kinds::ROLE => Some(vec![custom_role::terraform(azure, object)]),
        kinds::ASSIGNMENT => role_assignment::terraform(azure, object),
        _ => None,
    }
}

fn text<'a>(attributes: &'a Value, key: &str) -> &'a str {
    attributes[key].as_str().unwrap_or_default()
}

fn named(id: &str) -> Outcome {
    Outcome { identifier: Some(id.to_owned()), ..Outcome::default() }
}

fn resource(text: &str) -> Result<ResourceId> {
    ResourceId::parse(text).map_err(|why| Error::provider_bug("azure", format!("`{text}` is no resource ID: {why}")))
}

fn not_ours(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} {name} exists, and is not this stack's"))
        .hint("rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make")
}

impl Azure {
    /// Keeps in mind who an identity is to Microsoft Entra.
    pub(crate) async fn remember(&self, identity: &ResourceId, principal: &str, ours: bool) {
        let principal = Principal { id: principal.to_owned(), ours };
        self.principals.lock().await.insert(identity.clone(), principal);
    }

    /// What was kept in mind may no longer be so.
    pub(crate) async fn forget(&self, identity: &ResourceId) {
        self.principals.lock().await.remove(identity);
        self.made.lock().await.remove(identity);
    }

    /// Who an identity is to Microsoft Entra.
    pub(crate) async fn principal(&self, identity: &ResourceId) -> Result<Principal> {
        if let Some(principal) = self.principals.lock().await.get(identity) {
            return Ok(principal.clone());
        }
        let Some(found) = self.arm.identity(identity.as_str()).await? else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("the managed identity {} isn't there", identity.name()),
            )
            .with("identity", identity));
        };
        let ours = self.names.marks(identity, &found.tags);
        self.remember(identity, &found.principal_id, ours).await;
        Ok(Principal { id: found.principal_id, ours })
    }
}

pub(crate) mod commands;
pub(crate) mod custom_role;
pub(crate) mod federated_credential;
pub(crate) mod kinds;
pub(crate) mod managed_identity;
pub(crate) mod remedies;
pub(crate) mod role_assignment;
#[cfg(test)]
pub(crate) mod tests;
