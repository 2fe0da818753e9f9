//! What the manifest names, looked up: resources by their locators, roles by their names. What can't be found is remembered, for the
//! observation to say.

pub(crate) mod absence;
pub(crate) mod named_roles;
pub(crate) mod resolve;
pub(crate) mod target;
pub(crate) mod workspace_roles;
