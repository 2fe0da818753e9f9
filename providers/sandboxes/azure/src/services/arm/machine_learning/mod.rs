//! Azure Machine Learning: workspaces, and the computes, datastores and online endpoints in them.
//!
//! Source: the REST reference of Azure Machine Learning, version 2024-04-01, and the schemas of its later versions;
//! "Set up authentication between Azure Machine Learning and other services"; "Use Azure managed identities".

pub(crate) mod beginning;
mod body;
mod compute_checks;
mod computes;
mod datastores;
pub(crate) mod defaults;
mod identity;
mod online_endpoints;
pub(crate) mod operations;
mod workspace_checks;
mod workspaces;

use http::Method;
use serde_json::Value;

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::request::scopes;
use crate::services::arm::resources::generic;
use crate::state::model::{Assignment, Principal, Resource};
use crate::state::{State, below};

/// Carries out a request. `denied` are the patterns of the `deny` knob.
pub(crate) fn call(state: &mut State, call: &Call<'_>, denied: &[String]) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    scopes::group(state, call.id())?;
    let kind = call.route.kind;
    if kind == Kind::Operation {
        return operations::call(state, call);
    }
    if kind != Kind::Workspace {
        check_workspace(state, call)?;
    }
    if kind == Kind::OnlineDeployment {
        return deployments(state, call);
    }
    match (call.method, &call.route.name) {
        (&Method::GET, None) => list(state, call),
        (&Method::GET, Some(_)) => Ok(Reply::ok(render(generic::find(state, call.id())?, call.version))),
        (&Method::PUT, Some(name)) => match kind {
            Kind::Workspace => workspaces::put(state, call, name, denied),
            Kind::Compute => computes::put(state, call, name, denied),
            Kind::Datastore => datastores::put(state, call, name),
            _ => online_endpoints::put(state, call, name, denied),
        },
        (&Method::PATCH, Some(_)) if kind == Kind::Workspace => workspaces::patch(state, call, denied),
        (&Method::PATCH, Some(_)) if kind == Kind::Compute => computes::patch(state, call),
        (&Method::PATCH, Some(_)) if kind == Kind::OnlineEndpoint => online_endpoints::patch(state, call, denied),
        (&Method::DELETE, Some(_)) => match kind {
            Kind::Datastore => datastores::delete(state, call),
            _ => delete(state, call),
        },
        _ => Err(call.not_allowed()),
    }
}

/// Carries out a POST on one of them, if there is such a one.
pub(crate) fn action(state: &State, call: &Call<'_>, verb: &str) -> Option<Answer<Reply>> {
    let is_known = call.route.kind == Kind::Datastore && verb.eq_ignore_ascii_case("listSecrets");
    is_known.then(|| check_workspace(state, call).and_then(|()| datastores::list_secrets(state, call)))
}

/// The workspace around what is meant must be there. Whoever writes into one that is not there hears so from Azure
/// Resource Manager.
fn check_workspace(state: &State, call: &Call<'_>) -> Answer<()> {
    let Some(workspace) = call.id().top_level() else { return Ok(()) };
    if state.resources.contains_key(workspace.key()) {
        return Ok(());
    }
    if *call.method != Method::PUT {
        return Err(scopes::missing(&workspace));
    }
    let kind = call.route.kind.full_type().split_once('/').map_or("", |(_, kind)| kind);
    Err(ArmError::not_found(
        "ParentResourceNotFound",
        format!(
            "Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource '{workspace}' \
             could not be found."
        ),
    ))
}

/// Endpoints have no deployments here, and none can be made.
fn deployments(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let endpoint = if call.route.name.is_some() { call.id().parent() } else { Some(call.id().clone()) };
    generic::find(state, &endpoint.unwrap_or_else(Id::root))?;
    match (call.method, &call.route.name) {
        (&Method::GET, None) => Ok(call.all(std::iter::empty())),
        (&Method::GET, Some(_)) => Err(scopes::missing(call.id())),
        _ => Err(call.not_allowed()),
    }
}

fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let kind = call.route.kind;
    let inside = format!("{}/", call.id().key());
    let entries = below(&state.resources, &inside)
        .filter(|(_, one)| generic::kind_of(one) == Some(kind) && generic::is_shown(state, call, one))
        .filter(|(_, one)| kind != Kind::Datastore || datastores::is_asked_for(one, call.query))
        .map(|(key, one)| (key.as_str(), render(one, call.version)));
    let size = call.query.get("count").and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
    call.page(entries, state.quotas.page().min(size).max(1))
}

/// Deletes something, which takes its time.
fn delete(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    if call.route.kind == Kind::Compute {
        computes::check_delete(call)?;
    }
    let Some(mut there) = state.resources.get(call.id().key()).cloned() else { return Ok(Reply::empty(204)) };
    operations::check_idle(state, call.id())?;
    there.properties.insert("provisioningState".to_owned(), "Deleting".into());
    let begun = operations::begin(state, call, &there, crate::state::model::Change::Delete)?;
    state.save(there)?;
    let reply = begun.located(Reply::empty(202));
    Ok(match call.route.kind {
        Kind::OnlineEndpoint => operations::Begun::limited(reply),
        _ => begun.asynchronous(reply),
    })
}

/// Removes something with all that is in it, the roles that were given there, and the principals that were a part of
/// it.
pub(crate) fn forget(state: &mut State, key: &str) -> Answer<()> {
    let inside = format!("{key}/");
    let mut gone: Vec<Resource> = below(&state.resources, &inside).map(|(_, one)| one.clone()).collect();
    gone.extend(state.resources.get(key).cloned());
    for principal in gone.iter().filter_map(identity::principal) {
        state.remove::<Principal>(&principal.to_ascii_lowercase())?;
    }
    generic::forget(state, key)?;
    state.remove::<Resource>(key)?;
    Ok(())
}

/// The object id of the system-assigned identity of a resource, if it has one.
pub(crate) fn principal_of(state: &State, id: &Id) -> Option<String> {
    identity::principal(state.resources.get(id.key())?)
}

/// Where the way in which a workspace's own datastores are read came in.
const SINCE_DATASTORES_MODE: &str = "2024-07-01-preview";

/// A resource as a version of the API shows it.
fn render(resource: &Resource, version: &str) -> Value {
    let mut body = generic::render(resource, version);
    if version < SINCE_DATASTORES_MODE
        && let Some(properties) = body["properties"].as_object_mut()
    {
        properties.remove(workspaces::DATASTORES_MODE);
    }
    body
}

/// Gives a principal the right to pull from a registry, as the service does by itself, unless it has it.
fn let_pull(state: &mut State, registry: &Id, principal: &str, by: &str) -> Answer<()> {
    const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
    let there = crate::authorization::access::at(state, registry.key());
    if there.iter().any(|one| one.role == ACR_PULL && one.principal.eq_ignore_ascii_case(principal)) {
        return Ok(());
    }
    let name = state.ids.guid("role assignment");
    let id = super::authorization::role_assignments::id_at(registry, &name);
    let now = crate::state::time::now();
    Ok(state.save(Assignment {
        id: id.text().to_owned(),
        scope: registry.text().to_owned(),
        role: ACR_PULL.to_owned(),
        principal: principal.to_owned(),
        principal_type: "ServicePrincipal".to_owned(),
        condition: None,
        condition_version: None,
        description: None,
        delegated_identity: None,
        created: now,
        updated: now,
        created_by: by.to_owned(),
        updated_by: by.to_owned(),
    })?)
}
