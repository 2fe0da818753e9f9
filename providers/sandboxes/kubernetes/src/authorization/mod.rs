//! Who calls, and who may do what.

pub(crate) mod caller;
pub(crate) mod rules;
