//! Role assignments as objects.

use cloudgrant_core::{Object, Scope};

use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::role_assignment::RoleAssignment;
use crate::packing::pack::Assignment;

/// The role assignment of what is packed into one, to an identity.
pub(crate) fn assignment_object(names: &Names, identity: &ResourceId, scope: &Scope, assignment: Assignment) -> Object {
    let Assignment { scope: on, role, condition, because } = assignment;
    let attributes = RoleAssignment {
        principal: identity.as_str().into(),
        role: role.name,
        role_id: role.id,
        scope: on.as_str().into(),
        assignment: None,
        condition: condition.map(Into::into),
    };
    let object = attributes.wanted(names, identity, &on, scope, because);
    Object { depends_on: role.object.into_iter().collect(), ..object }
}
