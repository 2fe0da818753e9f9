//! What the sandbox remembers. Every entity knows its account and name: files are written by these.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::partition::Partition;
use crate::state::time::Millis;

/// Tags, sorted by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// A policy document with principals that were resolved when it was set.
///
/// AWS stores a role or user named in a document by its unique id and writes the ARN when it shows the document. When the
/// role is deleted, the id is all that is left to show, also after a role of the same name is made
/// (IAM user guide, "AWS JSON policy elements: Principal").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// The document as it was set, with ARNs.
    pub(crate) text: String,
    /// The roles that it names: ARN to unique id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) principals: BTreeMap<String, String>,
}

/// A managed policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    #[serde(default)]
    pub(crate) partition: Partition,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) default_version: u64,
    /// The highest version number that was ever given: numbers are not given again.
    pub(crate) last_version: u64,
    pub(crate) versions: BTreeMap<u64, Version>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// A version of a managed policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) document: String,
    pub(crate) created: Millis,
}

impl Policy {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:iam::{}:policy{}{}", self.partition.id(), self.account, self.path, self.name)
    }
}

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    #[serde(default)]
    pub(crate) partition: Partition,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) created: Millis,
    pub(crate) trust: Document,
    pub(crate) description: Option<String>,
    /// Seconds.
    pub(crate) max_session: i64,
    #[serde(default)]
    pub(crate) boundary: Option<String>,
    /// Inline policies: name to document.
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, String>,
    /// ARNs of attached policies with their names.
    #[serde(default)]
    pub(crate) attached: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

impl Role {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:iam::{}:role{}{}", self.partition.id(), self.account, self.path, self.name)
    }

    /// Roles under these paths belong to AWS. Source: IAM user guide, "Service-linked roles".
    pub(crate) fn is_protected(&self) -> bool {
        self.path.starts_with("/aws-service-role/") || self.path.starts_with("/aws-reserved/")
    }
}

/// An OpenID Connect provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OidcProvider {
    #[serde(default)]
    pub(crate) partition: Partition,
    pub(crate) account: String,
    /// Without `https://`.
    pub(crate) url: String,
    pub(crate) client_ids: Vec<String>,
    pub(crate) thumbprints: Vec<String>,
    pub(crate) created: Millis,
    #[serde(default)]
    pub(crate) tags: Tags,
}

impl OidcProvider {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:iam::{}:oidc-provider/{}", self.partition.id(), self.account, self.url)
    }
}

/// An ECR repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) created: Millis,
    pub(crate) policy: Option<Document>,
    #[serde(default)]
    pub(crate) tags: Tags,
    pub(crate) mutability: String,
    pub(crate) scan_on_push: bool,
    /// The encryption configuration as ECR shows it.
    pub(crate) encryption: serde_json::Value,
}

impl Repository {
    pub(crate) fn arn(&self) -> String {
        format!(
            "arn:{}:ecr:{}:{}:repository/{}",
            Partition::of_region(&self.region).id(),
            self.region,
            self.account,
            self.name
        )
    }
}

/// A rule by which ECR fills repositories below a prefix from another registry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PullThroughRule {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) prefix: String,
    pub(crate) upstream: String,
    pub(crate) created: Millis,
}

/// A bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) created: Millis,
    pub(crate) encryption: Encryption,
    pub(crate) policy: Option<Document>,
    /// `BucketOwnerEnforced`, `BucketOwnerPreferred` or `ObjectWriter`; none where somebody took the setting away.
    #[serde(default = "enforced")]
    pub(crate) ownership: Option<String>,
    #[serde(default)]
    pub(crate) public_access: Option<PublicAccess>,
}

fn enforced() -> Option<String> {
    Some("BucketOwnerEnforced".to_owned())
}

/// What of Block Public Access is on for a bucket, of that which is about policies.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PublicAccess {
    /// Refuses public policies.
    pub(crate) blocks: bool,
    /// Keeps other accounts out of a bucket with one.
    pub(crate) restricts: bool,
}

