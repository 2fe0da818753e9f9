//! A statement in the policy of a resource of another account that is granted by its ARN, for somebody else to add.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Object, ObjectId, Outcome, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::objects::attributes::{read, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::policy_statement::merge;
use crate::objects::refusals::not_known_how;
use crate::resources::kinds::arn_kind::{Elsewhere, Item};
use crate::resources::locator::Locator;

pub(crate) const KIND: &str = "resource-policy-statement";

/// That of a Sid in the policy of a resource, by its ARN.
pub(crate) fn id(arn: &str, sid: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{arn}#{sid}"))
}

/// What such a statement is like.
#[derive(Debug, Serialize, Deserialize)]
struct ResourceStatement<'a> {
    #[serde(serialize_with = "as_arn", deserialize_with = "of_arn")]
    resource: Cow<'a, Item>,
    statement: Cow<'a, Value>,
}

fn as_arn<S: Serializer>(item: &Item, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&item.arn())
}

fn of_arn<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Cow<'static, Item>, D::Error> {
    let arn = Cow::<'de, str>::deserialize(deserializer)?;
    match Locator::parse(&arn) {
        Ok(Locator::Item(item)) => Ok(Cow::Owned(item)),
        _ => Err(D::Error::custom("no resource with a policy")),
    }
}

/// As attributes.
pub(crate) fn attributes(item: &Item, statement: &Value) -> Attributes {
    written(&ResourceStatement { resource: Cow::Borrowed(item), statement: Cow::Borrowed(statement) })
}

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, _: Handles<'_>, change: &Change) -> Result<Outcome> {
        Err(not_known_how(change))
    }

    fn commands(&self, _: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(of) = read::<ResourceStatement<'_>>(KIND, &object.attributes) else { return Vec::new() };
        match &of.resource.kind.elsewhere {
            Elsewhere::ResourcePolicy(policy) => {
                let [read, write, _] = (policy.commands)(&of.resource, "merged.json");
                vec![read, merge(&of.statement), write]
            }
            Elsewhere::KeyPolicy | Elsewhere::Never(_) => Vec::new(),
        }
    }
}
