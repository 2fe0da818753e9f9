//! Resources that are read much and written little: registries, storage accounts, vaults, clusters and what is in them.
//!
//! Source: the REST references of Container Registry, Storage, Key Vault and AKS; "List Resources" of the Resources REST
//! reference.

use http::Method;
use serde_json::{Value, json};

use super::{containers, identities, registries, resource_groups};
use crate::authorization::access::{self, Plane};
use crate::authorization::condition::AccessRequest;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::filter::{self, Term};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::request::scopes;
use crate::state::model::{Assignment, Blob, Resource};
use crate::state::{State, below};

/// Where a registry's mode came in.
const SINCE_REGISTRY_MODE: &str = "2024-11-01-preview";

/// Carries out a request on one of these kinds.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    scopes::group(state, call.id())?;
    let kind = call.route.kind;
    if let Some(top) = call.id().top_level().filter(|top| top != call.id() || call.route.name.is_none()) {
        find(state, &top)?;
    }
    match (call.method, &call.route.name) {
        (&Method::GET, None) => list(state, call, kind),
        (&Method::GET, Some(name)) if kind == Kind::BlobService => containers::service(call, name),
        (&Method::GET, Some(_)) => get(state, call),
        (&Method::PUT | &Method::PATCH, Some(name)) if kind == Kind::Registry => registries::put(state, call, name),
        (&Method::PUT, Some(name)) if kind == Kind::Container => containers::put(state, call, name),
        (&Method::DELETE, Some(_)) if matches!(kind, Kind::Registry | Kind::Container) => delete(state, call.id()),
        _ => Err(call.not_allowed()),
    }
}

/// A resource that is there.
pub(crate) fn find<'a>(state: &'a State, id: &Id) -> Answer<&'a Resource> {
    state.resources.get(id.key()).ok_or_else(|| scopes::missing(id))
}

fn get(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let found = state.resources.get(call.id().key()).ok_or_else(|| match call.route.kind {
        // What only a provider knows is missed in the provider's words.
        Kind::Container => ArmError::not_found("ContainerNotFound", "The specified container does not exist."),
        Kind::Secret => ArmError::not_found(
            "SecretNotFound",
            format!("A secret with the name '{}' was not found in this key vault.", call.id().name()),
        ),
        _ => scopes::missing(call.id()),
    })?;
    Ok(Reply::ok(render(found, call.version)))
}

fn list(state: &State, call: &Call<'_>, kind: Kind) -> Answer<Reply> {
    if kind == Kind::BlobService {
        return Ok(call.all(std::iter::once(containers::service(call, "default")?.body.unwrap_or_default())));
    }
    let inside = format!("{}/", call.id().key());
    let entries = below(&state.resources, &inside)
        .filter(|(_, one)| kind_of(one) == Some(kind) && is_shown(state, call, one))
        .map(|(key, one)| (key.as_str(), render(one, call.version)));
    call.page(entries, state.quotas.page())
}

/// Whether the caller, who may read a list, may read one of what is in it: the rest is left out, without a word.
pub(crate) fn is_shown(state: &State, call: &Call<'_>, one: &Resource) -> bool {
    // A role on the list's scope is one on all of it; only a deny assignment can take something out.
    let Some(id) = Id::parse(&one.id).filter(|_| !state.denials.is_empty()) else { return true };
    let action = call.route.action(call.method);
    access::evaluate(state, &call.caller.id, &id, Plane::Control, &AccessRequest::new(&action)).is_allowed()
}

/// Removes a resource, what is in it, and the roles that were given at it.
fn delete(state: &mut State, id: &Id) -> Answer<Reply> {
    let removed = state.remove::<Resource>(id.key())?;
    forget(state, id.key())?;
    Ok(Reply::empty(if removed.is_some() { 200 } else { 204 }))
}

/// Removes everything below a resource.
pub(crate) fn forget(state: &mut State, key: &str) -> Answer<()> {
    let inside = format!("{key}/");
    let resources: Vec<String> = below(&state.resources, &inside).map(|(key, _)| key.clone()).collect();
    for key in resources {
        state.remove::<Resource>(&key)?;
    }
    let blobs: Vec<String> = below(&state.blobs, &inside).map(|(key, _)| key.clone()).collect();
    for key in blobs {
        state.remove::<Blob>(&key)?;
    }
    let assignments: Vec<String> = below(&state.assignments, &inside).map(|(key, _)| key.clone()).collect();
    for key in assignments {
        state.remove::<Assignment>(&key)?;
    }
    Ok(())
}

/// Who has the name of a resource that isn't there: a host's name is one resource's in all of Azure, whatever the group,
/// subscription or tenant. Nobody where names are a group's own.
///
/// Source: "Naming rules and restrictions for Azure resources": storage accounts, vaults and registries are global.
pub(crate) fn namesake<'a>(state: &'a State, id: &Id) -> Option<&'a Resource> {
    let kind = Kind::of_type(&id.resource_type()?).filter(|kind| kind.is_host())?;
    state.resources.values().find(|one| kind_of(one) == Some(kind) && is_namesake(one, id))
}

