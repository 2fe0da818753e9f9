//! A statement of the stack's in the policy of an ECR repository.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Object, ObjectId, Outcome, Result, quoted};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::objects::attributes::{read, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::policy_statement::{self, merge};
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::shared_document::shared::Shared;

pub(crate) const KIND: &str = "ecr-policy-statement";

/// That of a Sid.
pub(crate) fn id(repository: &Repository, sid: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{}#{sid}", repository.arn()))
}

/// What such a statement is like.
#[derive(Debug, Serialize, Deserialize)]
struct RepositoryStatement<'a> {
    #[serde(serialize_with = "as_arn", deserialize_with = "of_arn")]
    repository: Cow<'a, Repository>,
    statement: Cow<'a, Value>,
}

fn as_arn<S: Serializer>(repository: &Repository, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&repository.arn())
}

fn of_arn<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Cow<'static, Repository>, D::Error> {
    let arn = Cow::<'de, str>::deserialize(deserializer)?;
    match Locator::parse(&arn) {
        Ok(Locator::Repository(repository)) => Ok(Cow::Owned(repository)),
        _ => Err(D::Error::custom("no repository")),
    }
}

/// As attributes.
pub(crate) fn attributes(repository: &Repository, statement: &Value) -> Attributes {
    written(&RepositoryStatement { repository: Cow::Borrowed(repository), statement: Cow::Borrowed(statement) })
}

/// In whose policy it is.
pub(super) fn document(attributes: &Attributes) -> Option<Shared> {
    let of: RepositoryStatement<'_> = read(KIND, attributes).ok()?;
    Some(Shared::Repository(of.repository.into_owned()))
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
        let Ok(of) = read::<RepositoryStatement<'_>>(KIND, &object.attributes) else { return Vec::new() };
        let Repository { account, region, name } = &*of.repository;
        let at = format!("--registry-id {account} --region {} --repository-name {}", quoted(region), quoted(name));
        vec![
            format!("aws ecr get-repository-policy {at}"),
            merge(&of.statement),
            format!("aws ecr set-repository-policy {at} --policy-text file://merged.json"),
        ]
    }
}
