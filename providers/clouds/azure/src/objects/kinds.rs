//! The kinds of objects, and the names by which they refer to each other.

use cloudgrant_core::ObjectId;

use crate::names::resource_id::{ResourceId, is_same};

pub(crate) const IDENTITY: &str = "managed-identity";
pub(crate) const CREDENTIAL: &str = "federated-credential";
pub(crate) const ASSIGNMENT: &str = "role-assignment";
pub(crate) const ROLE: &str = "custom-role";

/// By its name in the stack's resource group, elsewhere by its ID.
pub(crate) fn identity(id: &ResourceId, group: &ResourceId) -> ObjectId {
    let here = id.resource_group().is_some_and(|name| is_same(name, group.name()))
        && id.subscription() == group.subscription();
    ObjectId::new(IDENTITY, if here { id.name() } else { id.as_str() })
}

/// Who holds a role, for people: by its name in the stack's resource group, elsewhere with where it is. Several resource
/// groups may have an identity of one name.
pub(crate) fn holder(id: &ResourceId, group: &ResourceId) -> String {
    let there = id.resource_group().unwrap_or_default();
    match (id.subscription() == group.subscription(), is_same(there, group.name())) {
        (true, true) => id.name().to_owned(),
        (true, false) => format!("{there}/{}", id.name()),
        (false, _) => format!("{}/{there}/{}", id.subscription(), id.name()),
    }
}

/// Neither name can have a slash.
pub(crate) fn credential(identity: &str, name: &str) -> ObjectId {
    ObjectId::new(CREDENTIAL, format!("{identity}/{name}"))
}

/// Who gets which role on what.
pub(crate) fn assignment(principal: &str, role: &str, scope: &ResourceId) -> ObjectId {
    ObjectId::new(ASSIGNMENT, format!("{principal}: {role} on {}", scope.short()))
}

pub(crate) fn role(name: &str) -> ObjectId {
    ObjectId::new(ROLE, name)
}
