//! What is read in whole lists: identities, role assignments, accounts, vaults and registries.

pub(crate) mod identities;
pub(crate) mod snapshot;
pub(crate) mod tenants;
