//! Managed policies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_iam::types::Policy;
use cloudgrant_core::TerraformValue::{Document, Map, Text};
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock, quoted, redacted,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error;
use crate::names::tags::{HOME_TAG, STACK_TAG};
use crate::names::whose::{Whose, whose};
use crate::objects::attributes::{read, tree, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::refusals::{not_known_how, not_ours};
use crate::objects::tags::{Tags, tag, tag_pairs, tag_words, tags};
use crate::policy::document;

pub(crate) const KIND: &str = "iam-policy";

/// The policy of a name.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(KIND, name)
}

/// What a managed policy is like.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ManagedPolicy<'a> {
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) document: &'a RawValue,
    /// Those that the manifest names, where it names any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Tags>,
}

impl<'a> ManagedPolicy<'a> {
    /// One of the stack's, with the tags that the manifest names for what the stack makes.
    pub(crate) fn new(path: &'a str, document: &'a RawValue, tags: &BTreeMap<String, String>) -> Self {
        let pairs = tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        Self { path: path.into(), document, tags: (!tags.is_empty()).then(|| pairs.collect()) }
    }

    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of a policy: a bug of this provider's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// What it says, as a tree.
    pub(crate) fn document(&self) -> Value {
        tree(self.document)
    }

    /// As attributes.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }
}

/// What the policies say that attributes are of; nothing of what isn't a policy's.
pub(crate) fn document_of(attributes: &Attributes) -> Value {
    ManagedPolicy::of(attributes).map(|policy| policy.document()).unwrap_or_default()
}

/// Where a tree of attributes has the document.
pub(crate) fn document_in(tree: &Value) -> &Value {
    &tree[DOCUMENT]
}

/// The same, to be changed.
pub(crate) fn document_in_mut(tree: &mut Value) -> &mut Value {
    &mut tree[DOCUMENT]
}

const DOCUMENT: &str = "document";

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "aws_iam_policy";

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let name = change.id.name.as_str();
        let before = change.before.as_ref().map(ManagedPolicy::of).transpose();
        let after = change.after.as_ref().map(ManagedPolicy::of).transpose()?;
        match (change.action, after) {
            (Action::Create, Some(after)) => create(handles, name, &after).await,
            (Action::Update, Some(after)) => self::change(handles, name, before?.as_ref(), &after).await,
            (Action::Delete, _) => delete(handles, name).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(policy) = ManagedPolicy::of(&object.attributes) else { return Vec::new() };
        vec![format!(
            "aws iam create-policy --policy-name {} --path {} --description {} --tags {} {}{} --policy-document {}",
            quoted(&object.id.name),
            quoted(&policy.path),
            quoted(&handles.names.description()),
            quoted(&format!("Key={STACK_TAG},Value={}", handles.names.stack())),
            quoted(&format!("Key={HOME_TAG},Value={}", handles.names.home())),
            tag_words(policy.tags.as_ref()),
            quoted(policy.document.get()),
        )]
    }

    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let policy = ManagedPolicy::of(&object.attributes).ok()?;
        let mut tags = tag_pairs(policy.tags.as_ref());
        tags.push((STACK_TAG.to_owned(), handles.names.stack().to_string()));
        tags.push((HOME_TAG.to_owned(), handles.names.home()));
        let arguments = vec![
            ("name", Text(object.id.name.clone())),
            ("path", Text(policy.path.to_string())),
            ("description", Text(handles.names.description())),
            ("policy", Document(policy.document())),
            ("tags", Map(tags)),
        ];
        Some(vec![TerraformBlock::resource(TERRAFORM, &object.id, arguments)])
    }
}

async fn create(handles: Handles<'_>, name: &str, after: &ManagedPolicy<'_>) -> Result<Outcome> {
    let request = handles
        .clients
        .iam()
        .await
        .create_policy()
        .policy_name(name)
        .path(&*after.path)
        .policy_document(after.document.get())
        .description(handles.names.description())
        .set_tags(Some(tags(after.tags.as_ref())?))
        .tags(tag(STACK_TAG, handles.names.stack().as_str())?)
        .tags(tag(HOME_TAG, &handles.names.home())?);
    match request.send().await {
        Ok(answer) => {
            let arn = answer.policy.as_ref().and_then(|policy| policy.arn());
            if let Some(arn) = arn {
                handles.inventory.note_made(arn);
            }
            Ok(named(arn))
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_entity_already_exists_exception()) => {
            // Made by a run whose answer was lost, or somebody else's at another path.
            adopt(handles, name, after).await
        }
        Err(error) => Err(error::of("iam:CreatePolicy", error)),
    }
}

async fn adopt(handles: Handles<'_>, name: &str, after: &ManagedPolicy<'_>) -> Result<Outcome> {
    let (client, arn) = (handles.clients.iam().await, handles.names.policy_arn(name));
    let answer = client.get_policy().policy_arn(&arn).send().await;
    let policy = match answer.map_err(|error| error::of("iam:GetPolicy", error)) {
        Ok(answer) => answer.policy,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(not_ours("policy", name)),
        Err(error) => return Err(error),
    };
    if matches!(whose_policy(handles, policy.as_ref()), Whose::Others(_)) {
        return Err(not_ours("policy", name));
    }
    let version = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
    let answer = client.get_policy_version().policy_arn(&arn).version_id(version).send().await;
    let answer = answer.map_err(|error| error::of("iam:GetPolicyVersion", error))?;
    let document = answer.policy_version.and_then(|version| version.document).unwrap_or_default();
    if document::from_iam(&document) != after.document() {
        update(handles, name, after).await?;
    }
    set_tags(handles, &arn, after).await?;
    handles.inventory.note_made(&arn);
    Ok(named(Some(&arn)))
}

