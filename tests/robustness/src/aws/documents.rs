//! The documents of another account in which stacks and a person have parts: a repository's policy, a bucket's, a key's.

use aws_sdk_s3::error::ProvideErrorMetadata;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{BUCKET, OTHER, SHARED};
use crate::world::World;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    Repository,
    Bucket,
    Key,
}

pub(super) const DOCUMENTS: [Document; 3] = [Document::Repository, Document::Bucket, Document::Key];

impl Document {
    /// The one that an action writes.
    pub(super) fn written_by(action: &str) -> Option<Self> {
        DOCUMENTS.into_iter().find(|document| document.write() == action)
    }

    /// What it is the policy of, in the state.
    pub(super) fn entity(self) -> &'static str {
        match self {
            Self::Repository => "repository 444455556666 us-west-2 team/shared",
            Self::Bucket => "bucket 444455556666 us-west-2 acme-shared",
            Self::Key => "key 444455556666 us-west-2",
        }
    }

    pub(super) fn read(self) -> &'static str {
        match self {
            Self::Repository => "ecr:GetRepositoryPolicy",
            Self::Bucket => "s3:GetBucketPolicy",
            Self::Key => "kms:GetKeyPolicy",
        }
    }

    pub(super) fn write(self) -> &'static str {
        match self {
            Self::Repository => "ecr:SetRepositoryPolicy",
            Self::Bucket => "s3:PutBucketPolicy",
            Self::Key => "kms:PutKeyPolicy",
        }
    }

    /// A key has a policy always.
    pub(super) fn delete(self) -> Option<&'static str> {
        match self {
            Self::Repository => Some("ecr:DeleteRepositoryPolicy"),
            Self::Bucket => Some("s3:DeleteBucketPolicy"),
            Self::Key => None,
        }
    }

    /// A statement that is nobody's of ours.
    pub(super) fn foreign(self, sid: &str) -> Value {
        let (action, resource) = match self {
            Self::Repository => ("ecr:BatchGetImage", None),
            Self::Bucket => ("s3:GetObject", Some(format!("arn:aws:s3:::{BUCKET}/*"))),
            Self::Key => ("kms:DescribeKey", Some("*".to_owned())),
        };
        let root = format!("arn:aws:iam::{OTHER}:root");
        let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Principal": { "AWS": root }, "Action": action });
        if let Some(resource) = resource {
            statement["Resource"] = resource.into();
        }
        statement
    }
}

/// Whoever administers the other account.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) kms: aws_sdk_kms::Client,
    key: OnceCell<String>,
}

impl Clients {
    pub(super) fn new(world: &World) -> Self {
        Self { ecr: super::ecr(world), s3: super::s3(world, OTHER), kms: super::kms(world), key: OnceCell::new() }
    }

    /// The key; there is one.
    async fn key(&self) -> &str {
        let find = || async {
            let keys = self.kms.list_keys().send().await.expect("keys").keys.unwrap_or_default();
            keys.into_iter().next().and_then(|key| key.key_arn).expect("a key")
        };
        self.key.get_or_init(find).await
    }

    pub(super) async fn policy(&self, document: Document) -> Value {
        let none = || json!({ "Version": "2012-10-17", "Statement": [] }).to_string();
        let text = match document {
            Document::Repository => match self.ecr.get_repository_policy().repository_name(SHARED).send().await {
                Ok(answer) => answer.policy_text.expect("a policy"),
                Err(error) if error.code() == Some("RepositoryPolicyNotFoundException") => none(),
                Err(error) => panic!("{error:?}"),
            },
            Document::Bucket => match self.s3.get_bucket_policy().bucket(BUCKET).send().await {
                Ok(answer) => answer.policy.expect("a policy"),
                Err(error) if error.code() == Some("NoSuchBucketPolicy") => none(),
                Err(error) => panic!("{error:?}"),
            },
            Document::Key => {
                let answer = self.kms.get_key_policy().key_id(self.key().await).send().await;
                answer.expect("a policy").policy.expect("a policy")
            }
        };
        serde_json::from_str(&text).expect("JSON")
    }

    /// Whether the policy was taken: not where it names a role that isn't there any more, or not yet.
    pub(super) async fn put(&self, document: Document, policy: &Value) -> bool {
        let text = policy.to_string();
        let refusal = match document {
            Document::Repository => {
                let request = self.ecr.set_repository_policy().repository_name(SHARED).policy_text(text);
                request.send().await.err().map(|error| format!("{error:?}"))
            }
            Document::Bucket => {
                let request = self.s3.put_bucket_policy().bucket(BUCKET).policy(text);
                request.send().await.err().map(|error| format!("{error:?}"))
            }
            Document::Key => {
                let request = self.kms.put_key_policy().key_id(self.key().await).policy(text);
                request.send().await.err().map(|error| format!("{error:?}"))
            }
        };
        let Some(refusal) = refusal else { return true };
        let of_a_principal = ["Principal not found", "Invalid principal in policy", "one or more invalid principals"];
        assert!(of_a_principal.iter().any(|known| refusal.contains(known)), "{refusal}");
        false
    }
}
