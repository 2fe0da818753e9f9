//! What grants reach, looked up.

use crate::buckets::Buckets;
use crate::secrets::Secrets;

/// The secrets and buckets of a batch of grants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inventory {
    pub(crate) secrets: Secrets,
    pub(crate) buckets: Buckets,
}
