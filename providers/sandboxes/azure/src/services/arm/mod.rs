//! Azure Resource Manager: what every resource type shares, and the types.

pub(crate) mod authorization;
pub(crate) mod machine_learning;
pub(crate) mod request;
pub(crate) mod resources;

use cloudgrant_sandbox_kit::wildcard::matches_stars;
use http::Method;

use self::authorization::{deny_assignments, permissions, role_assignments, role_definitions};
use self::request::call::{Call, Reply};
use self::request::route::Kind;
use self::request::scopes;
use self::resources::{federated_credentials, generic, identities, providers, resource_groups, subscriptions};
use crate::authorization::access::{self, Plane};
use crate::authorization::condition::{AccessRequest, Attributes};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::entra::caller;
use crate::state::State;

/// Carries out a request. `denied` are the patterns of the `deny` knob.
pub(crate) fn carry_out(state: &mut State, call: &Call<'_>, denied: &[String]) -> Answer<Reply> {
    let subscription = scopes::subscription(state, call.id())?;
    if let Some(subscription) = subscription
        && subscription.tenant != call.caller.tenant
    {
        return Err(caller::wrong_tenant(state.cloud, call.caller, call.base, &subscription.tenant));
    }
    machine_learning::operations::settle(state)?;
    authorize(state, call, denied)?;
    if let Some(verb) = &call.route.verb {
        return action(state, call, verb);
    }
    match call.route.kind {
        Kind::Subscription => subscriptions::call(state, call),
        Kind::Tenant => subscriptions::tenants(call),
        Kind::Location => subscriptions::locations(state, call),
        Kind::ResourceGroup => resource_groups::call(state, call),
        Kind::RoleAssignment => role_assignments::call(state, call),
        Kind::RoleDefinition => role_definitions::call(state, call),
        Kind::Permission => permissions::call(state, call, denied),
        Kind::Identity => identities::call(state, call),
        Kind::Credential => federated_credentials::call(state, call),
        Kind::DenyAssignment => deny_assignments::call(state, call),
        Kind::Provider => providers::call(call),
        Kind::Resource => generic::list_all(state, call),
        Kind::Workspace
        | Kind::Compute
        | Kind::Datastore
        | Kind::OnlineEndpoint
        | Kind::OnlineDeployment
        | Kind::Operation => machine_learning::call(state, call, denied),
        Kind::Registry
        | Kind::StorageAccount
        | Kind::BlobService
        | Kind::Container
        | Kind::Vault
        | Kind::Secret
        | Kind::Cluster
        | Kind::Namespace => generic::call(state, call),
    }
}

/// A POST that is no resource's.
fn action(state: &State, call: &Call<'_>, verb: &str) -> Answer<Reply> {
    if let (&Method::POST, Some(answer)) = (call.method, machine_learning::action(state, call, verb)) {
        return answer;
    }
    match (call.method, verb.to_ascii_lowercase().as_str(), call.route.kind) {
        (&Method::POST, "register", Kind::Provider) => providers::register(call),
        (&Method::POST, "checknameavailability", Kind::Registry | Kind::StorageAccount) => {
            generic::check_name(state, call)
        }
        _ => {
            let message =
                format!("The sandbox does not know the action '{verb}' of '{}'.", call.route.kind.full_type());
            Err(ArmError::not_found("InvalidResourceType", message))
        }
    }
}

/// What everybody may do who has logged in: the answers hold only what the caller may see, or nothing secret.
fn is_open(call: &Call<'_>) -> bool {
    let reads = matches!(*call.method, Method::GET | Method::HEAD);
    let is_list_of_own = matches!(call.route.kind, Kind::Subscription) && call.route.name.is_none();
    reads
        && (is_list_of_own
            || matches!(call.route.kind, Kind::Tenant | Kind::Permission | Kind::Provider)
            || call.route.kind == Kind::RoleDefinition)
}

