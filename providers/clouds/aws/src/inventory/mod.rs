//! What is read of AWS: the account's IAM as a whole, what the stack's own policies say, and what the manifest names, looked up.

mod account;
mod bucket_policies;
pub(crate) mod bucket_statements;
pub(crate) mod cache;
mod hints;
pub(crate) mod known_buckets;
pub(crate) mod known_secrets;
pub(crate) mod lookups;
pub(crate) mod others_roles;
pub(crate) mod own_statements;
pub(crate) mod places;
pub(crate) mod policy_tags;
pub(crate) mod reading;
pub(crate) mod snapshot;
pub(crate) mod task_policy;
pub(crate) mod task_roles;
mod unplaced;
