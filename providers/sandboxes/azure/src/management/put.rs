//! Making, changing and removing things behind everybody's back: what other people and Azure itself would do.
//!
//! `POST /_sandbox/put` takes what Azure Resource Manager would show: an `id`, and what is to be changed about it. What is
//! there is merged with it (RFC 7396: `null` removes), what isn't is made, with the group and subscription around it.
//! Nothing is checked but one thing that nobody in Azure can do: to take a host's name that somebody has. The answer is what
//! there is now.
//!
//! * `{"id": "/subscriptions/…", "tenantId": …}`: a subscription. The sandbox's client becomes its Owner if it is of the
//!   home tenant, unless `"owner": false`.
//! * Ids of role, deny and federated things, identities, resources of any type.
//! * `{"id": …, "fails": {"code": …, "message": …}}`: the next operation on a workspace, compute or endpoint is
//!   accepted, and fails at its end.
//! * `{"appManagementPolicy": …}`: what the home tenant allows of applications' secrets, as Microsoft Graph has it
//!   below `policies/defaultAppManagementPolicy`.
//! * `{"principal": {"id": …, "type": "User", "displayName": …, "appId": …, "tenantId": …, "members": […]}}`; with
//!   `"certificates": ["-----BEGIN CERTIFICATE-----…"]`, the application can log in with the key of any of them;
//!   with `"graphPermissions": ["Application.ReadWrite.OwnedBy"]` it may do so much in Microsoft Graph.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::show::NEWEST;
use super::{Refusal, bad, put_roles, show};
use crate::protocol::errors::ArmError;
use crate::seed;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::resources::{defaults, federated_credentials, generic, identities};
use crate::services::entra::jwt;
use crate::state::model::{
    AppPolicy, Assignment, Credential, Definition, Denial, Failure, Identity, Principal, Resource, Subscription, Tags,
};
use crate::state::{State, time};

/// Errors of Azure's that happen here too.
impl From<ArmError> for Refusal {
    fn from(error: ArmError) -> Self {
        bad(&error.message)
    }
}

/// Makes or changes something.
pub(super) fn put(state: &mut State, body: &Value) -> Result<Value, Refusal> {
    if let Some(policy) = body.get("appManagementPolicy") {
        return app_policy(state, policy);
    }
    if let Some(wanted) = body.get("principal") {
        return principal(state, wanted);
    }
    let id = id_of(body)?;
    if id.parent().is_none() && id.group().is_none() {
        return subscription(state, &id, body);
    }
    if let Some(failure) = body.get("fails") {
        let failure: Failure = serde_json::from_value(failure.clone())
            .map_err(|error| bad(&format!("`fails` has a code and a message: {error}")))?;
        let shown = json!({"id": id.text(), "fails": &failure});
        state.failing.insert(id.key().to_owned(), failure);
        return Ok(shown);
    }
    around(state, &id)?;
    let kind = id.resource_type().and_then(|full_type| Kind::of_type(&full_type));
    match kind {
        Some(Kind::RoleAssignment) => put_roles::assignment(state, &id, body),
        Some(Kind::RoleDefinition) => put_roles::definition(state, &id, body),
        Some(Kind::DenyAssignment) => put_roles::denial(state, &id, body),
        Some(Kind::Identity) => identity(state, &id, body),
        Some(Kind::Credential) => credential(state, &id, body),
        _ => resource(state, &id, body),
    }
}

/// Removes something, with what is in it. That it is not there is fine.
pub(super) fn delete(state: &mut State, body: &Value) -> Result<Value, Refusal> {
    if let Some(id) = body["principal"].as_str() {
        let removed = state.remove::<Principal>(&id.to_ascii_lowercase()).map_err(ArmError::from)?;
        return Ok(json!({"removed": removed.is_some()}));
    }
    let id = id_of(body)?;
    let key = id.key();
    if let Some(identity) = state.identities.get(key).cloned() {
        identities::remove(state, &identity)?;
        return Ok(json!({"removed": true}));
    }
    generic::forget(state, key)?;
    let name = id.name().to_ascii_lowercase();
    let mut remove = || -> cloudgrant_sandbox_kit::Result<bool> {
        Ok(state.remove::<Resource>(key)?.is_some()
            | state.remove::<Credential>(key)?.is_some()
            | state.remove::<Assignment>(key)?.is_some()
            | state.remove::<Denial>(key)?.is_some()
            | state.remove::<Definition>(&name)?.is_some()
            | state.remove::<Subscription>(&name)?.is_some())
    };
    let removed = remove().map_err(ArmError::from)?;
    Ok(json!({"removed": removed}))
}

fn id_of(body: &Value) -> Result<Id, Refusal> {
    let text = body["id"].as_str().ok_or_else(|| bad("name what is meant: {\"id\": …} or {\"principal\": …}"))?;
    Id::parse(text).filter(|id| !id.is_root()).ok_or_else(|| bad(&format!("`{text}` is not an id")))
}

fn around(state: &mut State, id: &Id) -> Result<(), Refusal> {
    seed::make_around(state, id)?;
    Ok(())
}

fn subscription(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let name = id.subscription().ok_or_else(|| bad("only subscriptions, groups and resources can be put"))?;
    let before = state.subscription(name).cloned();
    let text = |field: &str, before: Option<String>, default: &str| {
        body[field].as_str().map(str::to_owned).or(before).unwrap_or_else(|| default.to_owned())
    };
    let home = state.tenant.clone();
    let made = Subscription {
        id: name.to_ascii_lowercase(),
        tenant: text("tenantId", before.as_ref().map(|one| one.tenant.clone()), &home),
        name: text("displayName", before.as_ref().map(|one| one.name.clone()), "put by hand"),
        state: text("state", before.map(|one| one.state), "Enabled"),
    };
    let shown = show::subscription(&made);
    let owned = made.tenant == home && body["owner"] != json!(false);
    let owner = seed::owner(&made.tenant, &made.id);
    state.save(made).map_err(ArmError::from)?;
    if owned {
        state.save(owner).map_err(ArmError::from)?;
    }
    Ok(shown)
}

