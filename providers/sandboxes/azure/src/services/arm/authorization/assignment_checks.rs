//! What a role assignment is checked for before it is made.

use serde::Deserialize;

use crate::authorization::{access, condition};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::id::Id;
use crate::state::model::{Assignment, Definition};
use crate::state::{State, below};

/// What a client wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Properties {
    pub(super) role_definition_id: Option<String>,
    pub(super) principal_id: Option<String>,
    pub(super) principal_type: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) condition_version: Option<String>,
    pub(super) description: Option<String>,
    pub(super) delegated_managed_identity_resource_id: Option<String>,
}

/// The role's GUID; the role must be there, and may be assigned at the scope.
pub(super) fn role(state: &State, scope: &Id, properties: &Properties) -> Answer<String> {
    let wanted = properties
        .role_definition_id
        .as_deref()
        .ok_or_else(|| ArmError::bad_request("InvalidRoleDefinitionId", "The role definition ID is required."))?;
    let (before, name) = wanted.rsplit_once('/').unwrap_or_default();
    if !before.to_ascii_lowercase().ends_with("/providers/microsoft.authorization/roledefinitions") {
        return Err(ArmError::bad_request(
            "InvalidRoleDefinitionId",
            format!("The role definition ID '{wanted}' is not valid."),
        ));
    }
    let missing = || {
        let message = format!("The specified role definition with ID '{}' does not exist.", name.replace('-', ""));
        ArmError::not_found("RoleDefinitionDoesNotExist", message)
    };
    let role = state.role(name).ok_or_else(missing)?;
    // A custom role belongs to a tenant, and is not known elsewhere.
    if role.is_custom && role.tenant != state.tenant_of(scope) {
        return Err(missing());
    }
    if !is_assignable(role, scope) {
        let message = format!(
            "The role definition with ID '{}' is not assignable at scope '{scope}': it is not among the assignable scopes \
             of the role.",
            role.name.replace('-', "")
        );
        return Err(ArmError::bad_request("RoleDefinitionNotAssignable", message));
    }
    Ok(role.name.clone())
}

fn is_assignable(role: &Definition, scope: &Id) -> bool {
    role.scopes.iter().filter_map(|text| Id::parse(text)).any(|assignable| scope.is_within(&assignable))
}

/// Description and condition, as far as they go.
pub(super) fn check_texts(state: &State, properties: &Properties) -> Answer<()> {
    if properties.description.as_ref().is_some_and(|text| text.len() > state.quotas.description()) {
        let message = format!("The description must not be longer than {} bytes.", state.quotas.description());
        return Err(ArmError::bad_request("InvalidRoleAssignmentDescription", message));
    }
    let Some(condition) = properties.condition.as_deref() else {
        return Ok(());
    };
    let invalid = |why: &str| {
        let message = format!("The given role assignment condition is invalid. {why}");
        Err(ArmError::bad_request("InvalidRoleAssignmentCondition", message.trim_end()))
    };
    if properties.condition_version.as_deref() != Some("2.0") {
        return invalid("The condition version must be '2.0'.");
    }
    if condition.len() > state.quotas.condition() {
        return invalid(&format!("It must not be longer than {} bytes.", state.quotas.condition()));
    }
    match condition::parse(condition) {
        Ok(_) => Ok(()),
        Err(error) => invalid(&error.to_string()),
    }
}

/// The type of a principal that is known in the tenant of the scope.
pub(super) fn principal_type(state: &State, scope: &Id, id: &str, wanted: Option<&str>, known: bool) -> Answer<String> {
    let tenant = state.tenant_of(scope);
    let plain = id.replace('-', "");
    let found = state.principals.get(&id.to_ascii_lowercase()).filter(|principal| {
        // Somebody who already has the role was known when it was given.
        principal.tenant == tenant && (known || state.is_replicated(principal.created))
    });
    let Some(principal) = found else {
        return Err(ArmError::bad_request(
            "PrincipalNotFound",
            format!(
                "Principal {plain} does not exist in the directory {tenant}. Check that you have the correct principal ID. \
                 If you are creating this principal and then immediately assigning a role, this error might be related to \
                 a replication delay. In this case, set the role assignment principalType property to a value, such as \
                 ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
            ),
        ));
    };
    match wanted {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&principal.kind) => Err(ArmError::bad_request(
            "UnmatchedPrincipalType",
            format!(
                "The PrincipalId '{plain}' has type '{}' , which is different from specified PrinciaplType '{wanted}'.",
                principal.kind
            ),
        )),
        _ => Ok(principal.kind.clone()),
    }
}

/// A new assignment must not repeat one, and the subscription must have room for it.
pub(super) fn check_room(state: &State, scope: &Id, role: &str, principal: &str) -> Answer<()> {
    let same = |other: &&Assignment| other.role == role && other.principal.eq_ignore_ascii_case(principal);
    if access::at(state, scope.key()).iter().any(same) {
        return Err(ArmError::conflict("RoleAssignmentExists", "The role assignment already exists."));
    }
    let Some(subscription) = scope.subscription() else { return Ok(()) };
    let inside = format!("{}/", Id::subscription_of(subscription).key());
    if below(&state.assignments, &inside).count() >= state.quotas.assignments() {
        return Err(ArmError::bad_request(
            "RoleAssignmentLimitExceeded",
            format!(
                "No more role assignments can be created. The limit of {} role assignments for the subscription \
                 '{subscription}' is reached.",
                state.quotas.assignments()
            ),
        ));
    }
    Ok(())
}
