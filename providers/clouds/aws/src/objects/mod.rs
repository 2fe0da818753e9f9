//! What the stack makes, one file a kind: its attributes, how it is wanted and found, how a change of it is applied, and how a person or
//! Terraform would make it.

pub(crate) mod attachment;
pub(crate) mod bucket_statement;
pub(crate) mod key_statement;
pub(crate) mod managed_policy;
pub(crate) mod pod_identity_association;
pub(crate) mod policy_statement;
pub(crate) mod pull_through;
pub(crate) mod repository_statement;
pub(crate) mod resource_statement;
pub(crate) mod role;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Attributes, Change, Error, ErrorKind, Object, Outcome, Result, TerraformBlock, quoted};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::client::Clients;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::names::Names;
use crate::shared_document::write::PolicyWriters;

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

/// A kind of objects.
#[async_trait]
pub(crate) trait ObjectKind: Sync {
    /// What plans call it.
    fn id(&self) -> &'static str;

    /// Makes one change. Making it again does no harm.
    ///
    /// # Errors
    /// AWS refuses it, or what is there is somebody else's.
    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome>;

    /// What a person would type to make an object: for review, and for those who may only do it by hand.
    fn commands(&self, object: &Object, names: &Names) -> Vec<String>;

    /// The blocks with which Terraform would make an object, where it can. Of a document that others write to, it would own everything.
    fn terraform(&self, object: &Object, names: &Names) -> Option<Vec<TerraformBlock>>;
}

/// What a change is applied with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) clients: &'a Clients,
    pub(crate) inventory: &'a Inventory,
    /// One writer at a time for each document that others write too.
    pub(crate) writers: &'a PolicyWriters,
}

/// `apply`: one change.
///
/// # Errors
/// Those of its kind.
pub(crate) async fn apply(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let Some(kind) = kind(change.id.kind) else { return Err(not_known_how(change)) };
    kind.apply(handles, change).await
}

fn not_known_how(change: &Change) -> Error {
    Error::provider_bug("aws", format!("it doesn't know how to {:?} a {}", change.action, change.id.kind))
}

/// Attributes as their kind has them.
///
/// # Errors
/// They aren't those of that kind: a bug of this provider's.
fn read<'a, T: Deserialize<'a>>(kind: &str, attributes: &'a Attributes) -> Result<T> {
    serde_json::from_str(attributes.as_str())
        .map_err(|why| Error::provider_bug("aws", format!("a {kind} with other attributes than its own: {why}")))
}

/// What a kind has as attributes.
fn written(attributes: &impl Serialize) -> Attributes {
    raw(attributes).into()
}

/// The text of what is JSON in any case.
pub(crate) fn raw(value: &impl Serialize) -> Box<RawValue> {
    // Texts, and lists and maps of texts: whatever has plain keys can be written.
    to_raw_value(value).unwrap_or_default()
}

/// The tree of such a text.
fn tree(text: &RawValue) -> Value {
    serde_json::from_str(text.get()).unwrap_or_default()
}

fn named(arn: Option<&str>) -> Outcome {
    Outcome { identifier: arn.map(ToOwned::to_owned), ..Outcome::default() }
}

fn not_ours(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} {name} exists, and is not this stack's"))
        .hint("rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make")
}

/// Tags of an object, by key: those that say something of the stack, and those that the manifest names.
pub(crate) type Tags = Map<String, Value>;

fn tag_pairs(tags: Option<&Tags>) -> Vec<(String, String)> {
    let tags = tags.into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn tags(tags: Option<&Tags>) -> Result<Vec<Tag>> {
    tag_pairs(tags).iter().map(|(key, value)| tag(key, value)).collect()
}

fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|cause| Error::new(ErrorKind::Unexpected, format!("the tag {key} can't be made")).source(cause))
}

/// Tags as the commands of IAM take them, each behind a space.
fn tag_words(tags: Option<&Tags>) -> String {
    let tags = tag_pairs(tags).into_iter().map(|(key, value)| format!("Key={key},Value={value}"));
    tags.map(|tag| format!(" {}", quoted(&tag))).collect()
}
