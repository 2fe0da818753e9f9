//! What a document that others write too is the policy of.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::config::AccountId;
use crate::config::arn::Arn;
use crate::config::partition::Partition;
use crate::resources::kinds::repository::Repository;
use crate::resources::kms_key::is_id;
use crate::shared_document::merge::Policy;

/// The most characters of a repository policy. Source: Amazon ECR user guide, "Amazon ECR service quotas".
const REPOSITORY: usize = 10_240;

/// What a document is the policy of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shared {
    Repository(Repository),
    Bucket(OwnedBucket),
    Key(CustomerKey),
}

/// A bucket whose owner is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OwnedBucket {
    pub(crate) account: AccountId,
    pub(crate) partition: String,
    pub(crate) name: String,
}

/// A customer-managed key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CustomerKey {
    pub(crate) partition: String,
    pub(crate) region: String,
    pub(crate) account: AccountId,
    pub(crate) id: String,
}

impl OwnedBucket {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:s3:::{}", self.partition, self.name)
    }
}

impl CustomerKey {
    /// `None` for what names no single key.
    pub(crate) fn parse(arn: &str) -> Option<Self> {
        let Arn { partition, service: "kms", region, account, resource } = Arn::parse(arn)? else { return None };
        let id = resource.strip_prefix("key/").filter(|id| is_id(id))?;
        // It becomes a part of a host's name.
        Partition::of_region(region).filter(|known| known.id == partition)?;
        Some(Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: AccountId::parse(account).ok()?,
            id: id.to_owned(),
        })
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:kms:{}:{}:key/{}", self.partition, self.region, self.account, self.id)
    }
}

impl Shared {
    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Repository(repository) => &repository.account,
            Self::Bucket(bucket) => &bucket.account,
            Self::Key(key) => &key.account,
        }
    }

    pub(crate) fn arn(&self) -> String {
        match self {
            Self::Repository(repository) => repository.arn(),
            Self::Bucket(bucket) => bucket.arn(),
            Self::Key(key) => key.arn(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Repository(repository) => &repository.name,
            Self::Bucket(bucket) => &bucket.name,
            Self::Key(key) => &key.id,
        }
    }

    /// What it is called in messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Repository(_) => "repository",
            Self::Bucket(_) => "bucket",
            Self::Key(_) => "key",
        }
    }

    /// The most characters of its policy. Sources: Amazon ECR user guide, "Amazon ECR service quotas"; Amazon S3 user guide,
    /// "Bucket policies" (20 KB); AWS KMS developer guide, "Resource quotas" (32 KB).
    pub(crate) fn largest(&self) -> usize {
        match self {
            Self::Repository(_) => REPOSITORY,
            Self::Bucket(_) => 20 * 1024,
            Self::Key(_) => 32 * 1024,
        }
    }

    /// How IAM calls the permission to write its policy.
    pub(crate) fn writing(&self) -> &'static str {
        match self {
            Self::Repository(_) => "ecr:SetRepositoryPolicy",
            Self::Bucket(_) => "s3:PutBucketPolicy",
            Self::Key(_) => "kms:PutKeyPolicy",
        }
    }

    /// Reads a policy that AWS gave out.
    pub(crate) fn parse(&self, text: &str) -> Result<Policy> {
        Policy::parse(text).map_err(|why| {
            let looked_at = match self {
                Self::Repository(_) => "aws ecr get-repository-policy",
                Self::Bucket(_) => "aws s3api get-bucket-policy",
                Self::Key(_) => "aws kms get-key-policy",
            };
            let what = format!("the policy of {} {} {why}", self.noun(), self.name());
            Error::new(ErrorKind::Unexpected, what)
                .with(self.noun(), self.arn())
                .hint(format!("inspect it with `{looked_at}`; cloudgrant doesn't overwrite what it can't preserve"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_whole_arn() {
        let arn = "arn:aws:kms:us-west-2:444455556666:key/1234-ab";
        assert_eq!(CustomerKey::parse(arn).expect("a key").arn(), arn);
        for bad in
            ["arn:aws:kms:us-west-2:444455556666:key/*", "arn:aws:kms:us-west-2:444455556666:alias/a", "1234", ""]
        {
            assert_eq!(CustomerKey::parse(bad), None, "{bad}");
        }
    }
}