fn is_namesake(one: &Resource, id: &Id) -> bool {
    Id::parse(&one.id).is_some_and(|other| other != *id && other.name().eq_ignore_ascii_case(id.name()))
}

/// What Azure says where somebody has the name.
/// Source: error codes of the providers' REST references, in the words that people report.
pub(crate) fn taken(state: &State, id: &Id) -> Answer<()> {
    let Some(kind) = namesake(state, id).and_then(kind_of) else { return Ok(()) };
    let name = id.name();
    Err(match kind {
        Kind::StorageAccount => ArmError::conflict(
            "StorageAccountAlreadyTaken",
            format!("The storage account named {name} is already taken."),
        ),
        Kind::Vault => ArmError::conflict(
            "VaultAlreadyExists",
            format!(
                "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already taken."
            ),
        ),
        // Source: REST reference, "Namespaces - Check Name Availability" of Service Bus, whose reasons have it as `NameInUse`.
        Kind::Namespace => ArmError::conflict("Conflict", format!("Namespace name {name} is already in use.")),
        _ => {
            let host = format!("{}.{}", name.to_ascii_lowercase(), state.cloud.registry);
            ArmError::conflict("AlreadyInUse", format!("The registry DNS name {host} is already in use."))
        }
    })
}

/// The kind of a resource.
pub(crate) fn kind_of(resource: &Resource) -> Option<Kind> {
    Kind::of_type(&Id::parse(&resource.id)?.resource_type()?)
}

/// `/subscriptions/S/resources` and the same of a group, with the filters that clients use.
pub(crate) fn list_all(state: &State, call: &Call<'_>) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(call.not_allowed());
    }
    scopes::subscription(state, call.id())?;
    scopes::group(state, call.id())?;
    let terms = call.query.get("$filter").map(filter::parse).transpose()?.unwrap_or_default();
    let inside = format!("{}/", call.id().key());
    let plain = below(&state.resources, &inside)
        .filter(|(key, _)| {
            !resource_groups::is_group(key) && !key.contains("/blobservices/") && !key.contains("/datastores/")
        })
        .map(|(key, one)| (key.as_str(), summary(&render(one, "9999-12-31"))));
    let identities = below(&state.identities, &inside)
        .map(|(key, one)| (key.as_str(), summary(&identities::render(one, "9999-12-31"))));
    let mut all: Vec<(&str, Value)> = plain.chain(identities).collect();
    for term in &terms {
        let Term::Equals(name, value) = term else {
            return Err(ArmError::bad_request("InvalidFilterInQueryString", "The filter is not supported."));
        };
        let field = match name.as_str() {
            "resourcetype" => "type",
            "name" => "name",
            "location" => "location",
            "resourcegroup" => {
                let group = format!("/resourcegroups/{}/", crate::services::arm::request::id::folded(value));
                all.retain(|(key, _)| key.contains(&group));
                continue;
            }
            _ => {
                return Err(ArmError::bad_request(
                    "InvalidFilterInQueryString",
                    format!("The filter on '{name}' is not supported."),
                ));
            }
        };
        all.retain(|(_, one)| one[field].as_str().is_some_and(|known| known.eq_ignore_ascii_case(value)));
    }
    all.sort_unstable_by_key(|(key, _)| *key);
    call.page(all.into_iter(), state.quotas.page().max(1000))
}

fn summary(body: &Value) -> Value {
    let mut short = json!({});
    for field in ["id", "name", "type", "kind", "sku", "location", "tags"] {
        if let Some(value) = body.get(field).filter(|value| !value.is_null()) {
            short[field] = value.clone();
        }
    }
    short
}

/// A resource as a version of the API shows it.
pub(crate) fn render(resource: &Resource, version: &str) -> Value {
    let id = Id::parse(&resource.id).unwrap_or_else(Id::root);
    let kind = kind_of(resource);
    // Types are shown in their own spelling, not in that of whoever made the resource.
    let full_type = kind.map_or_else(|| id.resource_type().unwrap_or_default(), |kind| kind.full_type().to_owned());
    let mut body = json!({"id": resource.id, "name": id.name(), "type": full_type});
    if let Some(location) = &resource.location {
        body["location"] = json!(location);
        body["tags"] = json!(resource.tags);
    }
    for (name, value) in &resource.more {
        body[name] = value.clone();
    }
    let mut properties = resource.properties.clone();
    if kind == Some(Kind::Registry) && version < SINCE_REGISTRY_MODE {
        properties.remove("roleAssignmentMode");
    }
    body["properties"] = Value::Object(properties);
    body
}

/// Whether a name is free, for kinds whose names are hosts'.
pub(crate) fn check_name(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let body: Value = call.read()?;
    let name =
        body["name"].as_str().ok_or_else(|| ArmError::invalid_content("Required property 'name' not found in JSON"))?;
    let taken = state.resources.values().any(|one| {
        kind_of(one) == Some(call.route.kind)
            && Id::parse(&one.id).is_some_and(|id| id.name().eq_ignore_ascii_case(name))
    });
    if !taken {
        return Ok(Reply::ok(json!({"nameAvailable": true})));
    }
    let message = format!("The name {name} is already in use.");
    Ok(Reply::ok(json!({"nameAvailable": false, "reason": "AlreadyExists", "message": message})))
}
