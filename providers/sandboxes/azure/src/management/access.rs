//! Whether somebody may do something, and what lets them.
//!
//! `GET /_sandbox/access` with
//! * `principal`: an object id, a client id, the id of a managed identity, or of a resource with a system-assigned one;
//! * `scope`: the id of a resource;
//! * `action` or `data_action`;
//! * for blobs, `path`, `prefix` and `sub_operation` (as in `Blob.List`); for images, `repository`;
//! * any other attribute of a condition as `resource.NAME` or `request.NAME`.
//!
//! The answer is `{"allowed": …, "by": [role assignments], "denied_by": [deny assignments]}`, with `"because"` where the
//! resource does not listen to roles at all: a registry in the other mode, a vault with access policies.

use serde_json::{Value, json};

use super::{Refusal, bad};
use crate::authorization::access::{self, Plane};
use crate::authorization::condition::{AccessRequest, Attributes};
use crate::protocol::query::Query;
use crate::services::arm::machine_learning;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::State;

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";

pub(super) fn access(state: &State, query: &Query) -> Result<Value, Refusal> {
    let needed = |name: &str| query.get(name).ok_or_else(|| bad(&format!("the parameter `{name}` is missing")));
    let principal = principal(state, needed("principal")?);
    let scope = needed("scope")?;
    let scope = Id::parse(scope).ok_or_else(|| bad(&format!("`{scope}` is not an id")))?;
    let (plane, action) = match (query.get("action"), query.get("data_action")) {
        (Some(action), None) => (Plane::Control, action),
        (None, Some(action)) => (Plane::Data, action),
        _ => return Err(bad("name one `action` or one `data_action`")),
    };
    let (resource, request) = attributes(state, &scope, query);
    let asked = AccessRequest {
        sub_operation: query.get("sub_operation"),
        resource: &resource,
        request: &request,
        ..AccessRequest::new(action)
    };
    let verdict = access::evaluate(state, &principal, &scope, plane, &asked);
    let deaf = deaf(state, &scope, plane, action);
    Ok(json!({
        "allowed": verdict.is_allowed() && deaf.is_none(),
        "by": verdict.by,
        "denied_by": verdict.denied_by,
        "because": deaf,
    }))
}

fn principal(state: &State, text: &str) -> String {
    if let Some(identity) = Id::parse(text).and_then(|id| state.identities.get(id.key())) {
        return identity.principal.clone();
    }
    if let Some(principal) = Id::parse(text).and_then(|id| machine_learning::principal_of(state, &id)) {
        return principal;
    }
    let is_it = |one: &&crate::state::model::Principal| {
        one.client.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(text))
    };
    let in_any = || state.principals.values().find(is_it);
    let found = state.client(text, &state.tenant).or_else(in_any);
    found.map_or_else(|| text.to_owned(), |principal| principal.id.clone())
}

/// What conditions can ask about.
fn attributes(state: &State, scope: &Id, query: &Query) -> (Attributes, Attributes) {
    let (mut resource, mut request) = (Attributes::new(), Attributes::new());
    let is = |id: &Id, kind: Kind| id.resource_type().is_some_and(|full_type| Kind::of_type(&full_type) == Some(kind));
    if let Some(account) = scope.top_level().filter(|top| is(top, Kind::StorageAccount)) {
        resource.insert(&format!("{ACCOUNT}:name"), account.name());
        let known = state.resources.get(account.key()).and_then(|one| one.properties.get("isHnsEnabled"));
        if let Some(hns) = known.and_then(Value::as_bool) {
            resource.insert(&format!("{ACCOUNT}:isHnsEnabled"), hns);
        }
    }
    if is(scope, Kind::Container) {
        resource.insert(&format!("{CONTAINER}:name"), scope.name());
    }
    if let Some(path) = query.get("path") {
        resource.insert(&format!("{CONTAINER}/blobs:path"), path);
    }
    if let Some(prefix) = query.get("prefix") {
        request.insert(&format!("{CONTAINER}/blobs:prefix"), prefix);
    }
    if let Some(repository) = query.get("repository") {
        request.insert("Microsoft.ContainerRegistry/registries/repositories:name", repository);
    }
    for (name, value) in query.all() {
        if let Some(name) = name.strip_prefix("resource.") {
            resource.insert(name, value);
        } else if let Some(name) = name.strip_prefix("request.") {
            request.insert(name, value);
        }
    }
    (resource, request)
}

/// Why a resource does not listen to roles for an action.
/// Source: "Microsoft Entra repository permissions" of Container Registry; "Azure RBAC vs. access policies" of Key Vault.
fn deaf(state: &State, scope: &Id, plane: Plane, action: &str) -> Option<&'static str> {
    let top = state.resources.get(scope.top_level()?.key())?;
    let text = |name: &str| top.properties.get(name);
    let action = action.to_ascii_lowercase();
    if let Some(mode) = text("roleAssignmentMode").and_then(Value::as_str) {
        let is_abac = mode == "AbacRepositoryPermissions";
        let of_repository = action.starts_with("microsoft.containerregistry/registries/repositories/");
        let of_registry =
            ["microsoft.containerregistry/registries/pull/", "microsoft.containerregistry/registries/push/"]
                .iter()
                .any(|start| action.starts_with(start));
        if is_abac && of_registry {
            return Some("the registry is in the mode AbacRepositoryPermissions");
        }
        if !is_abac && of_repository {
            return Some("the registry is in the mode LegacyRegistryPermissions");
        }
    }
    if plane == Plane::Data && text("enableRbacAuthorization").and_then(Value::as_bool) == Some(false) {
        return Some("the vault uses access policies");
    }
    None
}
