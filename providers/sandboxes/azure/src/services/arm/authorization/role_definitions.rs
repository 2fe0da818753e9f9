//! Role definitions: those that Azure offers, and custom ones.
//!
//! Source: "Role Definitions" of the Authorization REST reference, version 2022-04-01; Azure RBAC, "Azure custom roles"
//! and "Troubleshoot Azure RBAC".

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::filter::{self, Term};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::scopes;
use crate::state::ids::is_guid;
use crate::state::model::{Definition, Permission};
use crate::state::{State, time};

const TYPE: &str = "Microsoft.Authorization/roleDefinitions";

/// Where the specification has a role say who made it and when.
const SINCE_AUTHORS: &str = "2022-05-01-preview";

#[derive(Deserialize)]
struct Body {
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    role_name: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    permissions: Option<Vec<Permission>>,
    assignable_scopes: Option<Vec<String>>,
}

/// Carries out a request.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    match (call.method, &call.route.name) {
        (&Method::GET, None) => list(state, call),
        (&Method::GET, Some(name)) => {
            let role = find(state, call, name)?;
            Ok(Reply::ok(render(call.id(), role, call.version)))
        }
        (&Method::PUT, Some(name)) => put(state, call, name),
        (&Method::DELETE, Some(name)) => delete(state, call, name),
        _ => Err(call.not_allowed()),
    }
}

/// A role's id as Azure shows it at a scope: below the subscription, or the tenant.
pub(crate) fn id_for(scope: &Id, role: &str) -> String {
    let start = scope.subscription().map(|id| format!("/subscriptions/{id}")).unwrap_or_default();
    format!("{start}/providers/{TYPE}/{role}")
}

/// A role that is known at the scope's tenant.
fn find<'a>(state: &'a State, call: &Call<'_>, name: &str) -> Answer<&'a Definition> {
    scopes::subscription(state, call.id())?;
    let tenant = state.tenant_of(call.id());
    state.role(name).filter(|role| !role.is_custom || role.tenant == tenant).ok_or_else(|| {
        let message = format!("The specified role definition with ID '{}' does not exist.", name.replace('-', ""));
        ArmError::not_found("RoleDefinitionDoesNotExist", message)
    })
}

fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let scope = call.id();
    scopes::exists(state, scope)?;
    let tenant = state.tenant_of(scope);
    let terms = call.query.get("$filter").map(filter::parse).transpose()?.unwrap_or_default();
    let below_too = terms.contains(&Term::AtScopeAndBelow);
    let fits = |role: &&Definition| {
        let scopes = || role.scopes.iter().filter_map(|text| Id::parse(text));
        let here = scopes().any(|assignable| scope.is_within(&assignable));
        let below = below_too && scopes().any(|assignable| assignable.is_within(scope));
        (!role.is_custom || role.tenant == tenant) && (here || below) && terms.iter().all(|term| meets(role, term))
    };
    if let Some(odd) = terms.iter().find_map(|term| match term {
        Term::Equals(name, _) if !["rolename", "type"].contains(&name.as_str()) => Some(name),
        _ => None,
    }) {
        return Err(ArmError::bad_request(
            "InvalidFilterInQueryString",
            format!("The filter on '{odd}' is not supported."),
        ));
    }
    let all = state.built_in.values().chain(state.definitions.values());
    Ok(call.all(all.filter(fits).map(|role| render(scope, role, call.version))))
}

fn meets(role: &Definition, term: &Term) -> bool {
    match term {
        Term::AtScope | Term::AtScopeAndBelow => true,
        Term::AssignedTo(_) => false,
        Term::Equals(name, value) if name == "type" => value.eq_ignore_ascii_case(kind(role)),
        Term::Equals(_, value) => value.eq_ignore_ascii_case(&role.role_name),
    }
}

fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    if !is_guid(name) {
        return Err(ArmError::bad_request(
            "InvalidRoleDefinitionId",
            format!("The role definition ID '{name}' is not valid. The role definition ID must be a GUID."),
        ));
    }
    scopes::exists(state, call.id())?;
    let tenant = state.tenant_of(call.id()).to_owned();
    if state.built_in.contains_key(&name.to_ascii_lowercase()) {
        return Err(built_in(name, "updated"));
    }
    let properties = call
        .read::<Body>()?
        .properties
        .ok_or_else(|| ArmError::invalid_content("Required property 'properties' not found in JSON"))?;
    let invalid = |code, message: String| Err(ArmError::bad_request(code, message));
    let Some(role_name) = properties.role_name.filter(|name| !name.trim().is_empty()) else {
        return invalid("RoleDefinitionNameNullOrEmpty", "The role definition name must not be empty.".to_owned());
    };
    if properties.kind.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("CustomRole")) {
        return invalid("InvalidRoleDefinitionType", "Only roles of the type 'CustomRole' can be written.".to_owned());
    }
    let permissions = properties.permissions.unwrap_or_default();
    if permissions.iter().all(|permission| permission.actions.is_empty() && permission.data_actions.is_empty()) {
        return invalid("InvalidActionOrNotAction", "A role needs at least one action or data action.".to_owned());
    }
    let scopes = check_scopes(state, &tenant, properties.assignable_scopes.unwrap_or_default())?;
    let before = state.definitions.get(&name.to_ascii_lowercase()).cloned();
    if let Some(scope) = before.as_ref().and_then(|before| in_use(state, before, &scopes)) {
        return Err(ArmError::bad_request(
            "RoleScopeBeingRemovedContainsAssignments",
            format!(
                "Role assignments found under scope '{scope}' which is being removed. Removing this scope from the role will \
                 orphan these assignments. Delete these assignments before removing the scope."
            ),
        ));
    }
    let taken = state.built_in.values().chain(state.definitions.values().filter(|role| role.tenant == tenant));
    if taken
        .into_iter()
        .any(|role| role.role_name.eq_ignore_ascii_case(&role_name) && !role.name.eq_ignore_ascii_case(name))
    {
        return Err(ArmError::conflict(
            "RoleDefinitionWithSameNameExists",
            "A custom role with the same name already exists in this directory. Use a different name.",
        ));
    }
    if before.is_none()
        && state.definitions.values().filter(|role| role.tenant == tenant).count() >= state.quotas.custom_roles()
    {
        return Err(ArmError::bad_request(
            "RoleDefinitionLimitExceeded",
            format!(
                "No more role definitions can be created. The limit of {} custom roles is reached.",
                state.quotas.custom_roles()
            ),
        ));
    }
    let now = time::now();
    let role = Definition {
        name: name.to_ascii_lowercase(),
        tenant,
        role_name,
        description: properties.description.unwrap_or_default(),
        is_custom: true,
        scopes,
        permissions,
        created: before.as_ref().map_or(now, |before| before.created),
        updated: now,
        created_by: before.map_or_else(|| Some(call.caller.id.clone()), |before| before.created_by),
        updated_by: Some(call.caller.id.clone()),
    };
    let body = render(call.id(), &role, call.version);
    state.save(role)?;
    // The specification knows no other answer than this one, also for a role that was there.
    Ok(Reply::created(body))
}

