//! What is told beside the objects that are there: what is missing, what others changed or gave, what will be refused.

pub(crate) mod caller;
pub(crate) mod computes;
pub(crate) mod contents;
pub(crate) mod datastores;
pub(crate) mod denials;
pub(crate) mod edited;
pub(crate) mod goes_on;
pub(crate) mod limited;
pub(crate) mod missing;
pub(crate) mod other_homes;
pub(crate) mod renamed;
pub(crate) mod renamed_roles;
pub(crate) mod role_scopes;
pub(crate) mod trust;
pub(crate) mod widened;
pub(crate) mod workload_identity;
pub(crate) mod workspaces;
