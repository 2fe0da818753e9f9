//! Who may do what: role assignments at or above a scope, their roles, their conditions, and deny assignments.
//!
//! Source: Azure RBAC, "What is Azure RBAC: how Azure RBAC determines if a user has access to a resource", "Understand
//! Azure role definitions", "Understand Azure deny assignments".

use cloudgrant_sandbox_kit::wildcard::matches_stars;

use crate::authorization::condition::{self, AccessRequest};
use crate::services::arm::request::id::Id;
use crate::state::model::{Assignment, Denial, Permission};
use crate::state::{State, below};

/// Whether control-plane or data-plane actions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plane {
    Control,
    Data,
}

/// What lets a principal do something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The ids of role assignments that allow it.
    pub(crate) by: Vec<String>,
    /// The ids of deny assignments that forbid it nonetheless.
    pub(crate) denied_by: Vec<String>,
    /// The ids of role assignments that would allow it, were their conditions met.
    pub(crate) unfulfilled: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_allowed(&self) -> bool {
        !self.by.is_empty() && self.denied_by.is_empty()
    }
}

/// Everybody, in deny assignments.
const EVERYBODY: &str = "00000000-0000-0000-0000-000000000000";
const ASSIGNMENTS: &str = "/providers/microsoft.authorization/roleassignments/";

/// Evaluates a request of a principal at a scope.
pub(crate) fn evaluate(
    state: &State,
    principal: &str,
    scope: &Id,
    plane: Plane,
    request: &AccessRequest<'_>,
) -> Verdict {
    let ids = state.principal_and_groups(principal);
    let mut verdict = Verdict::default();
    for assignment in at_or_above(state, scope) {
        if ids.contains(&assignment.principal.to_ascii_lowercase())
            && state.role(&assignment.role).is_some_and(|role| permits(&role.permissions, plane, request.action))
        {
            let allows = fulfils(assignment, request);
            let list = if allows { &mut verdict.by } else { &mut verdict.unfulfilled };
            list.push(assignment.id.clone());
        }
    }
    for denial in state.denials.values() {
        if denies(denial, scope, plane, request.action)
            && denial.principals.iter().any(|id| id == EVERYBODY || ids.contains(&id.to_ascii_lowercase()))
            && !denial.excluded.iter().any(|id| ids.contains(&id.to_ascii_lowercase()))
        {
            verdict.denied_by.push(denial.id.clone());
        }
    }
    verdict
}

/// The role assignments whose scope is this one or above it, outermost first.
pub(crate) fn at_or_above<'a>(state: &'a State, scope: &Id) -> impl Iterator<Item = &'a Assignment> + use<'a> {
    let lineage = scope.lineage(state.tenant_of(scope));
    lineage.into_iter().flat_map(move |key| at(state, &key))
}

/// The role assignments at exactly a scope, by its key.
pub(crate) fn at<'a>(state: &'a State, key: &str) -> Vec<&'a Assignment> {
    let prefix = format!("{key}{ASSIGNMENTS}");
    below(&state.assignments, &prefix).map(|(_, assignment)| assignment).collect()
}

/// A condition that can't be read lets nothing through; such a one is never stored.
fn fulfils(assignment: &Assignment, request: &AccessRequest<'_>) -> bool {
    match assignment.condition.as_deref() {
        None => true,
        Some(text) => condition::parse(text).is_ok_and(|condition| condition::evaluate(&condition, request)),
    }
}

fn denies(denial: &Denial, scope: &Id, plane: Plane, action: &str) -> bool {
    let at = Id::parse(&denial.scope).unwrap_or_else(Id::root);
    let in_scope = if denial.not_below { scope.key() == at.key() } else { scope.is_within(&at) };
    in_scope && permits(&denial.permissions, plane, action)
}

/// A star between slashes stands for nothing at all, too: Azure's Managed Identity Operator may assign identities by
/// `userAssignedIdentities/*/assign/action`, and AzureML Data Scientist may not write computes by `computes/*/write`.
fn fits(pattern: &str, action: &str) -> bool {
    matches_stars(pattern, action) || pattern.contains("/*/") && matches_stars(&pattern.replace("/*/", "/"), action)
}

/// Whether any of a role's permissions allows an action.
pub(crate) fn permits(permissions: &[Permission], plane: Plane, action: &str) -> bool {
    permissions.iter().any(|permission| {
        let (yes, no) = match plane {
            Plane::Control => (&permission.actions, &permission.not_actions),
            Plane::Data => (&permission.data_actions, &permission.not_data_actions),
        };
        yes.iter().any(|pattern| fits(pattern, action)) && !no.iter().any(|pattern| fits(pattern, action))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_hold_within_one_permission() {
        let permission = |yes: &str, no: &str| Permission {
            actions: vec![yes.to_owned()],
            not_actions: vec![no.to_owned()],
            ..Permission::default()
        };
        let first = permission("*", "a/write");
        assert!(!permits(std::slice::from_ref(&first), Plane::Control, "a/write"));
        assert!(permits(&[first.clone(), permission("a/write", "")], Plane::Control, "a/write"));
        assert!(!permits(&[first], Plane::Data, "a/read"));
    }
}
