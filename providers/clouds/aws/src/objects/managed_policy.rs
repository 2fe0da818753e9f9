//! Managed policies.

use std::sync::PoisonError;

use cloudgrant_core::TerraformValue::{Document, Map, Text};
use cloudgrant_core::{ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;

use crate::Aws;
use crate::error;
use crate::names::Names;
use crate::names::tags::{HOME_TAG, STACK_TAG};
use crate::names::whose::{Whose, whose};
use crate::objects::{named, not_ours, tag, tag_pairs, tags, text};

pub(super) async fn create(aws: &Aws, name: &str, after: &Value) -> Result<Outcome> {
    let request = aws
        .clients
        .iam()
        .await
        .create_policy()
        .policy_name(name)
        .path(text(after, "path"))
        .policy_document(after["document"].to_string())
        .description(aws.names.description())
        .set_tags(Some(tags(after)?))
        .tags(tag(STACK_TAG, aws.names.stack().as_str())?)
        .tags(tag(HOME_TAG, &aws.names.home())?);
    match request.send().await {
        Ok(answer) => {
            let arn = answer.policy.as_ref().and_then(|policy| policy.arn());
            aws.made.lock().unwrap_or_else(PoisonError::into_inner).extend(arn.map(ToOwned::to_owned));
            Ok(named(arn))
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_entity_already_exists_exception()) => {
            // Made by a run whose answer was lost, or somebody else's at another path.
            adopt(aws, name, after).await
        }
        Err(error) => Err(error::of("iam:CreatePolicy", error)),
    }
}

async fn adopt(aws: &Aws, name: &str, after: &Value) -> Result<Outcome> {
    let (client, arn) = (aws.clients.iam().await, aws.names.policy_arn(name));
    let answer = client.get_policy().policy_arn(&arn).send().await;
    let policy = match answer.map_err(|error| error::of("iam:GetPolicy", error)) {
        Ok(answer) => answer.policy,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(not_ours("policy", name)),
        Err(error) => return Err(error),
    };
    let tags = policy.as_ref().map(|policy| policy.tags()).unwrap_or_default();
    let tags = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    if matches!(whose(&aws.names, &tags), Whose::Others(_)) {
        return Err(not_ours("policy", name));
    }
    let version = policy.and_then(|policy| policy.default_version_id).unwrap_or_default();
    let answer = client.get_policy_version().policy_arn(&arn).version_id(version).send().await;
    let answer = answer.map_err(|error| error::of("iam:GetPolicyVersion", error))?;
    let document = answer.policy_version.and_then(|version| version.document).unwrap_or_default();
    if crate::policy::document::from_iam(&document) != after["document"] {
        update(aws, name, after).await?;
    }
    set_tags(aws, &arn, after).await?;
    aws.made.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.clone());
    Ok(named(Some(&arn)))
}

/// What of it is to change.
pub(super) async fn change(aws: &Aws, name: &str, before: Option<&Value>, after: &Value) -> Result<Outcome> {
    let has = |key: &str| before.is_some_and(|before| before[key] == after[key]);
    if !has("tags") {
        set_tags(aws, &aws.names.policy_arn(name), after).await?;
    }
    if has("document") {
        return Ok(named(Some(&aws.names.policy_arn(name))));
    }
    update(aws, name, after).await
}

/// Sets the tags that the manifest names; others stay.
async fn set_tags(aws: &Aws, arn: &str, after: &Value) -> Result<()> {
    let tags = tags(after)?;
    if tags.is_empty() {
        return Ok(());
    }
    let answer = aws.clients.iam().await.tag_policy().policy_arn(arn).set_tags(Some(tags)).send().await;
    answer.map_err(|error| error::of("iam:TagPolicy", error)).map(drop)
}

/// A policy holds five versions. Source: IAM user guide, "IAM and AWS STS quotas".
pub(super) async fn update(aws: &Aws, name: &str, after: &Value) -> Result<Outcome> {
    let arn = aws.names.policy_arn(name);
    let client = aws.clients.iam().await;
    let write = || {
        let request = client.create_policy_version().policy_arn(&arn).set_as_default(true);
        request.policy_document(after["document"].to_string()).send()
    };
    let result = match write().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_limit_exceeded_exception()) => {
            if !prune(aws, &arn, Keep::AllButTheOldest).await? {
                return Err(error::of("iam:CreatePolicyVersion", error));
            }
            write().await
        }
        result => result,
    };
    result.map_err(|error| error::of("iam:CreatePolicyVersion", error))?;
    Ok(named(Some(&arn)))
}

pub(super) async fn delete(aws: &Aws, name: &str) -> Result<Outcome> {
    let arn = aws.names.policy_arn(name);
    let client = aws.clients.iam().await;
    let result = match client.delete_policy().policy_arn(&arn).send().await {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_delete_conflict_exception()) => {
            if !prune(aws, &arn, Keep::TheDefault).await? {
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
async fn prune(aws: &Aws, arn: &str, keep: Keep) -> Result<bool> {
    let client = aws.clients.iam().await;
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

/// The block with which Terraform makes one.
pub(super) fn terraform(object: &Object, names: &Names) -> TerraformBlock {
    let attributes = object.attributes.value();
    let mut tags = tag_pairs(&attributes);
    tags.push((STACK_TAG.to_owned(), names.stack().to_string()));
    tags.push((HOME_TAG.to_owned(), names.home()));
    let arguments = vec![
        ("name", Text(object.id.name.clone())),
        ("path", Text(text(&attributes, "path").to_owned())),
        ("description", Text(names.description())),
        ("policy", Document(attributes["document"].clone())),
        ("tags", Map(tags)),
    ];
    TerraformBlock::resource(TERRAFORM, &object.id, arguments)
}

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "aws_iam_policy";

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
