//! What is read in whole lists: identities, role assignments, accounts, vaults and registries; what the manifest names, looked up in
//! them; and what of it can't be used.

pub(crate) mod cache;
pub(crate) mod clusters;
pub(crate) mod identities;
pub(crate) mod looks;
pub(crate) mod lookups;
pub(crate) mod principals;
pub(crate) mod registries;
mod same_tenant;
pub(crate) mod snapshot;
pub(crate) mod tenants;
pub(crate) mod unusable;
mod warm;
pub(crate) mod written;
