//! Documents that others write too, in whichever account: the policies of repositories, of buckets and of keys, each with
//! the calls of its service.

#[cfg(test)]
pub(crate) mod hostile;
pub(crate) mod merge;
pub(crate) mod remainder;
pub(crate) mod write;

use std::collections::HashSet;

use aws_config::retry::RetryConfig;
use aws_sdk_s3::error::ProvideErrorMetadata;
use cloudgrant_core::shared_document::Unwritten;
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::client::Clients;
use crate::client::bucket_region::elsewhere;
use crate::config::AccountId;
use crate::config::partition::Partition;
use crate::error;
use crate::resources::kinds::repository::Repository;
use crate::resources::kms_key::is_id;
use crate::shared_document::merge::Policy;
use crate::shared_document::write::unwritten;

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
        let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
        let (partition, service, region, account, key) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let id = key.strip_prefix("key/").filter(|id| service == "kms" && is_id(id))?;
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
            Self::Repository(_) => write::LARGEST,
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

    /// The policy as it is, with everything in it as others wrote it; `None` where there is none.
    ///
    /// # Errors
    /// What AWS gives out is no policy, or none that could be written back as it is: it is left alone.
    pub(crate) async fn read(&self, clients: &Clients) -> Result<Option<Policy>> {
        match self {
            Self::Repository(repository) => {
                let client = clients.ecr(&repository.account, &repository.region).await?;
                write::read(&client, repository).await
            }
            Self::Bucket(bucket) => read_bucket(clients, bucket).await,
            Self::Key(key) => read_key(clients, key).await,
        }
    }

    /// Replaces the policy, once: whoever sends a document again has to read again before. `made` are roles that are new.
    async fn put(&self, clients: &Clients, policy: Option<&Policy>, made: &HashSet<String>) -> Result<(), Unwritten> {
        match self {
            Self::Repository(repository) => write::put(clients, repository, policy, made).await,
            Self::Bucket(bucket) => put_bucket(clients, bucket, policy).await,
            Self::Key(key) => put_key(clients, key, policy).await,
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

async fn read_bucket(clients: &Clients, bucket: &OwnedBucket) -> Result<Option<Policy>> {
    let mut region = clients.region_of(&bucket.name).await;
    let mut is_last = false;
    loop {
        let client = clients.s3(&bucket.account, &region).await?;
        let request = client.get_bucket_policy().bucket(&bucket.name).expected_bucket_owner(bucket.account.as_str());
        let error = match request.send().await {
            Ok(answer) => {
                let text = answer.policy.unwrap_or_default();
                return Shared::Bucket(bucket.clone()).parse(&text).map(Some);
            }
            Err(error) => error,
        };
        if error.code() == Some("NoSuchBucketPolicy") {
            return Ok(None);
        }
        match elsewhere(&bucket.partition, &bucket.name, &error, &region)?.filter(|_| !is_last) {
            Some(other) => {
                clients.note_region(&bucket.name, &other).await;
                (region, is_last) = (other, true);
            }
            None => return Err(error::of("s3:GetBucketPolicy", error).with("bucket", bucket.arn())),
        }
    }
}

async fn put_bucket(clients: &Clients, bucket: &OwnedBucket, policy: Option<&Policy>) -> Result<(), Unwritten> {
    let region = clients.region_of(&bucket.name).await;
    let client = clients.s3(&bucket.account, &region).await.map_err(Unwritten::Refused)?;
    let once = || aws_sdk_s3::Config::builder().retry_config(RetryConfig::disabled());
    let (name, owner) = (&bucket.name, bucket.account.as_str());
    match policy {
        Some(policy) => {
            let request =
                client.put_bucket_policy().bucket(name).expected_bucket_owner(owner).policy(policy.to_string());
            let answer = request.customize().config_override(once()).send().await;
            answer.map(drop).map_err(|error| unwritten("s3:PutBucketPolicy", error))
        }
        None => {
            let request = client.delete_bucket_policy().bucket(name).expected_bucket_owner(owner);
            let answer = request.customize().config_override(once()).send().await;
            answer.map(drop).map_err(|error| unwritten("s3:DeleteBucketPolicy", error))
        }
    }
}

async fn read_key(clients: &Clients, key: &CustomerKey) -> Result<Option<Policy>> {
    let client = clients.kms(&key.account, &key.region).await?;
    let answer = client.get_key_policy().key_id(key.arn()).send().await;
    let answer = answer.map_err(|error| error::of("kms:GetKeyPolicy", error).with("key", key.arn()))?;
    Shared::Key(key.clone()).parse(&answer.policy.unwrap_or_default()).map(Some)
}

async fn put_key(clients: &Clients, key: &CustomerKey, policy: Option<&Policy>) -> Result<(), Unwritten> {
    // A key has a policy always: without its administrators, nobody could give it another one.
    let Some(policy) = policy else {
        let error = Error::new(ErrorKind::Conflict, format!("nothing would be left of the policy of key {}", key.id))
            .with("key", key.arn())
            .hint("give the key's administrators a statement of their own, then run again");
        return Err(Unwritten::Refused(error));
    };
    let client = clients.kms(&key.account, &key.region).await.map_err(Unwritten::Refused)?;
    let once = aws_sdk_kms::Config::builder().retry_config(RetryConfig::disabled());
    let request = client.put_key_policy().key_id(key.arn()).policy(policy.to_string());
    let answer = request.customize().config_override(once).send().await;
    answer.map(drop).map_err(|error| unwritten("kms:PutKeyPolicy", error))
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
