//! A statement of the stack's in the policy of a bucket.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Object, ObjectId, Outcome, Result, TerraformBlock};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::AccountId;
use crate::names::Names;
use crate::objects::policy_statement::{self, commands, word};
use crate::objects::{Handles, ObjectKind, read, written};
use crate::shared_document::{OwnedBucket, Shared};

pub(crate) const KIND: &str = "s3-policy-statement";

/// That of a Sid in the policy of a bucket, by its ARN.
pub(crate) fn id(bucket: &str, sid: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{bucket}#{sid}"))
}

/// What such a statement is like.
#[derive(Debug, Serialize, Deserialize)]
struct BucketStatement<'a> {
    /// Its ARN.
    #[serde(borrow)]
    bucket: Cow<'a, str>,
    /// The account that owns it, where that is known.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    statement: Cow<'a, Value>,
}

/// As attributes.
pub(crate) fn attributes(bucket: &str, account: Option<&AccountId>, statement: &Value) -> Attributes {
    let account = account.map(|account| account.as_str().into());
    written(&BucketStatement { bucket: bucket.into(), account, statement: Cow::Borrowed(statement) })
}

/// In whose policy it is; `None` where nobody knows the account.
pub(super) fn document(attributes: &Attributes) -> Option<Shared> {
    let of: BucketStatement<'_> = read(KIND, attributes).ok()?;
    let (partition, name) = of.bucket.strip_prefix("arn:")?.split_once(":s3:::")?;
    let account = AccountId::parse(of.account.as_deref()?).ok()?;
    Some(Shared::Bucket(OwnedBucket { account, partition: partition.to_owned(), name: name.to_owned() }))
}

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        policy_statement::apply(handles, change).await
    }

    fn commands(&self, object: &Object, _: &Names) -> Vec<String> {
        let Ok(of) = read::<BucketStatement<'_>>(KIND, &object.attributes) else { return Vec::new() };
        let bucket = word(of.bucket.rsplit(':').next().unwrap_or_default());
        commands(&of.statement, ["s3api", "bucket"], &format!("--bucket {bucket}"))
    }

    fn terraform(&self, _: &Object, _: &Names) -> Option<Vec<TerraformBlock>> {
        None
    }
}
