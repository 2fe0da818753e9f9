//! Conditions: of role assignments, and of what limited administrators may assign.

pub(crate) mod at_most;
pub(crate) mod condition;
pub(crate) mod delegation;
