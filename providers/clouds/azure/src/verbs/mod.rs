//! The verbs of the contract: which objects there should be.

mod assigned;
pub(crate) mod bind_scope;
pub(crate) mod enable_registry;
pub(crate) mod grant_task_access;
pub(crate) mod handles;
mod notes;
mod unbound;
pub(crate) mod validate;
mod workspace;
