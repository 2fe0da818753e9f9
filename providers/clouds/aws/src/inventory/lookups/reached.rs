//! What grants reach, looked up.

use crate::inventory::lookups::buckets::bucket::Buckets;
use crate::inventory::lookups::secrets::Secrets;

/// The secrets and buckets that a batch of grants reaches, looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reached {
    pub(crate) secrets: Secrets,
    pub(crate) buckets: Buckets,
}