/// A scope that a role is to lose, with the role assigned in it, and in none that stays.
fn in_use<'a>(state: &State, before: &'a Definition, scopes: &[String]) -> Option<&'a str> {
    let is_in = |assigned: &Id, scope: &str| Id::parse(scope).is_some_and(|scope| assigned.is_within(&scope));
    let assigned: Vec<_> = state
        .assignments
        .values()
        .filter(|assignment| assignment.role == before.name)
        .filter_map(|assignment| Id::parse(&assignment.scope))
        .filter(|assigned| !scopes.iter().any(|scope| is_in(assigned, scope)))
        .collect();
    before.scopes.iter().find(|scope| assigned.iter().any(|assigned| is_in(assigned, scope))).map(String::as_str)
}

fn check_scopes(state: &State, tenant: &str, scopes: Vec<String>) -> Answer<Vec<String>> {
    let invalid = |code, message: String| Err(ArmError::bad_request(code, message));
    if scopes.is_empty() {
        return invalid("MissingAssignableScopes", "A custom role needs at least one assignable scope.".to_owned());
    }
    for text in &scopes {
        let Some(scope) = Id::parse(text).filter(|scope| !scope.is_root()) else {
            return invalid(
                "InvalidAssignableScopes",
                format!("The assignable scope '{text}' is not valid for a custom role."),
            );
        };
        let is_known = scope.subscription().is_none()
            || state.tenant_of(&scope) == tenant && scopes::exists(state, &scope).is_ok();
        if !is_known || text.contains('*') {
            return Err(ArmError::new(
                401,
                "LinkedInvalidAuthenticationTokenTenant",
                format!("The assignable scope '{text}' does not exist or is not of the directory '{tenant}'."),
            ));
        }
    }
    Ok(scopes)
}

fn delete(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    let key = name.to_ascii_lowercase();
    if state.built_in.contains_key(&key) {
        return Err(built_in(name, "deleted"));
    }
    let released = state.released.get(&key).is_some_and(|since| !state.is_replicated(*since));
    let assigned = released || state.assignments.values().any(|assignment| assignment.role == key);
    if state.definitions.contains_key(&key) && assigned {
        return Err(ArmError::bad_request(
            "RoleDefinitionHasAssignments",
            "There are existing role assignments referencing role. Delete them first.",
        ));
    }
    match state.remove::<Definition>(&key)? {
        Some(role) => Ok(Reply::ok(render(call.id(), &role, call.version))),
        None => Ok(Reply::empty(204)),
    }
}

fn built_in(name: &str, what: &str) -> ArmError {
    let message = format!("The role definition '{name}' is a built-in role and can't be {what}.");
    ArmError::bad_request("RoleDefinitionCannotBeChanged", message)
}

fn kind(role: &Definition) -> &'static str {
    if role.is_custom { "CustomRole" } else { "BuiltInRole" }
}

/// A role as it is shown at a scope.
pub(crate) fn render(scope: &Id, role: &Definition, version: &str) -> Value {
    let mut properties = json!({
        "roleName": role.role_name,
        "type": kind(role),
        "description": role.description,
        "assignableScopes": role.scopes,
        "permissions": role.permissions.iter().map(permission).collect::<Vec<_>>(),
    });
    if version >= SINCE_AUTHORS {
        properties["createdOn"] = json!(time::iso(role.created));
        properties["updatedOn"] = json!(time::iso(role.updated));
        properties["createdBy"] = json!(role.created_by);
        properties["updatedBy"] = json!(role.updated_by);
    }
    json!({"properties": properties, "id": id_for(scope, &role.name), "type": TYPE, "name": role.name})
}

/// A permission as roles and the permissions of a caller show it.
pub(crate) fn permission(permission: &Permission) -> Value {
    json!({
        "actions": permission.actions,
        "notActions": permission.not_actions,
        "dataActions": permission.data_actions,
        "notDataActions": permission.not_data_actions,
    })
}
