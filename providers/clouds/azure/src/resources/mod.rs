//! What can be granted: locators, the role of each level, and what no task code gets.

pub(crate) mod built_in_roles;
pub(crate) mod capabilities;
#[cfg(test)]
mod hostile;
pub(crate) mod in_task_code;
pub(crate) mod kinds;
pub(crate) mod known_roles;
pub(crate) mod locator;
pub(crate) mod overlap;
pub(crate) mod place;
pub(crate) mod refused_roles;
pub(crate) mod role_choice;
pub(crate) mod workspace_roles;
mod wrong_locator;
