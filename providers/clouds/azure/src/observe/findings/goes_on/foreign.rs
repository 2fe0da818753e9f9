//! What others have assigned.

use cloudgrant_core::IntentId;

use crate::client::arm::RoleAssignment;

/// A role assignment of somebody else's.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) assignment: RoleAssignment,
    /// The id of its role, in lower case.
    pub(crate) role: String,
    /// What people call that role.
    pub(crate) name: String,
    /// Under which name it is there, and who made it.
    pub(crate) by: String,
    /// The grants and registries that stay and ask for just this.
    pub(crate) asked_by: Vec<IntentId>,
}
