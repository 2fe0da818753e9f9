//! What a reader of a plan should know of what its grants reach.

pub(crate) mod buckets;
pub(crate) mod repositories;
