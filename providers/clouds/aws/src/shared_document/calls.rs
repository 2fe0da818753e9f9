//! Reading and replacing a policy, by the calls of its service.

use std::collections::HashSet;

use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use cloudgrant_core::shared_document::Unwritten;
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::client::Clients;
use crate::client::bucket_region::elsewhere;
use crate::error;
use crate::resources::kinds::repository::Repository;
use crate::shared_document::deleted_principals::of_a_principal;
use crate::shared_document::merge::Policy;
use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};

impl Shared {
    /// The policy as it is, with everything in it as others wrote it; `None` where there is none.
    ///
    /// # Errors
    /// What AWS gives out is no policy, or none that could be written back as it is: it is left alone.
    pub(crate) async fn read(&self, clients: &Clients) -> Result<Option<Policy>> {
        match self {
            Self::Repository(repository) => read_repository(clients, repository).await,
            Self::Bucket(bucket) => read_bucket(clients, bucket).await,
            Self::Key(key) => read_key(clients, key).await,
        }
    }

    /// Replaces the policy, once: whoever sends a document again has to read again before. `made` are roles that are new.
    pub(super) async fn put(
        &self,
        clients: &Clients,
        policy: Option<&Policy>,
        made: &HashSet<String>,
    ) -> Result<(), Unwritten> {
        match self {
            Self::Repository(repository) => put_repository(clients, repository, policy, made).await,
            Self::Bucket(bucket) => put_bucket(clients, bucket, policy).await,
            Self::Key(key) => put_key(clients, key, policy).await,
        }
    }
}

/// What became of a write that AWS answered with an error, or didn't answer.
fn unwritten<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Unwritten
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let (is_timeout, is_refusal) = (error::is_timeout(&error), error::is_refusal(&error));
    let error = error::of(operation, error);
    match (is_timeout, is_refusal) {
        (true, _) => Unwritten::MayCome(error),
        (false, true) => Unwritten::Refused(error),
        (false, false) => Unwritten::Unknown(error),
    }
}

async fn read_repository(clients: &Clients, repository: &Repository) -> Result<Option<Policy>> {
    let Repository { account, region, name } = repository;
    let client = clients.ecr(account, region).await?;
    let answer = client.get_repository_policy().registry_id(account.as_str()).repository_name(name).send().await;
    let text = match answer {
        Ok(answer) => answer.policy_text.unwrap_or_default(),
        Err(error) => {
            let none = error.as_service_error().is_some_and(|error| error.is_repository_policy_not_found_exception());
            let missing = error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception());
            if none {
                return Ok(None);
            }
            let error = error::of("ecr:GetRepositoryPolicy", error).with("repository", repository.arn());
            return Err(if missing {
                error.hint("create the repository, or mend its name in the manifest (`aws ecr describe-repositories`)")
            } else {
                error
            });
        }
    };
    Shared::Repository(repository.clone()).parse(&text).map(Some)
}

async fn put_repository(
    clients: &Clients,
    repository: &Repository,
    policy: Option<&Policy>,
    made: &HashSet<String>,
) -> Result<(), Unwritten> {
    let client = clients.ecr(&repository.account, &repository.region).await.map_err(Unwritten::Refused)?;
    let once = || aws_sdk_ecr::Config::builder().retry_config(RetryConfig::disabled());
    let Repository { account, name, .. } = repository;
    let Some(policy) = policy else {
        let request = client.delete_repository_policy().registry_id(account.as_str()).repository_name(name);
        return match request.customize().config_override(once()).send().await {
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_repository_policy_not_found_exception() || error.is_repository_not_found_exception()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(unwritten("ecr:DeleteRepositoryPolicy", error)),
            Ok(_) => Ok(()),
        };
    };
    let request = client.set_repository_policy().registry_id(account.as_str()).repository_name(name);
    let answer = request.policy_text(policy.to_string()).customize().config_override(once()).send().await;
    answer
        .map(drop)
        .map_err(|error| unwritten("ecr:SetRepositoryPolicy", error))
        .map_err(|unwritten| unwritten.map(|error| of_a_principal(error, policy, made)))
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
