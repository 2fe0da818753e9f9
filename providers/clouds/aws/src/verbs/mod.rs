//! The verbs of the contract: which objects there should be.

pub(crate) mod bind_scope;
pub(crate) mod conventions;
pub(crate) mod enable_registry;
pub(crate) mod grant_task_access;
pub(crate) mod others_roles;
pub(crate) mod resource_policies;
pub(crate) mod validate;
