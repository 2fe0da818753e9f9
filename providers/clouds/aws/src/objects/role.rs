//! Roles, and what is attached to them.

use std::sync::PoisonError;

use aws_sdk_iam::types::Role;
use cloudgrant_core::TerraformValue::{Document, Map, Text};
use cloudgrant_core::{Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;

use crate::Aws;
use crate::error::{self, SAID, wording};
use crate::inventory::task_roles;
use crate::names::Names;
use crate::names::whose::{Whose, whose};
use crate::objects::{named, not_ours, tag_pairs, tags, text};

pub(super) async fn create(aws: &Aws, name: &str, after: &Value) -> Result<Outcome> {
    let request = aws
        .clients
        .iam()
        .await
        .create_role()
        .role_name(name)
        .path(text(after, "path"))
        .assume_role_policy_document(after["trust"].to_string())
        .description(aws.names.description())
        .set_permissions_boundary(after["boundary"].as_str().map(ToOwned::to_owned))
        .set_tags(Some(tags(after)?));
    match request.send().await {
        Ok(answer) => {
            let arn = answer.role.as_ref().map(|role| role.arn());
            if let Some(arn) = arn {
                aws.made.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned());
            }
            Ok(named(arn))
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_entity_already_exists_exception()) => {
            adopt(aws, name, after).await
        }
        Err(error) => Err(error::of("iam:CreateRole", error)),
    }
}

/// Made by a run whose answer was lost, or somebody else's at another path.
async fn adopt(aws: &Aws, name: &str, after: &Value) -> Result<Outcome> {
    let answer = aws.clients.iam().await.get_role().role_name(name).send().await;
    let role = answer.map_err(|error| error::of("iam:GetRole", error))?.role;
    let is_ours = |role: &Role| {
        let tags = role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        role.path() == text(after, "path") && !matches!(whose(&aws.names, &tags), Whose::Others(_))
    };
    if !role.as_ref().is_some_and(is_ours) {
        return Err(not_ours("role", name));
    }
    aws.made.lock().unwrap_or_else(PoisonError::into_inner).insert(aws.names.role_arn(name));
    update(aws, name, &Value::Null, after).await
}

pub(super) async fn update(aws: &Aws, name: &str, before: &Value, after: &Value) -> Result<Outcome> {
    let client = aws.clients.iam().await;
    if before["trust"] != after["trust"] {
        let request = client.update_assume_role_policy().role_name(name);
        let answer = request.policy_document(after["trust"].to_string()).send().await;
        answer.map_err(|error| error::of("iam:UpdateAssumeRolePolicy", error))?;
    }
    if let Some(boundary) = after["boundary"].as_str().filter(|_| before["boundary"] != after["boundary"]) {
        let answer = client.put_role_permissions_boundary().role_name(name).permissions_boundary(boundary).send().await;
        answer.map_err(|error| error::of("iam:PutRolePermissionsBoundary", error))?;
    }
    if before["tags"] != after["tags"] {
        let answer = client.tag_role().role_name(name).set_tags(Some(tags(after)?)).send().await;
        answer.map_err(|error| error::of("iam:TagRole", error))?;
        let kept = after["tags"].as_object();
        let is_gone = |key: &&String| kept.is_none_or(|kept| !kept.contains_key(*key));
        let known = before["tags"].as_object().into_iter().flat_map(|tags| tags.keys());
        let gone: Vec<_> = known.filter(is_gone).cloned().collect();
        if !gone.is_empty() {
            let answer = client.untag_role().role_name(name).set_tag_keys(Some(gone)).send().await;
            answer.map_err(|error| error::of("iam:UntagRole", error))?;
        }
    }
    Ok(named(Some(&aws.names.role_arn(name))))
}

pub(super) async fn delete(aws: &Aws, name: &str) -> Result<Outcome> {
    let answer = aws.clients.iam().await.delete_role().role_name(name).send().await;
    match answer.map_err(|error| error::of("iam:DeleteRole", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(named(Some(&aws.names.role_arn(name)))),
    }
}

/// The block with which Terraform makes one.
pub(super) fn terraform(object: &Object, names: &Names) -> TerraformBlock {
    let attributes = object.attributes.value();
    let mut arguments = vec![
        ("name", Text(object.id.name.clone())),
        ("path", Text(text(&attributes, "path").to_owned())),
        ("description", Text(names.description())),
        ("assume_role_policy", Document(attributes["trust"].clone())),
    ];
    arguments.extend(attributes["boundary"].as_str().map(|arn| ("permissions_boundary", Text(arn.to_owned()))));
    arguments.push(("tags", Map(tag_pairs(&attributes))));
    TerraformBlock::resource(TERRAFORM, &object.id, arguments)
}

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "aws_iam_role";

pub(super) async fn attach(aws: &Aws, after: &Value) -> Result<Outcome> {
    task_roles::note(aws, text(after, "policy"), text(after, "role")).await?;
    let (role, policy) = (text(after, "role"), text(after, "policy"));
    let answer = aws.clients.iam().await.attach_role_policy().role_name(role).policy_arn(policy).send().await;
    let Err(error) = answer else { return Ok(Outcome::default()) };
    let error = error::of("iam:AttachRolePolicy", error);
    let is_the_policy = error.cloud().is_some_and(|said| wording::is_about(&said.message, policy));
    if error.kind() != ErrorKind::NotFound {
        return Err(error);
    }
    let (what, arn) = if is_the_policy { ("policy", policy.to_owned()) } else { ("role", aws.names.role_arn(role)) };
    // What was made a moment ago may not be known yet, as IAM is eventually consistent. Source: IAM user guide,
    // "Troubleshooting IAM: changes that I make are not always immediately visible".
    if aws.made.lock().unwrap_or_else(PoisonError::into_inner).contains(&arn) {
        return Err(Error::new(ErrorKind::NotYet, error.message()).with(SAID, error.to_string()));
    }
    let name = if is_the_policy { policy } else { role };
    Err(Error::new(
        ErrorKind::NotFound,
        format!("the {what} {name} was there when the plan was made, and isn't any more"),
    )
    .with("operation", "iam:AttachRolePolicy")
    .with(SAID, error.to_string())
    .hint("plan again; if somebody deleted it who shouldn't have, make it anew, or name another one in the manifest"))
}

pub(super) async fn detach(aws: &Aws, before: &Value) -> Result<Outcome> {
    let request = aws.clients.iam().await.detach_role_policy();
    let answer = request.role_name(text(before, "role")).policy_arn(text(before, "policy")).send().await;
    match answer.map_err(|error| error::of("iam:DetachRolePolicy", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(Outcome::default()),
    }
}