/// The caller needs a role that allows the action, and the `deny` knob must not refuse it.
fn authorize(state: &State, call: &Call<'_>, denied: &[String]) -> Answer<()> {
    let action = call.route.action(call.method);
    let refused = denied.iter().any(|pattern| matches_stars(pattern, &action));
    let (asked, there) = (requested(call), existing(state, call));
    let request = AccessRequest { request: &asked, resource: &there, ..AccessRequest::new(&action) };
    let verdict = access::evaluate(state, &call.caller.id, call.id(), Plane::Control, &request);
    // What is gone has nothing that a condition could be held against. No page says what Azure does then; that deleting
    // it again is no error holds for everybody else.
    let is_gone =
        *call.method == Method::DELETE && call.route.kind == Kind::RoleAssignment && there == Attributes::new();
    let by_nothing = is_gone && !verdict.unfulfilled.is_empty() && verdict.denied_by.is_empty();
    let is_open = is_open(call) || machine_learning::operations::is_own(state, call);
    if !refused && (is_open || verdict.is_allowed() || by_nothing) {
        return Ok(());
    }
    let scope = match (&call.route.name, call.route.kind.is_extension()) {
        (Some(name), true) => call.id().child(&format!("/providers/{}/{name}", call.route.kind.full_type())),
        _ => call.id().clone(),
    };
    let client = format!("The client '{}' with object id '{}'", call.caller.client, call.caller.id);
    // The wordings are those of Azure's answers, as people report them.
    let denial = verdict.denied_by.first().and_then(|id| state.denials.get(&id.to_ascii_lowercase()));
    if let (false, false, Some(denial)) = (refused, verdict.by.is_empty(), denial) {
        let message = format!(
            "{client} has permission to perform action '{action}' on scope '{scope}'; however, the access is denied because \
             of the deny assignment with name '{}' and Id '{}' at scope '{}'.",
            denial.name,
            denial.id.rsplit('/').next().unwrap_or_default().replace('-', ""),
            denial.scope
        );
        return Err(ArmError::new(403, "DenyAssignmentAuthorizationFailed", message));
    }
    let limited = !refused && verdict.by.is_empty() && !verdict.unfulfilled.is_empty();
    let lacks = match limited {
        true => "has an authorization with ABAC condition that is not fulfilled",
        false => "does not have authorization",
    };
    let message = format!(
        "{client} {lacks} to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently \
         granted, please refresh your credentials."
    );
    Err(ArmError::new(403, "AuthorizationFailed", message))
}

/// What conditions of an administrator's role can ask about a role assignment that is to be written.
/// Source: "Authorization actions and attributes".
fn requested(call: &Call<'_>) -> Attributes {
    let is_written = call.route.kind == Kind::RoleAssignment && *call.method == Method::PUT;
    let body = serde_json::from_slice::<serde_json::Value>(call.body).ok().filter(|_| is_written).unwrap_or_default();
    let text = |name: &str| body["properties"][name].as_str().map(str::to_owned);
    let role = text("roleDefinitionId").and_then(|role| role.rsplit('/').next().map(str::to_owned));
    delegation(role, text("principalId"), text("principalType"))
}

/// The same about one that is there, and is to go.
fn existing(state: &State, call: &Call<'_>) -> Attributes {
    let name = call.route.name.as_deref().filter(|_| call.route.kind == Kind::RoleAssignment);
    let is_deleted = *call.method == Method::DELETE;
    let key = name.filter(|_| is_deleted).map(|name| role_assignments::id_at(call.id(), name).key().to_owned());
    match key.and_then(|key| state.assignments.get(&key)).cloned() {
        Some(there) => delegation(Some(there.role), Some(there.principal), Some(there.principal_type)),
        None => Attributes::new(),
    }
}

fn delegation(role: Option<String>, principal: Option<String>, kind: Option<String>) -> Attributes {
    let all = [("RoleDefinitionId", role), ("PrincipalId", principal), ("PrincipalType", kind)];
    let named = |(name, value): (&str, Option<String>)| {
        Some((format!("Microsoft.Authorization/roleAssignments:{name}"), value?))
    };
    all.into_iter().filter_map(named).collect()
}
