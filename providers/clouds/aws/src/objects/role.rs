//! Roles.

use std::borrow::Cow;
use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_iam::types::Role as Known;
use cloudgrant_core::TerraformValue::{Document, Map, Text};
use cloudgrant_core::{
    Action, Attributes, Change, Desired, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error;
use crate::names::whose::{Whose, whose};
use crate::objects::attributes::{read, tree, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::refusals::{not_known_how, not_ours};
use crate::objects::tags::{Tags, tag_pairs, tag_words, tags};

pub(crate) const KIND: &str = "iam-role";

/// The role of a name.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(KIND, name)
}

/// Those that the stack is to have.
pub(crate) fn wanted(desired: &Desired) -> BTreeSet<ObjectId> {
    desired.objects.iter().map(|object| &object.id).filter(|id| id.kind == KIND).cloned().collect()
}

/// What a role is like.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Role<'a> {
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
    /// The stack's own, and those that the manifest handles.names.
    #[serde(default)]
    pub(crate) tags: Tags,
    #[serde(borrow)]
    pub(crate) trust: &'a RawValue,
    /// The ARN of its permissions boundary.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) boundary: Option<Cow<'a, str>>,
}

impl<'a> Role<'a> {
    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of a role: a bug of this provider's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// Whom it trusts, as a tree.
    pub(crate) fn trust(&self) -> Value {
        tree(self.trust)
    }

    /// As attributes.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }
}

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "aws_iam_role";

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let name = change.id.name.as_str();
        let before = change.before.as_ref().map(Role::of).transpose();
        let after = change.after.as_ref().map(Role::of).transpose()?;
        match (change.action, before, after) {
            (Action::Create, _, Some(after)) => create(handles, name, &after).await,
            (Action::Update, Ok(Some(before)), Some(after)) => update(handles, name, Some(&before), &after).await,
            (Action::Delete, ..) => delete(handles, name).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(role) = Role::of(&object.attributes) else { return Vec::new() };
        let boundary = role.boundary.as_deref().map(|arn| format!(" --permissions-boundary {}", quoted(arn)));
        vec![format!(
            "aws iam create-role --role-name {} --path {} --description {} --tags{}{} --assume-role-policy-document {}",
            quoted(&object.id.name),
            quoted(&role.path),
            quoted(&handles.names.description()),
            tag_words(Some(&role.tags)),
            boundary.unwrap_or_default(),
            quoted(role.trust.get()),
        )]
    }

    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let role = Role::of(&object.attributes).ok()?;
        let mut arguments = vec![
            ("name", Text(object.id.name.clone())),
            ("path", Text(role.path.to_string())),
            ("description", Text(handles.names.description())),
            ("assume_role_policy", Document(role.trust())),
        ];
        arguments.extend(role.boundary.as_deref().map(|arn| ("permissions_boundary", Text(arn.to_owned()))));
        arguments.push(("tags", Map(tag_pairs(Some(&role.tags)))));
        Some(vec![TerraformBlock::resource(TERRAFORM, &object.id, arguments)])
    }
}

async fn create(handles: Handles<'_>, name: &str, after: &Role<'_>) -> Result<Outcome> {
    let request = handles
        .clients
        .iam()
        .await
        .create_role()
        .role_name(name)
        .path(&*after.path)
        .assume_role_policy_document(after.trust.get())
        .description(handles.names.description())
        .set_permissions_boundary(after.boundary.as_deref().map(ToOwned::to_owned))
        .set_tags(Some(tags(Some(&after.tags))?));
    match request.send().await {
        Ok(answer) => {
            let arn = answer.role.as_ref().map(|role| role.arn());
            if let Some(arn) = arn {
                handles.inventory.note_made(arn);
            }
            Ok(named(arn))
        }
        Err(error) if error.as_service_error().is_some_and(|error| error.is_entity_already_exists_exception()) => {
            adopt(handles, name, after).await
        }
        Err(error) => Err(error::of("iam:CreateRole", error)),
    }
}

/// Made by a run whose answer was lost, or somebody else's at another path.
async fn adopt(handles: Handles<'_>, name: &str, after: &Role<'_>) -> Result<Outcome> {
    let answer = handles.clients.iam().await.get_role().role_name(name).send().await;
    let role = answer.map_err(|error| error::of("iam:GetRole", error))?.role;
    let is_ours = |role: &Known| {
        let tags = role.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        role.path() == after.path && !matches!(whose(handles.names, &tags), Whose::Others(_))
    };
    if !role.as_ref().is_some_and(is_ours) {
        return Err(not_ours("role", name));
    }
    handles.inventory.note_made(&handles.names.role_arn(name));
    update(handles, name, None, after).await
}

async fn update(handles: Handles<'_>, name: &str, before: Option<&Role<'_>>, after: &Role<'_>) -> Result<Outcome> {
    let client = handles.clients.iam().await;
    if before.is_none_or(|before| before.trust() != after.trust()) {
        let request = client.update_assume_role_policy().role_name(name);
        let answer = request.policy_document(after.trust.get()).send().await;
        answer.map_err(|error| error::of("iam:UpdateAssumeRolePolicy", error))?;
        handles.inventory.note_trust(&handles.names.role_arn(name));
    }
    let has_boundary = before.is_some_and(|before| before.boundary == after.boundary);
    if let Some(boundary) = after.boundary.as_deref().filter(|_| !has_boundary) {
        let answer = client.put_role_permissions_boundary().role_name(name).permissions_boundary(boundary).send().await;
        answer.map_err(|error| error::of("iam:PutRolePermissionsBoundary", error))?;
    }
    if before.is_none_or(|before| before.tags != after.tags) {
        let answer = client.tag_role().role_name(name).set_tags(Some(tags(Some(&after.tags))?)).send().await;
        answer.map_err(|error| error::of("iam:TagRole", error))?;
        let known = before.into_iter().flat_map(|before| before.tags.keys());
        let gone: Vec<_> = known.filter(|key| !after.tags.contains_key(*key)).cloned().collect();
        if !gone.is_empty() {
            let answer = client.untag_role().role_name(name).set_tag_keys(Some(gone)).send().await;
            answer.map_err(|error| error::of("iam:UntagRole", error))?;
        }
    }
    Ok(named(Some(&handles.names.role_arn(name))))
}

async fn delete(handles: Handles<'_>, name: &str) -> Result<Outcome> {
    let answer = handles.clients.iam().await.delete_role().role_name(name).send().await;
    match answer.map_err(|error| error::of("iam:DeleteRole", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(named(Some(&handles.names.role_arn(name)))),
    }
}
