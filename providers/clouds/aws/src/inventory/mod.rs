//! What grants reach, looked up.

pub(crate) mod account;
pub(crate) mod bucket_policies;
pub(crate) mod known_buckets;
pub(crate) mod known_secrets;
pub(crate) mod lookups;
pub(crate) mod own_statements;
pub(crate) mod policy_tags;
pub(crate) mod snapshot;
pub(crate) mod task_roles;
pub(crate) mod unplaced;

use crate::inventory::lookups::buckets::Buckets;
use crate::inventory::lookups::secrets::Secrets;

/// The secrets and buckets of a batch of grants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory {
    pub(crate) secrets: Secrets,
    pub(crate) buckets: Buckets,
}
