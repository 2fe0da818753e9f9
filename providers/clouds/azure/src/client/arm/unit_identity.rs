//! The managed identities of something, as every resource provider has them in `identity`: a type, and a map of those that are
//! user-assigned.
//!
//! Source: Azure documentation, "Manage user-assigned managed identities", REST; the map has no order, and is replaced as a whole.

use serde_json::{Map, Value, json};

use crate::names::resource_id::is_same;

/// What whoever puts an identity on something needs, on that identity. Source: Azure Machine Learning, "Set up service authentication".
pub(crate) const ASSIGN_IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

/// Whether a resource has a system-assigned identity.
pub(super) fn has_system_assigned(resource: &Map<String, Value>) -> bool {
    let kind = resource.get("identity").and_then(|identity| identity.get("type")).and_then(Value::as_str);
    kind.is_some_and(|kind| kind.split(',').any(|one| one.trim().eq_ignore_ascii_case("SystemAssigned")))
}

/// Its user-assigned identities, as Azure writes their resource IDs.
pub(super) fn user_assigned(resource: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let map = resource.get("identity").and_then(|identity| identity.get("userAssignedIdentities"));
    map.and_then(Value::as_object).into_iter().flatten().map(|(id, _)| id.as_str())
}

/// Whom a resource takes one of its user-assigned identities for; none where it doesn't say.
///
/// Source: Azure documentation, "Managed identities for Azure resources FAQ": one that was deleted and made anew under the same name is
/// another principal, and has to be assigned again.
pub(super) fn principal_of<'a>(resource: &'a Map<String, Value>, identity: &str) -> Option<&'a str> {
    let map = resource.get("identity").and_then(|identity| identity.get("userAssignedIdentities"));
    let entries = map.and_then(Value::as_object)?;
    let (_, entry) = entries.iter().find(|(id, _)| is_same(id, identity))?;
    entry.get("principalId")?.as_str().filter(|principal| !principal.is_empty())
}

/// These user-assigned identities and no others, as `identity` has them.
pub(super) fn written<'a>(has_system_assigned: bool, ids: impl IntoIterator<Item = &'a str>) -> Value {
    let identities: Map<_, _> = ids.into_iter().map(|id| (id.to_owned(), json!({}))).collect();
    let kind = match (has_system_assigned, identities.is_empty()) {
        (false, true) => return json!({ "type": "None" }),
        (true, true) => return json!({ "type": "SystemAssigned" }),
        (false, false) => "UserAssigned",
        // With a blank after the comma, Azure Machine Learning doesn't know it.
        (true, false) => "SystemAssigned,UserAssigned",
    };
    json!({ "type": kind, "userAssignedIdentities": identities })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (system, ids) in [(false, vec![]), (true, vec![]), (false, vec!["/A"]), (true, vec!["/b", "/A"])] {
            let resource = Map::from_iter([("identity".to_owned(), written(system, ids.iter().copied()))]);
            assert_eq!((has_system_assigned(&resource), user_assigned(&resource).collect::<Vec<_>>()), (system, ids));
        }
        assert_eq!(written(true, ["/a"])["type"], "SystemAssigned,UserAssigned");
    }
}
