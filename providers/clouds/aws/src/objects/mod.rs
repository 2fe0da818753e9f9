//! `apply`: one change. Every call is made so that making it again does no harm.

pub(crate) mod attachment;
pub(crate) mod commands;
pub(crate) mod kinds;
pub(crate) mod managed_policy;
pub(crate) mod pod_identity_association;
mod role;

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Action, Change, Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;

use crate::Aws;
use crate::names::Names;
use crate::objects::pod_identity_association::PodIdentityAssociation;
use crate::shared_document::Shared;
use crate::shared_document::write::StatementChange;

pub(crate) async fn change(aws: &Aws, change: &Change) -> Result<Outcome> {
    let name = change.id.name.as_str();
    let [before, after] = change.trees();
    match (change.id.kind, change.action, before.as_ref(), after.as_ref()) {
        (kinds::POLICY, Action::Create, _, Some(after)) => managed_policy::create(aws, name, after).await,
        (kinds::POLICY, Action::Update, before, Some(after)) => managed_policy::change(aws, name, before, after).await,
        (kinds::POLICY, Action::Delete, ..) => managed_policy::delete(aws, name).await,
        (kinds::ROLE, Action::Create, _, Some(after)) => role::create(aws, name, after).await,
        (kinds::ROLE, Action::Update, Some(before), Some(after)) => role::update(aws, name, before, after).await,
        (kinds::ROLE, Action::Delete, ..) => role::delete(aws, name).await,
        (kinds::ATTACHMENT, Action::Create | Action::Update, _, Some(after)) => role::attach(aws, after).await,
        (kinds::ATTACHMENT, Action::Delete, Some(before), _) => role::detach(aws, before).await,
        (kinds::ASSOCIATION, Action::Create, ..) => pod_identity_association::create(aws, change).await,
        (kinds::ASSOCIATION, Action::Update, ..) => pod_identity_association::update(aws, change).await,
        (kinds::ASSOCIATION, Action::Delete, ..) => pod_identity_association::delete(aws, change).await,
        (
            kinds::STATEMENT | kinds::BUCKET_STATEMENT | kinds::KEY_STATEMENT,
            Action::Create | Action::Update,
            _,
            Some(after),
        ) => statement(aws, change.id.kind, after, true).await,
        (kinds::STATEMENT | kinds::BUCKET_STATEMENT | kinds::KEY_STATEMENT, Action::Delete, Some(before), _) => {
            statement(aws, change.id.kind, before, false).await
        }
        (kind, action, ..) => Err(Error::provider_bug("aws", format!("it doesn't know how to {action:?} a {kind}"))),
    }
}

/// The blocks with which Terraform would make an object. Of a document that others write to, it would own everything.
pub(crate) fn terraform(object: &Object, names: &Names) -> Option<Vec<TerraformBlock>> {
    let block = match object.id.kind {
        kinds::POLICY => managed_policy::terraform(object, names),
        kinds::ROLE => role::terraform(object, names),
        kinds::ATTACHMENT => attachment::terraform(object)?,
        kinds::ASSOCIATION => PodIdentityAssociation::of(&object.attributes)?.terraform(object)?,
        _ => return None,
    };
    Some(vec![block])
}

fn text<'a>(attributes: &'a Value, key: &str) -> &'a str {
    attributes[key].as_str().unwrap_or_default()
}

fn named(arn: Option<&str>) -> Outcome {
    Outcome { identifier: arn.map(ToOwned::to_owned), ..Outcome::default() }
}

fn not_ours(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} {name} exists, and is not this stack's"))
        .hint("rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make")
}

async fn statement(aws: &Aws, kind: &str, attributes: &Value, wanted: bool) -> Result<Outcome> {
    let shared = Shared::of(kind, attributes)
        .ok_or_else(|| Error::provider_bug("aws", format!("a {kind} that is in no policy")))?;
    let statement = &attributes["statement"];
    let change = StatementChange {
        clients: &aws.clients,
        names: &aws.names,
        made: &aws.made,
        request_timeout: aws.config.request_timeout.0,
        shared: &shared,
        sid: text(statement, "Sid"),
        statement: wanted.then_some(statement),
    };
    let remarks = change.write(&aws.shared).await?;
    Ok(Outcome { remarks, ..named(Some(&shared.arn())) })
}

fn tag_pairs(attributes: &Value) -> Vec<(String, String)> {
    let tags = attributes["tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn tags(attributes: &Value) -> Result<Vec<Tag>> {
    let tags = attributes["tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| tag(key, value.as_str().unwrap_or_default())).collect()
}

fn tag(key: &str, value: &str) -> Result<Tag> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(|cause| Error::new(ErrorKind::Unexpected, format!("the tag {key} can't be made")).source(cause))
}
