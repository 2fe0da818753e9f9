//! What one plan reads.

use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use crate::inventory::bucket_policies::BucketPolicies;
use crate::inventory::lookups::pull_through::rules::Rules;
use crate::inventory::lookups::repositories::absent::Absent;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unplaced::Known;

/// What one plan reads of IAM, and what it makes of it: each of it once, whoever asks first.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) account: OnceCell<Arc<Snapshot>>,
    /// By the ARN of the provider, in the order of the manifest.
    pub(crate) issuers: OnceCell<Vec<(String, Issuer)>>,
    /// Whether these were read before the observation, or denied.
    pub(crate) issuers_early: OnceCell<()>,
    pub(crate) bucket_policies: BucketPolicies,
    pub(crate) absent_repositories: Absent,
    pub(crate) pull_through: Rules,
    /// What the stack's policies say of buckets: all of them are parsed for that.
    pub(crate) known_buckets: OnceLock<Arc<Known>>,
}

/// A cluster's OpenID Connect provider in IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// It is there, and knows the audience.
    Trusted,
    /// It doesn't know the audience.
    LacksAudience,
    /// It isn't there.
    Unknown,
    /// It isn't there, but one is whose issuer has a slash more or less at its end.
    OtherSpelling,
}
