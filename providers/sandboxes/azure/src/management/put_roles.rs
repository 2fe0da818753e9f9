//! Putting role assignments, role definitions and deny assignments.

use cloudgrant_sandbox_kit::ids::guid_of;
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;
use super::put::merged;
use super::show::NEWEST;
use crate::protocol::errors::ArmError;
use crate::services::arm::authorization::{deny_assignments, role_assignments, role_definitions};
use crate::services::arm::request::id::Id;
use crate::state::model::{Assignment, Definition, Denial, Permission};
use crate::state::{State, time};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentBody {
    properties: AssignmentProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentProperties {
    role_definition_id: String,
    principal_id: String,
    #[serde(default = "service_principal")]
    principal_type: String,
    condition: Option<String>,
    condition_version: Option<String>,
    description: Option<String>,
}

fn service_principal() -> String {
    "ServicePrincipal".to_owned()
}

pub(super) fn assignment(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let before = state.assignments.get(id.key()).cloned();
    let properties =
        merged::<AssignmentBody>(before.as_ref().map(|one| role_assignments::render(one, NEWEST)), body)?.properties;
    let now = time::now();
    let by = guid_of("somebody else");
    let made = Assignment {
        id: id.text().to_owned(),
        scope: extended(id).text().to_owned(),
        role: properties.role_definition_id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase(),
        principal: properties.principal_id,
        principal_type: properties.principal_type,
        condition: properties.condition,
        condition_version: properties.condition_version,
        description: properties.description,
        delegated_identity: None,
        created: before.as_ref().map_or(now, |one| one.created),
        updated: now,
        created_by: before.map_or_else(|| by.clone(), |one| one.created_by),
        updated_by: by,
    };
    let shown = role_assignments::render(&made, NEWEST);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}

/// The scope of an extension resource.
fn extended(id: &Id) -> Id {
    id.parent().unwrap_or_else(Id::root)
}

#[derive(Deserialize)]
struct DefinitionBody {
    properties: DefinitionProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionProperties {
    role_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    permissions: Vec<Permission>,
    #[serde(default)]
    assignable_scopes: Vec<String>,
}

pub(super) fn definition(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let scope = extended(id);
    let before =
        state.definitions.get(&id.name().to_ascii_lowercase()).map(|one| role_definitions::render(&scope, one, NEWEST));
    let properties = merged::<DefinitionBody>(before, body)?.properties;
    let now = time::now();
    let made = Definition {
        name: id.name().to_ascii_lowercase(),
        tenant: state.tenant_of(&scope).to_owned(),
        role_name: properties.role_name,
        description: properties.description,
        is_custom: true,
        scopes: properties.assignable_scopes,
        permissions: properties.permissions,
        created: now,
        updated: now,
        created_by: None,
        updated_by: None,
    };
    let shown = role_definitions::render(&scope, &made, NEWEST);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}

#[derive(Deserialize)]
struct DenialBody {
    properties: DenialProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DenialProperties {
    #[serde(default)]
    deny_assignment_name: String,
    permissions: Vec<Permission>,
    principals: Vec<Named>,
    #[serde(default)]
    exclude_principals: Vec<Named>,
    #[serde(default)]
    do_not_apply_to_child_scopes: bool,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

pub(super) fn denial(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let properties = merged::<DenialBody>(state.denials.get(id.key()).map(deny_assignments::render), body)?.properties;
    let ids = |all: Vec<Named>| all.into_iter().map(|one| one.id).collect();
    let made = Denial {
        id: id.text().to_owned(),
        scope: extended(id).text().to_owned(),
        name: properties.deny_assignment_name,
        permissions: properties.permissions,
        principals: ids(properties.principals),
        excluded: ids(properties.exclude_principals),
        not_below: properties.do_not_apply_to_child_scopes,
        created: time::now(),
    };
    let shown = deny_assignments::render(&made);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}
