//! What an attachment of a policy to a role is like. Roles share policies, so a plan can hold very many of them.

use std::borrow::Cow;

use cloudgrant_core::{Attributes, Object, ObjectId, TerraformBlock, TerraformValue};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use crate::objects::{kinds, managed_policy, role};

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
    pub(crate) fn of(attributes: &'a Attributes) -> Option<Self> {
        serde_json::from_str(attributes.as_str()).ok()
    }
}

/// The block with which Terraform makes one. A role or a policy that the stack doesn't make is called by its name.
pub(super) fn terraform(object: &Object) -> Option<TerraformBlock> {
    let Attachment { role, policy } = Attachment::of(&object.attributes)?;
    let either = |own: &ObjectId, kind, attribute, text: &str| match object.depends_on.contains(own) {
        true => TerraformBlock::attribute_of(kind, &own.name, attribute),
        false => TerraformValue::Text(text.to_owned()),
    };
    let arguments = vec![
        ("role", either(&kinds::role(&role), role::TERRAFORM, "name", &role)),
        ("policy_arn", either(&kinds::policy(kinds::policy_name(&policy)), managed_policy::TERRAFORM, "arn", &policy)),
    ];
    Some(TerraformBlock::resource("aws_iam_role_policy_attachment", &object.id, arguments))
}

impl From<Attachment<'_>> for Attributes {
    fn from(attachment: Attachment<'_>) -> Self {
        // Whatever has plain keys can be written.
        to_raw_value(&attachment).unwrap_or_default().into()
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
        assert_eq!(Attachment::of(&attributes), Some(Attachment::new("r", "arn:\\\"")));
        assert_eq!(Attachment::of(&json!({ "role": "r" }).into()), None);
    }
}
