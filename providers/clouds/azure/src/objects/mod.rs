//! What the stack makes, one file a kind: its attributes, how it is wanted and found, how a change of it is applied, and how a person or
//! Terraform would make it.

pub(crate) mod custom_role;
pub(crate) mod federated_credential;
pub(crate) mod managed_identity;
pub(crate) mod role_assignment;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde::{Deserialize, Serialize};

use crate::client::Arm;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::inventory::snapshot::List;
use crate::names::Names;
use crate::names::resource_id::ResourceId;

/// The kinds of objects.
const KINDS: [&dyn ObjectKind; 4] =
    [&custom_role::Kind, &federated_credential::Kind, &managed_identity::Kind, &role_assignment::Kind];

/// A kind of objects, by its id.
pub(crate) fn kind(id: &str) -> Option<&'static dyn ObjectKind> {
    KINDS.into_iter().find(|kind| kind.id() == id)
}

/// A kind of objects.
#[async_trait]
pub(crate) trait ObjectKind: Sync {
    /// What plans call it.
    fn id(&self) -> &'static str;

    /// The lists that are read anew once one of them is written to.
    fn lists(&self) -> &'static [List];

    /// Makes one change. Making it again does no harm.
    ///
    /// # Errors
    /// Azure refuses it, or what is there is somebody else's.
    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome>;

    /// What a person would type to make an object: for review, and for those who may only do it by hand.
    fn commands(&self, object: &Object, config: &Config, names: &Names) -> Vec<String>;

    /// The blocks with which Terraform would make an object, where it can.
    fn terraform(&self, object: &Object, config: &Config, names: &Names) -> Option<Vec<TerraformBlock>>;
}

/// What a change is applied with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) client: &'a Arm,
    pub(crate) inventory: &'a Inventory,
    pub(crate) writers: &'a Writers,
}

/// What changes that are applied side by side have to know of each other.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    credentials: federated_credential::Writers,
    former_scopes: custom_role::FormerScopes,
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

fn not_known_how(change: &Change) -> Error {
    Error::provider_bug("azure", format!("it doesn't know how to {:?} a {}", change.action, change.id.kind))
}

/// Attributes as their kind has them.
///
/// # Errors
/// They aren't those of that kind: a bug of this provider's.
fn read<'a, T: Deserialize<'a>>(kind: &str, attributes: &'a Attributes) -> Result<T> {
    serde_json::from_str(attributes.as_str())
        .map_err(|why| Error::provider_bug("azure", format!("a {kind} with other attributes than its own: {why}")))
}

/// What a kind has as attributes.
fn written(attributes: &impl Serialize) -> Attributes {
    // Texts, and lists and maps of texts: there is nothing that isn't JSON.
    serde_json::value::to_raw_value(attributes).unwrap_or_default().into()
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
