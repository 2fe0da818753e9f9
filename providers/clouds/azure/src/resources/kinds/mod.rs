//! The kinds of resource that can be granted: one file a kind, with its locator and its levels as a table to roles, or to the exact
//! actions of a custom one.

pub(crate) mod child_kind;
mod inexact;
pub(crate) mod object_store;
pub(crate) mod registered;
pub(crate) mod registry;
pub(crate) mod secret;
mod service_bus_queue;
mod storage_queue;
mod storage_table;
mod vault_key;
