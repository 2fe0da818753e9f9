//! A statement of the stack's in the policy of a bucket.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{Attributes, Change, Object, ObjectId, Outcome, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::AccountId;
use crate::config::arn::Arn;
use crate::objects::attributes::{read, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::policy_statement::{self, commands, word};
use crate::shared_document::shared::{OwnedBucket, Shared};

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
    let arn = Arn::parse(&of.bucket)?;
    let account = AccountId::parse(of.account.as_deref()?).ok()?;
    Some(Shared::Bucket(OwnedBucket { account, partition: arn.partition.to_owned(), name: arn.in_s3()?.to_owned() }))
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
        let Ok(of) = read::<BucketStatement<'_>>(KIND, &object.attributes) else { return Vec::new() };
        let bucket = word(Arn::parse(&of.bucket).and_then(Arn::in_s3).unwrap_or(&of.bucket));
        commands(&of.statement, ["s3api", "bucket"], &format!("--bucket {bucket}"))
    }
}
