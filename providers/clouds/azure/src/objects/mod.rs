//! What the stack makes, one file a kind: its attributes, how it is wanted and found, how a change of it is applied, and how a person or
//! Terraform would make it.

mod attributes;
pub(crate) mod compute_identity;
pub(crate) mod custom_role;
pub(crate) mod endpoint_identity;
pub(crate) mod federated_credential;
pub(crate) mod handles;
pub(crate) mod kind;
pub(crate) mod managed_identity;
mod outcome;
mod refusals;
pub(crate) mod role_assignment;
#[cfg(test)]
mod tests;
pub(crate) mod workspace_identity;
pub(crate) mod workspace_setting;
pub(crate) mod writers;

use cloudgrant_core::{Change, Outcome, Result};

use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::refusals::not_known_how;

/// The kinds of objects.
const KINDS: [&dyn ObjectKind; 8] = [
    &compute_identity::Kind,
    &custom_role::Kind,
    &endpoint_identity::Kind,
    &federated_credential::Kind,
    &managed_identity::Kind,
    &role_assignment::Kind,
    &workspace_identity::Kind,
    &workspace_setting::Kind,
];

/// A kind of objects, by its id.
pub(crate) fn kind(id: &str) -> Option<&'static dyn ObjectKind> {
    KINDS.into_iter().find(|kind| kind.id() == id)
}

/// `apply`: one change.
///
/// # Errors
/// Those of its kind.
pub(crate) async fn apply(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let Some(kind) = kind(change.id.kind) else { return Err(not_known_how(change)) };
    handles.inventory.writes(kind.lists()).await;
    kind.apply(handles, change).await
}
