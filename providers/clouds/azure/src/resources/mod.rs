//! What can be granted: locators, the role of each level, and what no task code gets.

pub(crate) mod absence;
pub(crate) mod built_in_roles;
pub(crate) mod in_task_code;
pub(crate) mod kinds;
pub(crate) mod locator;
pub(crate) mod named_roles;
pub(crate) mod overlap;
pub(crate) mod refused_roles;
pub(crate) mod resolve;
pub(crate) mod resource_id;
pub(crate) mod role_choice;
