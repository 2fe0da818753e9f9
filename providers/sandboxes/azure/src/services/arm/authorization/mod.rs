//! The resources of `Microsoft.Authorization`. What they come to, when somebody asks for access, is in
//! [`crate::authorization`].

mod assignment_checks;
pub(crate) mod deny_assignments;
pub(crate) mod permissions;
pub(crate) mod role_assignments;
pub(crate) mod role_definitions;
