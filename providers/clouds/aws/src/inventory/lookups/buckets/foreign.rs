//! What may come between a granted bucket of another account and those who are granted it. It is looked at while the bucket is
//! new to the stack, as far as its account lets us.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::ObjectOwnership;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use cloudgrant_core::{ErrorKind, Result, quoted};

use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::buckets::bucket::{Asked, Bucket};

/// Adds to a bucket what its reader and whoever writes there should know.
pub(super) async fn look(inventory: &Inventory, name: &str, asked: Asked, bucket: &mut Bucket) -> Result<()> {
    let Some(account) = bucket.account().filter(|account| **account != inventory.config.account).cloned() else {
        return Ok(());
    };
    let client = inventory.clients.s3(&account, &inventory.clients.region_of(name).await).await?;
    let of = Looking { client: &client, account: account.as_str(), name };
    let (public, on_writing) =
        tokio::try_join!(of.public(), async { if asked == Asked::Owner { Ok(None) } else { of.ownership().await } })?;
    bucket.on_writing = on_writing;
    if let Some(public) = public {
        bucket.note = Some(match bucket.note.take() {
            Some(note) => format!("{note}; {public}"),
            None => public,
        });
    }
    Ok(())
}

/// What a setting is, if it is there and may be read.
enum Setting<T> {
    Is(T),
    Absent,
    Unread,
}

struct Looking<'a> {
    client: &'a Client,
    account: &'a str,
    name: &'a str,
}

impl Looking<'_> {
    /// Whose the objects are that others write. Source: Amazon S3 user guide, "Controlling ownership of objects and disabling
    /// ACLs for your bucket".
    async fn ownership(&self) -> Result<Option<String>> {
        const OPERATION: &str = "s3:GetBucketOwnershipControls";
        let request = self.client.get_bucket_ownership_controls().bucket(self.name);
        let answer = request.expected_bucket_owner(self.account).send().await;
        let controls = match self.setting(OPERATION, "OwnershipControlsNotFoundError", answer)? {
            Setting::Is(answer) => answer.ownership_controls.map(|controls| controls.rules).unwrap_or_default(),
            Setting::Absent => Vec::new(),
            Setting::Unread => {
                return Ok(Some(format!(
                    "whether account {} may read what tasks write there couldn't be read, as {OPERATION} is denied: that \
                     depends on its Object Ownership",
                    self.account
                )));
            }
        };
        let is_enforced = controls.iter().any(|rule| rule.object_ownership == ObjectOwnership::BucketOwnerEnforced);
        Ok((!is_enforced).then(|| {
            format!(
                "what tasks write there belongs to the data plane's account, and account {}, which owns the bucket, can't read \
                 it: have its Object Ownership set to BucketOwnerEnforced (`aws s3api put-bucket-ownership-controls --bucket \
                 {} --ownership-controls 'Rules=[{{ObjectOwnership=BucketOwnerEnforced}}]'`)",
                self.account,
                quoted(self.name)
            )
        }))
    }

    /// Whether S3 keeps other accounts out, those that are named as well. Source: Amazon S3 user guide, "Blocking public access
    /// to your Amazon S3 storage", `RestrictPublicBuckets`.
    async fn public(&self) -> Result<Option<String>> {
        let request = self.client.get_bucket_policy_status().bucket(self.name);
        let answer = request.expected_bucket_owner(self.account).send().await;
        let status = match self.setting("s3:GetBucketPolicyStatus", "NoSuchBucketPolicy", answer)? {
            Setting::Is(answer) => answer.policy_status,
            // What isn't known to be public mostly isn't.
            Setting::Absent | Setting::Unread => None,
        };
        if status.and_then(|status| status.is_public) != Some(true) {
            return Ok(None);
        }
        let request = self.client.get_public_access_block().bucket(self.name);
        let answer = request.expected_bucket_owner(self.account).send().await;
        let absent = "NoSuchPublicAccessBlockConfiguration";
        let restricts = match self.setting("s3:GetBucketPublicAccessBlock", absent, answer)? {
            Setting::Is(answer) => {
                let block = answer.public_access_block_configuration;
                block.and_then(|block| block.restrict_public_buckets).unwrap_or_default()
            }
            // That of the whole account may be on.
            Setting::Absent | Setting::Unread => false,
        };
        let when = if restricts {
            "as RestrictPublicBuckets (S3 Block Public Access) is on for it, S3 keeps every other account out, task code of \
             this one as well"
        } else {
            "where RestrictPublicBuckets (S3 Block Public Access) is on for its account, S3 keeps every other account out, \
             task code of this one as well"
        };
        Ok(Some(format!(
            "its policy is public: {when}. Have what is public taken out of the policy (`aws s3api get-bucket-policy-status`)"
        )))
    }

    fn setting<T, E>(
        &self,
        operation: &'static str,
        absent: &str,
        answer: std::result::Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Setting<T>>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let error = match answer {
            Ok(answer) => return Ok(Setting::Is(answer)),
            Err(error) if error.code() == Some(absent) => return Ok(Setting::Absent),
            Err(error) => error::of(operation, error).with("bucket", self.name),
        };
        match error.kind() {
            // They are only worth a note.
            ErrorKind::AccessDenied | ErrorKind::NotFound => Ok(Setting::Unread),
            _ => Err(error),
        }
    }
}
