//! How grants fit into role assignments, and service accounts onto identities.

pub(crate) mod pack;
pub(crate) mod remainder;
pub(crate) mod shards;