impl Bucket {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", Partition::of_region(&self.region).id(), self.name)
    }
}

/// How a bucket's new objects are encrypted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub(crate) algorithm: String,
    /// A key's id, ARN or alias, as it was set.
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: bool,
}

impl Default for Encryption {
    fn default() -> Self {
        Self { algorithm: "AES256".to_owned(), key: None, bucket_key: false }
    }
}

/// A KMS key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) id: String,
    pub(crate) created: Millis,
    pub(crate) description: String,
    pub(crate) policy: Document,
    #[serde(default)]
    pub(crate) state: KeyState,
    /// With `alias/` before each.
    #[serde(default)]
    pub(crate) aliases: BTreeSet<String>,
}

/// Whether a key can be used. Source: AWS KMS developer guide, "Key states of AWS KMS keys".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyState {
    #[default]
    Enabled,
    Disabled,
    /// And when it is gone.
    PendingDeletion(Millis),
}

impl KeyState {
    /// As KMS calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion(_) => "PendingDeletion",
        }
    }
}

impl Key {
    pub(crate) fn arn(&self) -> String {
        let partition = Partition::of_region(&self.region).id();
        format!("arn:{partition}:kms:{}:{}:key/{}", self.region, self.account, self.id)
    }
}

/// An EKS cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EksCluster {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    pub(crate) created: Millis,
    /// Of its tokens, without `https://`.
    #[serde(default)]
    pub(crate) issuer: Option<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

impl EksCluster {
    pub(crate) fn arn(&self) -> String {
        let partition = Partition::of_region(&self.region).id();
        format!("arn:{partition}:eks:{}:{}:cluster/{}", self.region, self.account, self.name)
    }
}

/// An association of EKS Pod Identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) account: String,
    pub(crate) region: String,
    /// Its cluster's name.
    pub(crate) cluster: String,
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    /// The role's ARN.
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) target_role: Option<String>,
    #[serde(default)]
    pub(crate) policy: Option<String>,
    #[serde(default)]
    pub(crate) without_session_tags: bool,
    /// The add-on that made it.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// With which it was asked for.
    #[serde(default)]
    pub(crate) token: Option<String>,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    #[serde(default)]
    pub(crate) tags: Tags,
}

impl Association {
    pub(crate) fn arn(&self) -> String {
        let Self { account, region, cluster, id, .. } = self;
        format!(
            "arn:{}:eks:{region}:{account}:podidentityassociation/{cluster}/{id}",
            Partition::of_region(region).id()
        )
    }
}

/// A secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
    /// The six characters at the end of the ARN.
    pub(crate) suffix: String,
    pub(crate) description: Option<String>,
    pub(crate) kms_key: Option<String>,
    pub(crate) created: Millis,
    pub(crate) changed: Millis,
    /// When it was marked for deletion, and when it may be deleted.
    pub(crate) deleted: Option<(Millis, Millis)>,
    #[serde(default)]
    pub(crate) tags: Tags,
    pub(crate) versions: Vec<SecretVersion>,
}

/// A version of a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecretVersion {
    pub(crate) id: String,
    pub(crate) created: Millis,
    pub(crate) stages: Vec<String>,
    pub(crate) text: Option<String>,
    /// Base64, as it came.
    pub(crate) binary: Option<String>,
}

impl Secret {
    pub(crate) fn arn(&self) -> String {
        format!("{}-{}", self.partial_arn(), self.suffix)
    }

    /// The ARN without the six characters.
    pub(crate) fn partial_arn(&self) -> String {
        let partition = Partition::of_region(&self.region).id();
        format!("arn:{partition}:secretsmanager:{}:{}:secret:{}", self.region, self.account, self.name)
    }
}

/// A session of an assumed role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) key: String,
    pub(crate) token: String,
    pub(crate) account: String,
    pub(crate) role: String,
    pub(crate) role_id: String,
    pub(crate) name: String,
    pub(crate) expires: Millis,
}
