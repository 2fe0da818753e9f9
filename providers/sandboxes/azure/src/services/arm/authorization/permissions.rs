//! What the caller may do at a scope.
//!
//! Source: "Permissions" of the Authorization REST reference, version 2022-04-01.

use http::Method;

use super::role_definitions;
use crate::authorization::access;
use crate::protocol::errors::Answer;
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::scopes;
use crate::state::State;

/// Lists the permissions of the roles that the caller has at or above the scope. What the `deny` knob refuses is among
/// what each of them excepts.
pub(crate) fn call(state: &State, call: &Call<'_>, denied: &[String]) -> Answer<Reply> {
    if call.method != Method::GET || call.route.name.is_some() {
        return Err(call.not_allowed());
    }
    scopes::exists(state, call.id())?;
    let ids = state.principal_and_groups(&call.caller.id);
    let mut permissions = Vec::new();
    for assignment in access::at_or_above(state, call.id()) {
        let Some(role) = state.role(&assignment.role) else { continue };
        if !ids.contains(&assignment.principal.to_ascii_lowercase()) {
            continue;
        }
        for permission in &role.permissions {
            let mut permission = permission.clone();
            permission.not_actions.extend(denied.iter().cloned());
            let mut body = role_definitions::permission(&permission);
            if let Some(condition) = &assignment.condition {
                body["condition"] = condition.clone().into();
                body["conditionVersion"] = assignment.condition_version.clone().into();
            }
            permissions.push(body);
        }
    }
    Ok(call.all(permissions.into_iter()))
}
