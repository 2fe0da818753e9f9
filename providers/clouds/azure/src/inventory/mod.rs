//! What is read in whole lists: identities, role assignments, accounts, vaults and registries; and what of it can't be used.

pub(crate) mod clusters;
pub(crate) mod identities;
pub(crate) mod looks;
pub(crate) mod lookups;
pub(crate) mod snapshot;
pub(crate) mod tenants;
pub(crate) mod unusable;
