//! What S3 answers when it is asked for a bucket's encryption.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{ServerSideEncryption, ServerSideEncryptionByDefault};
use cloudgrant_core::{ErrorKind, Result, redacted};

use crate::client::bucket_region::elsewhere;
use crate::config::AccountId;
use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::buckets::bucket::{Bucket, Encryption, Owner};
use crate::resources::kms_key::Key;

const GET_ENCRYPTION: &str = "s3:GetEncryptionConfiguration";

/// What an account's own bucket is like, which answered.
pub(super) fn of_account(own: &AccountId, owner: &AccountId, answer: Answer) -> Bucket {
    let (encryption, note) = match answer {
        Answer::Is(Encryption::NoKey, true) if owner != own => (
            Encryption::NoKey,
            Some(
                "the key aws/s3, which AWS manages, encrypts it: no other account can read what is encrypted so. Have it \
                 encrypted under a customer-managed key, or under S3's own"
                    .to_owned(),
            ),
        ),
        Answer::Is(encryption, _) => (encryption, None),
        Answer::Odd(note) => (Encryption::Unknown, Some(note)),
        Answer::Denied | Answer::Missing => (Encryption::Unknown, None),
    };
    Bucket { note, ..Bucket::new(Owner::Account(owner.clone()), encryption) }
}

pub(super) fn unread() -> String {
    "how it is encrypted couldn't be read, as s3:GetEncryptionConfiguration is denied: whether a customer-managed key \
     encrypts it (then tasks need kms:Decrypt, and kms:GenerateDataKey to write) is unknown"
        .to_owned()
}

/// What S3 says of a bucket's encryption.
pub(super) enum Answer {
    /// And whether that is the key `aws/s3`.
    Is(Encryption, bool),
    /// What can't be taken into a policy, in words.
    Odd(String),
    Denied,
    Missing,
}

/// With the credentials of an account; `expected` is the account that has to own it.
pub(super) async fn encryption(
    inventory: &Inventory,
    account: &AccountId,
    name: &str,
    expected: Option<&AccountId>,
) -> Result<Answer> {
    let mut region = inventory.clients.region_of(name).await;
    for is_last in [false, true] {
        let client = inventory.clients.s3(account, &region).await?;
        let request = client.get_bucket_encryption().bucket(name);
        let request = request.set_expected_bucket_owner(expected.map(ToString::to_string));
        let error = match request.send().await {
            Ok(answer) => {
                let rules = answer.server_side_encryption_configuration.map(|all| all.rules).unwrap_or_default();
                let by_default = rules.into_iter().find_map(|rule| rule.apply_server_side_encryption_by_default);
                return Ok(by_default
                    .map_or(Answer::Is(Encryption::NoKey, false), |rule| key(inventory, account, &region, &rule)));
            }
            Err(error) => error,
        };
        if let Some(other) = elsewhere(inventory.config.partition(), name, &error, &region)?.filter(|_| !is_last) {
            inventory.clients.note_region(name, &other).await;
            region = other;
            continue;
        }
        if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") {
            return Ok(Answer::Is(Encryption::NoKey, false));
        }
        let error = error::of(GET_ENCRYPTION, error).with("bucket", name);
        return match error.kind() {
            ErrorKind::AccessDenied => Ok(Answer::Denied),
            ErrorKind::NotFound => Ok(Answer::Missing),
            _ => Err(error),
        };
    }
    Ok(Answer::Denied)
}

/// The key, unless it takes no grant. Whoever owns the bucket writes this setting: it goes into no policy and no command
/// unless it is what it should be. Source: Amazon S3 API reference, ServerSideEncryptionByDefault.
fn key(inventory: &Inventory, account: &AccountId, region: &str, rule: &ServerSideEncryptionByDefault) -> Answer {
    match &rule.sse_algorithm {
        ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse => {}
        ServerSideEncryption::Aes256 | ServerSideEncryption::AwsFsx => return Answer::Is(Encryption::NoKey, false),
        other => {
            let what = redacted(other.as_str());
            return Answer::Odd(format!("it is encrypted with `{what}`, which isn't known here: {UNKNOWN_KEY}"));
        }
    }
    let Some(id) = rule.kms_master_key_id.as_deref() else { return Answer::Is(Encryption::NoKey, true) };
    // An alias without an account is looked for in that of whoever asks. Source: Amazon S3 user guide, "Specifying
    // server-side encryption with AWS KMS".
    match Key::answered(id, inventory.config.partition(), region, account) {
        Ok(Some(key)) => Answer::Is(Encryption::Key(key), false),
        Ok(None) => Answer::Is(Encryption::NoKey, true),
        Err(odd) => Answer::Odd(format!("its encryption setting {odd}: {UNKNOWN_KEY}")),
    }
}

const UNKNOWN_KEY: &str = "whether a customer-managed key encrypts it (then tasks need kms:Decrypt, and kms:GenerateDataKey to write) is unknown";