fn principal(state: &mut State, wanted: &Value) -> Result<Value, Refusal> {
    let id = match wanted["id"].as_str() {
        Some(id) => id.to_ascii_lowercase(),
        None => state.ids.guid("principal"),
    };
    let before = state.principals.get(&id).cloned();
    let text = |field: &str| wanted[field].as_str().map(str::to_owned);
    let members =
        wanted["members"].as_array().map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let certificates = wanted["certificates"].as_array().map(|all| certificates(all)).transpose()?;
    let permissions = wanted["graphPermissions"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let made = Principal {
        graph_permissions: permissions
            .or_else(|| before.as_ref().map(|one| one.graph_permissions.clone()))
            .unwrap_or_default(),
        more: before.as_ref().map(|one| one.more.clone()).unwrap_or_default(),
        certificates: certificates.or_else(|| before.as_ref().map(|one| one.certificates.clone())).unwrap_or_default(),
        client: text("appId").or_else(|| before.as_ref().and_then(|one| one.client.clone())),
        name: text("displayName").or_else(|| before.as_ref().map(|one| one.name.clone())).unwrap_or_else(|| id.clone()),
        kind: text("type").or_else(|| before.as_ref().map(|one| one.kind.clone())).unwrap_or_else(|| "User".to_owned()),
        tenant: text("tenantId")
            .or_else(|| before.as_ref().map(|one| one.tenant.clone()))
            .unwrap_or_else(|| state.tenant.clone()),
        created: before.as_ref().map_or(0, |one| one.created),
        identity: before.as_ref().and_then(|one| one.identity.clone()),
        members: members.or_else(|| before.map(|one| one.members)).unwrap_or_default(),
        id,
    };
    let shown = show::principal(&made);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}

/// Certificates in PEM, one each.
fn certificates(all: &[Value]) -> Result<Vec<String>, Refusal> {
    let read = |text: &Value| {
        let der = text.as_str().and_then(|text| CertificateDer::from_pem_slice(text.as_bytes()).ok());
        der.map(|der| jwt::encode(&der)).ok_or_else(|| bad("`certificates` takes certificates in PEM"))
    };
    all.iter().map(read).collect()
}

/// What the home tenant allows of applications' credentials.
fn app_policy(state: &mut State, policy: &Value) -> Result<Value, Refusal> {
    let Value::Object(policy) = policy else { return Err(bad("`appManagementPolicy` is an object")) };
    let made = AppPolicy { id: state.tenant.clone(), policy: policy.clone() };
    state.save(made).map_err(ArmError::from)?;
    Ok(json!({"appManagementPolicy": policy}))
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// What there is with the wish laid over it, read as something.
pub(super) fn merged<T: for<'a> Deserialize<'a>>(before: Option<Value>, body: &Value) -> Result<T, Refusal> {
    let mut all = before.unwrap_or_else(|| json!({}));
    merge(&mut all, body);
    serde_json::from_value(all).map_err(|error| bad(&format!("this can't be put: {error}")))
}

fn identity(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let before = state.identities.get(id.key()).cloned();
    let mut made = match before {
        Some(before) => before,
        None => identities::make(state, id, seed::LOCATION, time::now())?,
    };
    if let Some(location) = body["location"].as_str() {
        made.location = location.to_owned();
    }
    if let Some(tags) = body.get("tags") {
        made.tags = merged::<Tags>(Some(json!(made.tags)), tags)?;
    }
    let shown = identities::render(&made, NEWEST);
    state.save::<Identity>(made).map_err(ArmError::from)?;
    Ok(shown)
}

#[derive(Deserialize)]
struct CredentialBody {
    properties: CredentialProperties,
}

#[derive(Deserialize)]
struct CredentialProperties {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
}

fn credential(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let properties =
        merged::<CredentialBody>(state.credentials.get(id.key()).map(federated_credentials::render), body)?.properties;
    let CredentialProperties { issuer, subject, audiences } = properties;
    let made =
        Credential { id: id.text().to_owned(), issuer, subject, audiences, name: None, description: None, changed: 0 };
    let shown = federated_credentials::render(&made);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}

fn resource(state: &mut State, id: &Id, body: &Value) -> Result<Value, Refusal> {
    let location = body["location"].as_str().unwrap_or(seed::LOCATION);
    let tenant = state.tenant_of(id).to_owned();
    let before = state.resources.get(id.key()).cloned();
    if before.is_none() {
        generic::taken(state, id)?;
    }
    let mut made = before.unwrap_or_else(|| defaults::resource(state.cloud, id, location, &tenant, time::now()));
    if body["location"].is_string() {
        made.location = Some(location.to_owned());
    }
    if let Some(tags) = body.get("tags") {
        made.tags = merged::<Tags>(Some(json!(made.tags)), tags)?;
    }
    if let Some(properties) = body.get("properties") {
        made.properties = merged(Some(Value::Object(made.properties)), properties)?;
    }
    let own = ["id", "name", "type", "location", "tags", "properties"];
    for (name, value) in body.as_object().into_iter().flatten().filter(|(name, _)| !own.contains(&name.as_str())) {
        made.more.insert(name.clone(), value.clone());
    }
    let shown = generic::render(&made, NEWEST);
    state.save(made).map_err(ArmError::from)?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_merged() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut target, &json!({"a": {"b": null, "e": 3}, "d": [2]}));
        assert_eq!(target, json!({"a": {"c": 2, "e": 3}, "d": [2]}));
    }
}
