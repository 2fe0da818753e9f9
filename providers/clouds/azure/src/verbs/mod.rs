//! The verbs of the contract: which objects there should be.

pub(crate) mod bind_scope;
pub(crate) mod enable_registry;
pub(crate) mod grant_task_access;
mod unbound;
pub(crate) mod validate;
