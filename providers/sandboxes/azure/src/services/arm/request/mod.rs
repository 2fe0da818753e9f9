//! What every request to Azure Resource Manager has: its path, id, api-version and filter, and what all resources share.

pub(crate) mod call;
pub(crate) mod filter;
pub(crate) mod id;
mod known_versions;
pub(crate) mod route;
pub(crate) mod scopes;
pub(crate) mod tags;
pub(crate) mod versions;
