//! Who may do what: role assignments, their conditions, and the roles that Azure itself offers.

pub(crate) mod access;
pub(crate) mod built_in_roles;
pub mod condition;
