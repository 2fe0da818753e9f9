//! What an attachment of a policy to a role is like. Roles share policies, so a plan can hold very many of them.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock, TerraformValue,
    quoted,
};
use serde::{Deserialize, Serialize};

use crate::config::arn::name_in;
use crate::error::{self, SAID, wording};
use crate::inventory::task_roles;
use crate::objects::attributes::{read, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::refusals::not_known_how;
use crate::objects::{managed_policy, role};

pub(crate) const KIND: &str = "iam-role-attachment";

/// That of a policy to a role. Neither name can have a slash.
pub(crate) fn id(role: &str, policy: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{role}/{policy}"))
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment<'a> {
    /// The role's name.
    #[serde(borrow)]
    pub(crate) role: Cow<'a, str>,
    /// The policy's ARN.
    #[serde(borrow)]
    pub(crate) policy: Cow<'a, str>,
}

impl<'a> Attachment<'a> {
    pub(crate) fn new(role: &'a str, policy: &'a str) -> Self {
        Self { role: role.into(), policy: policy.into() }
    }

    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of an attachment: a bug of this provider's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }
}

impl From<Attachment<'_>> for Attributes {
    fn from(attachment: Attachment<'_>) -> Self {
        written(&attachment)
    }
}

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        match (change.action, &change.before, &change.after) {
            (Action::Create, _, Some(after)) => attach(handles, Attachment::of(after)?).await,
            // One of AWS's and one of the account may be called alike: the role must not keep both.
            (Action::Update, Some(before), Some(after)) => {
                let (before, after) = (Attachment::of(before)?, Attachment::of(after)?);
                let is_another = before.policy != after.policy;
                let outcome = attach(handles, after).await?;
                if is_another {
                    detach(handles, before).await?;
                }
                Ok(outcome)
            }
            (Action::Delete, Some(before), _) => detach(handles, Attachment::of(before)?).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, _: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(Attachment { role, policy }) = Attachment::of(&object.attributes) else { return Vec::new() };
        vec![format!("aws iam attach-role-policy --role-name {} --policy-arn {}", quoted(&role), quoted(&policy))]
    }

    /// A role or a policy that the stack doesn't make is called by its name.
    fn terraform(&self, _: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let Attachment { role, policy } = Attachment::of(&object.attributes).ok()?;
        let either = |own: &ObjectId, kind, attribute, text: &str| match object.depends_on.contains(own) {
            true => TerraformBlock::attribute_of(kind, &own.name, attribute),
            false => TerraformValue::Text(text.to_owned()),
        };
        let of_policy = managed_policy::id(name_in(&policy));
        let arguments = vec![
            ("role", either(&role::id(&role), role::TERRAFORM, "name", &role)),
            ("policy_arn", either(&of_policy, managed_policy::TERRAFORM, "arn", &policy)),
        ];
        Some(vec![TerraformBlock::resource("aws_iam_role_policy_attachment", &object.id, arguments)])
    }
}

async fn attach(handles: Handles<'_>, Attachment { role, policy }: Attachment<'_>) -> Result<Outcome> {
    let (role, policy) = (&*role, &*policy);
    // What others keep gets no tag: a mark of the stack's own says that it was attached.
    if handles.names.is_policy_of_ours(policy) {
        task_roles::note(handles.inventory, policy, role).await?;
    }
    let answer = handles.clients.iam().await.attach_role_policy().role_name(role).policy_arn(policy).send().await;
    let Err(error) = answer else { return Ok(Outcome::default()) };
    let error = error::of("iam:AttachRolePolicy", error);
    let is_the_policy = error.cloud().is_some_and(|said| wording::is_about(&said.message, policy));
    if error.kind() != ErrorKind::NotFound {
        return Err(error);
    }
    let (what, arn) =
        if is_the_policy { ("policy", policy.to_owned()) } else { ("role", handles.names.role_arn(role)) };
    // What was made a moment ago may not be known yet, as IAM is eventually consistent. Source: IAM user guide,
    // "Troubleshooting IAM: changes that I make are not always immediately visible".
    if handles.inventory.was_made(&arn) {
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

async fn detach(handles: Handles<'_>, Attachment { role, policy }: Attachment<'_>) -> Result<Outcome> {
    let request = handles.clients.iam().await.detach_role_policy();
    let answer = request.role_name(&*role).policy_arn(&*policy).send().await;
    match answer.map_err(|error| error::of("iam:DetachRolePolicy", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(Outcome::default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_say_what_an_attachment_is_like() {
        let attributes = Attributes::from(Attachment::new("r", "arn:\\\""));
        assert_eq!(attributes.as_str(), json!({ "role": "r", "policy": "arn:\\\"" }).to_string());
        assert_eq!(Attachment::of(&attributes).ok(), Some(Attachment::new("r", "arn:\\\"")));
        assert_eq!(Attachment::of(&json!({ "role": "r" }).into()).ok(), None);
    }
}
