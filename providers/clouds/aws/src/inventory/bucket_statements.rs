//! What statements of the stack's on buckets have in them: the conditions by which they say whose a bucket is and how it is encrypted,
//! and the bucket that they name.

use crate::config::AccountId;
use crate::config::arn::Arn;
use crate::inventory::own_statements::Statement;
use crate::resources::kinds::object_store::is_bucket;

/// The condition key for the account that owns a resource.
pub(crate) const OWNER: &str = "aws:ResourceAccount";
/// The condition key for the bucket or the object that S3 encrypts: the bucket where it has a bucket key of its own. Source:
/// Amazon S3 user guide, "Using server-side encryption with AWS KMS keys", encryption context.
pub(crate) const CONTEXT: &str = "kms:EncryptionContext:aws:s3:arn";

/// Whether the encryption was read.
pub(crate) const READ: &str = "StringEquals";
pub(crate) const UNREAD: &str = "StringLike";
/// The operators that say which account it is.
const NAMES: [&str; 3] = [READ, UNREAD, "StringEqualsIgnoreCase"];

/// The accounts that a statement names as owners, however it compares them.
pub(super) fn named_owners(statement: &Statement<'_>) -> impl Iterator<Item = AccountId> {
    let compared = statement.compared(OWNER).filter(|(operator, _)| NAMES.contains(operator));
    compared.flat_map(|(_, texts)| texts.each()).filter_map(|text| AccountId::parse(text).ok())
}

/// The bucket in an ARN, and whether it names objects of it.
pub(super) fn bucket_of(arn: &str) -> Option<(&str, bool)> {
    let path = Arn::parse(arn)?.in_s3()?;
    let (bucket, objects) = path.split_once('/').map_or((path, false), |(bucket, _)| (bucket, true));
    is_bucket(bucket).then_some((bucket, objects))
}
