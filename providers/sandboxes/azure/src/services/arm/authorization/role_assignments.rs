//! Role assignments.
//!
//! Source: "Role Assignments" of the Authorization REST reference, version 2022-04-01; Azure RBAC, "Troubleshoot Azure
//! RBAC", "Troubleshoot Azure RBAC limits" and "Troubleshoot Azure role assignment conditions".

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::assignment_checks::{self as checks, Properties};
use crate::authorization::access;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::filter::{self, Term};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::scopes;
use crate::state::ids::is_guid;
use crate::state::model::Assignment;
use crate::state::{State, below, time};

const TYPE: &str = "Microsoft.Authorization/roleAssignments";

/// Where principal types, conditions and descriptions came in.
const SINCE_PRINCIPAL_TYPE: &str = "2018-09-01-preview";
const SINCE_CONDITION: &str = "2020-03-01-preview";

#[derive(Deserialize)]
struct Body {
    properties: Option<Properties>,
}

/// Carries out a request.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    match (call.method, &call.route.name) {
        (&Method::GET, None) => list(state, call),
        (&Method::GET, Some(name)) => get(state, call, name),
        (&Method::PUT, Some(name)) => put(state, call, name),
        (&Method::DELETE, Some(name)) => delete(state, call, name),
        _ => Err(call.not_allowed()),
    }
}

/// The id of an assignment at a scope.
pub(crate) fn id_at(scope: &Id, name: &str) -> Id {
    scope.child(&format!("/providers/{TYPE}/{name}"))
}

fn get(state: &State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    let found = state.assignments.get(id_at(call.id(), name).key());
    let missing =
        || ArmError::not_found("RoleAssignmentNotFound", format!("The role assignment '{name}' is not found."));
    found.map(|assignment| Reply::ok(render(assignment, call.version))).ok_or_else(missing)
}

fn delete(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    let id = id_at(call.id(), name);
    if let Some(assignment) = state.assignments.get(id.key()) {
        keep_an_owner(state, assignment)?;
    }
    match state.remove::<Assignment>(id.key())? {
        Some(assignment) => {
            state.released.insert(assignment.role.clone(), time::now());
            Ok(Reply::ok(render(&assignment, call.version)))
        }
        None => Ok(Reply::empty(204)),
    }
}

/// "Cannot delete the last Owner role assignment" of "Troubleshoot Azure RBAC".
fn keep_an_owner(state: &State, assignment: &Assignment) -> Answer<()> {
    let scope = assignment.scope_id();
    let is_subscription = scope.subscription().is_some() && scope.parent().is_none() && scope.group().is_none();
    let is_owner = |role: &str| role == crate::authorization::built_in_roles::OWNER;
    let owners = access::at(state, scope.key()).into_iter().filter(|other| is_owner(&other.role)).count();
    if is_subscription && is_owner(&assignment.role) && owners == 1 {
        return Err(ArmError::new(
            412,
            "CannotDeleteLastRbacAdminAssignment",
            "Cannot delete the last RBAC admin assignment.",
        ));
    }
    Ok(())
}

fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let scope = call.id();
    scopes::exists(state, scope)?;
    let terms = call.query.get("$filter").map(filter::parse).transpose()?.unwrap_or_default();
    let mut below_too = true;
    let mut principals = None;
    for term in terms {
        match term {
            Term::AtScope => below_too = false,
            Term::AssignedTo(id) => principals = Some(state.principal_and_groups(&id)),
            Term::Equals(name, id) if name == "principalid" => {
                principals = Some([id.to_ascii_lowercase()].into());
            }
            Term::Equals(..) | Term::AtScopeAndBelow => {
                return Err(ArmError::bad_request(
                    "InvalidFilterInQueryString",
                    "The filter is not supported. Supported filters are atScope(), principalId eq '{value}' and \
                     assignedTo('{value}').",
                ));
            }
        }
    }
    let mut found: Vec<(&str, &Assignment)> = Vec::new();
    for key in scope.lineage(state.tenant_of(scope)) {
        let prefix = format!("{key}/providers/microsoft.authorization/roleassignments/");
        found.extend(
            state
                .assignments
                .range(prefix.clone()..)
                .take_while(|(key, _)| key.starts_with(&prefix))
                .map(|(key, one)| (key.as_str(), one)),
        );
    }
    if below_too {
        // What is directly at the scope was found above; everything else below it has a longer scope.
        let inside = format!("{}/", scope.key());
        found.extend(
            below(&state.assignments, &inside)
                .filter(|(_, one)| one.scope_id().key().starts_with(&inside) && !scope.is_root())
                .map(|(key, one)| (key.as_str(), one)),
        );
    }
    if let Some(principals) = principals {
        found.retain(|(_, one)| principals.contains(&one.principal.to_ascii_lowercase()));
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    let entries = found.into_iter().map(|(key, one)| (key, render(one, call.version)));
    call.page(entries, state.quotas.page())
}

fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    let scope = call.id().clone();
    if !is_guid(name) {
        return Err(ArmError::bad_request(
            "InvalidRoleAssignmentId",
            format!("The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."),
        ));
    }
    scopes::exists(state, &scope)?;
    let properties = call
        .read::<Body>()?
        .properties
        .ok_or_else(|| ArmError::invalid_content("Required property 'properties' not found in JSON"))?;
    let role = checks::role(state, &scope, &properties)?;
    checks::check_texts(state, &properties)?;
    let principal = properties.principal_id.as_deref().filter(|id| is_guid(id)).ok_or_else(|| {
        ArmError::bad_request("InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
    })?;
    let id = id_at(&scope, name);
    let now = time::now();
    let suffix = format!("/{}", name.to_ascii_lowercase());
    let before = match state.assignments.iter().find(|(key, _)| key.ends_with(&suffix)) {
        None => None,
        Some((key, before)) => {
            // A name is taken in the whole tenant; of what it names only condition and description may change.
            if key != id.key() || before.role != role || !before.principal.eq_ignore_ascii_case(principal) {
                return Err(ArmError::bad_request(
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
                ));
            }
            Some(before.clone())
        }
    };
    let principal_type =
        checks::principal_type(state, &scope, principal, properties.principal_type.as_deref(), before.is_some())?;
    if before.is_none() {
        checks::check_room(state, &scope, &role, principal)?;
    }
    let is_new = before.is_none();
    let condition_version = properties.condition.as_ref().and(properties.condition_version.clone());
    let assignment = Assignment {
        id: before.as_ref().map_or_else(|| id.text().to_owned(), |before| before.id.clone()),
        scope: before.as_ref().map_or_else(|| scope.text().to_owned(), |before| before.scope.clone()),
        role,
        principal: principal.to_owned(),
        principal_type,
        condition: properties.condition,
        condition_version,
        description: properties.description,
        delegated_identity: properties.delegated_managed_identity_resource_id,
        created: before.as_ref().map_or(now, |before| before.created),
        updated: now,
        created_by: before.map_or_else(|| call.caller.id.clone(), |before| before.created_by),
        updated_by: call.caller.id.clone(),
    };
    let body = render(&assignment, call.version);
    state.save(assignment)?;
    Ok(Reply::written(is_new, body))
}

/// An assignment as a version of the API shows it.
pub(crate) fn render(assignment: &Assignment, version: &str) -> Value {
    let scope = assignment.scope_id();
    let mut properties = json!({
        "roleDefinitionId": super::role_definitions::id_for(&scope, &assignment.role),
        "principalId": assignment.principal,
    });
    if version >= SINCE_PRINCIPAL_TYPE {
        // The principal may be gone since; what it was stays.
        properties["principalType"] = json!(assignment.principal_type);
    }
    properties["scope"] = json!(assignment.scope);
    if version >= SINCE_CONDITION {
        set(&mut properties, "condition", assignment.condition.as_deref());
        set(&mut properties, "conditionVersion", assignment.condition_version.as_deref());
    }
    properties["createdOn"] = json!(time::iso(assignment.created));
    properties["updatedOn"] = json!(time::iso(assignment.updated));
    properties["createdBy"] = json!(assignment.created_by);
    properties["updatedBy"] = json!(assignment.updated_by);
    if version >= SINCE_CONDITION {
        set(&mut properties, "delegatedManagedIdentityResourceId", assignment.delegated_identity.as_deref());
        set(&mut properties, "description", assignment.description.as_deref());
    }
    json!({
        "properties": properties,
        "id": assignment.id,
        "type": TYPE,
        "name": assignment.id.rsplit('/').next().unwrap_or_default(),
    })
}

/// What is not set is left out: the specification knows no nulls there.
fn set(properties: &mut Value, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        properties[name] = json!(value);
    }
}
