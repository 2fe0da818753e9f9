//! What the stack makes, one file a kind: its attributes, how it is wanted and found, how a change of it is applied, and how a person or
//! Terraform would make it.

pub(crate) mod attachment;
pub(crate) mod attributes;
pub(crate) mod bucket_statement;
pub(crate) mod handles;
pub(crate) mod key_statement;
pub(crate) mod kind;
pub(crate) mod managed_policy;
mod outcome;
pub(crate) mod pod_identity_association;
pub(crate) mod policy_statement;
pub(crate) mod pull_through;
mod refusals;
pub(crate) mod repository_statement;
pub(crate) mod resource_statement;
pub(crate) mod role;
pub(crate) mod statement_kinds;
pub(crate) mod tags;
#[cfg(test)]
mod tests;

use cloudgrant_core::{Change, Outcome, Result};

use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::refusals::not_known_how;

/// The kinds of objects.
const KINDS: [&dyn ObjectKind; 9] = [
    &attachment::Kind,
    &bucket_statement::Kind,
    &key_statement::Kind,
    &managed_policy::Kind,
    &pod_identity_association::Kind,
    &pull_through::Kind,
    &repository_statement::Kind,
    &resource_statement::Kind,
    &role::Kind,
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
    kind.apply(handles, change).await
}
