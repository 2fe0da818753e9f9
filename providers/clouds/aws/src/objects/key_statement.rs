//! A statement of the stack's in the policy of a customer-managed key.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Object, ObjectId, Outcome, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::arn::Arn;
use crate::objects::attributes::{read, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::policy_statement::{self, commands, word};
use crate::shared_document::shared::{CustomerKey, Shared};

pub(crate) const KIND: &str = "kms-key-policy-statement";

/// That of a Sid in the policy of a key, by its ARN or its alias.
pub(crate) fn id(key: &str, sid: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{key}#{sid}"))
}

/// What such a statement is like.
#[derive(Debug, Serialize, Deserialize)]
struct KeyStatement<'a> {
    /// Its ARN, or a pattern of it where only its alias is known.
    #[serde(borrow)]
    key: Cow<'a, str>,
    statement: Cow<'a, Value>,
}

/// As attributes.
pub(crate) fn attributes(key: &str, statement: &Value) -> Attributes {
    written(&KeyStatement { key: key.into(), statement: Cow::Borrowed(statement) })
}

/// In whose policy it is; `None` where the key isn't known by its id.
pub(super) fn document(attributes: &Attributes) -> Option<Shared> {
    let of: KeyStatement<'_> = read(KIND, attributes).ok()?;
    CustomerKey::parse(&of.key).map(Shared::Key)
}

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        policy_statement::apply(handles, change, document).await
    }

    fn commands(&self, _: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(of) = read::<KeyStatement<'_>>(KIND, &object.attributes) else { return Vec::new() };
        let region = word(Arn::parse(&of.key).map(|arn| arn.region).unwrap_or_default());
        commands(&of.statement, ["kms", "key"], &format!("--region {region} --key-id {}", word(&of.key)))
    }
}