/// Whose its tags say that it is.
fn whose_policy(handles: Handles<'_>, policy: Option<&Policy>) -> Whose {
    let tags = policy.map(Policy::tags).unwrap_or_default();
    let tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    whose(handles.names, &tags)
}

/// Its path is the stack's, and its tag is another home's.
fn of_another_home(name: &str, home: &str) -> Error {
    let home = redacted(home);
    let message = format!("policy {name} is below this stack's path, and its tag `{HOME_TAG}` names home {home}");
    Error::new(ErrorKind::Conflict, message).hint(
        "it stays: whoever has that home deletes it. If it is this stack's after all, put the tag right with `aws iam tag-policy`, and run \
         this again",
    )
}

/// What of it is to change.
async fn change(
    handles: Handles<'_>,
    name: &str,
    before: Option<&ManagedPolicy<'_>>,
    after: &ManagedPolicy<'_>,
) -> Result<Outcome> {
    if before.is_none_or(|before| before.tags != after.tags) {
        set_tags(handles, &handles.names.policy_arn(name), after).await?;
    }
    if before.is_some_and(|before| before.document() == after.document()) {
        return Ok(named(Some(&handles.names.policy_arn(name))));
    }
    update(handles, name, after).await
}

/// Sets the tags that the manifest names; others stay.
async fn set_tags(handles: Handles<'_>, arn: &str, after: &ManagedPolicy<'_>) -> Result<()> {
    let tags = tags(after.tags.as_ref())?;
    if tags.is_empty() {
        return Ok(());
    }
    let answer = handles.clients.iam().await.tag_policy().policy_arn(arn).set_tags(Some(tags)).send().await;
    answer.map_err(|error| error::of("iam:TagPolicy", error)).map(drop)
}

/// A policy holds five versions. Source: IAM user guide, "IAM and AWS STS quotas".
async fn update(handles: Handles<'_>, name: &str, after: &ManagedPolicy<'_>) -> Result<Outcome> {
    let arn = handles.names.policy_arn(name);
    let client = handles.clients.iam().await;
    let write = || {
        let request = client.create_policy_version().policy_arn(&arn).set_as_default(true);
        request.policy_document(after.document.get()).send()
    };
    let result = match write().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_limit_exceeded_exception()) => {
            if !prune(handles, &arn, Keep::AllButTheOldest).await? {
                return Err(error::of("iam:CreatePolicyVersion", error));
            }
            write().await
        }
        result => result,
    };
    result.map_err(|error| error::of("iam:CreatePolicyVersion", error))?;
    Ok(named(Some(&arn)))
}

/// Deletes it where its tag names no other home: no list of IAM's has the tags of policies.
async fn delete(handles: Handles<'_>, name: &str) -> Result<Outcome> {
    let arn = handles.names.policy_arn(name);
    let client = handles.clients.iam().await;
    let answer = client.get_policy().policy_arn(&arn).send().await;
    let policy = match answer.map_err(|error| error::of("iam:GetPolicy", error)) {
        Ok(answer) => answer.policy,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(named(Some(&arn))),
        Err(error) => return Err(error),
    };
    let tags = policy.as_ref().map(Policy::tags).unwrap_or_default();
    let home = tags.iter().find(|tag| tag.key() == HOME_TAG).map(|tag| tag.value());
    if let Some(home) = home.filter(|home| *home != handles.names.home()) {
        return Err(of_another_home(name, home));
    }
    let result = match client.delete_policy().policy_arn(&arn).send().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_delete_conflict_exception()) => {
            if !prune(handles, &arn, Keep::TheDefault).await? {
                return Err(error::of("iam:DeletePolicy", error));
            }
            client.delete_policy().policy_arn(&arn).send().await
        }
        result => result,
    };
    match result.map_err(|error| error::of("iam:DeletePolicy", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(named(Some(&arn))),
    }
}

/// The number of a version: `v10` comes after `v9`.
fn number(id: &str) -> Option<u64> {
    id.strip_prefix('v')?.parse().ok()
}

enum Keep {
    AllButTheOldest,
    TheDefault,
}

/// Deletes versions, oldest first, never the default one; whether there were any.
async fn prune(handles: Handles<'_>, arn: &str, keep: Keep) -> Result<bool> {
    let client = handles.clients.iam().await;
    let answer = client.list_policy_versions().policy_arn(arn).send().await;
    let answer = answer.map_err(|error| error::of("iam:ListPolicyVersions", error))?;
    let mut old: Vec<_> = answer.versions().iter().filter(|version| !version.is_default_version).collect();
    old.sort_by_key(|version| version.version_id().and_then(number));
    if matches!(keep, Keep::AllButTheOldest) {
        old.truncate(1);
    }
    for id in old.iter().filter_map(|version| version.version_id()) {
        let answer = client.delete_policy_version().policy_arn(arn).version_id(id).send().await;
        if let Err(error) = answer.map_err(|error| error::of("iam:DeletePolicyVersion", error))
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    Ok(!old.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_their_numbers_whatever_they_are_called() {
        let mut ids = ["v10", "é9", "v9", "", "9", "v"];
        ids.sort_by_key(|id| number(id));
        assert_eq!(ids, ["é9", "", "9", "v", "v9", "v10"]);
    }
}
