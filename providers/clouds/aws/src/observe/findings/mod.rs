//! What is told beside the objects that are there: what is missing, what others changed or gave, what stays and why.

pub(crate) mod broken;
pub(crate) mod copied_marks;
pub(crate) mod edited;
mod existing_policies;
pub(crate) mod keys;
pub(crate) mod limited;
pub(crate) mod lost;
pub(crate) mod missing;
pub(crate) mod moved;
pub(crate) mod other_homes;
pub(crate) mod renamed;
pub(crate) mod staying;
pub(crate) mod unbinding;
pub(crate) mod widened;
