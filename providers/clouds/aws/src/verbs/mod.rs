//! The verbs of the contract: which objects there should be.

mod attachment;
pub(crate) mod bind_scope;
pub(crate) mod enable_registry;
mod existing_policies;
pub(crate) mod grant_task_access;
pub(crate) mod handles;
mod managed_policy;
mod needed;
mod notes;
mod principals;
mod pull_through;
mod resource_policies;
pub(crate) mod validate;
