//! User-assigned managed identities.
//!
//! Source: "User Assigned Identities" of the Managed Identity REST reference; "Naming rules and restrictions for Azure
//! resources"; "Use tags to organize your Azure resources".

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::{scopes, tags};
use crate::state::model::{Credential, Identity, Principal, Tags};
use crate::state::{State, below, time};

const TYPE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
const SINCE_ISOLATION: &str = "2024-11-30";

#[derive(Deserialize)]
struct Body {
    location: Option<String>,
    tags: Option<Tags>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    isolation_scope: Option<String>,
}

/// Carries out a request.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    scopes::group(state, call.id())?;
    match (call.method, &call.route.name) {
        (&Method::GET, None) => list(state, call),
        (&Method::GET, Some(_)) => Ok(Reply::ok(render(find(state, call.id())?, call.version))),
        (&Method::PUT, Some(name)) => put(state, call, name),
        (&Method::PATCH, Some(_)) => patch(state, call),
        (&Method::DELETE, Some(_)) => delete(state, call.id()),
        _ => Err(call.not_allowed()),
    }
}

/// An identity that is there.
pub(crate) fn find<'a>(state: &'a State, id: &Id) -> Answer<&'a Identity> {
    state.identities.get(id.key()).ok_or_else(|| scopes::missing(id))
}

fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let inside = format!("{}/", call.id().key());
    let entries = below(&state.identities, &inside).map(|(key, one)| (key.as_str(), render(one, call.version)));
    call.page(entries, state.quotas.page())
}

fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    check_name(name)?;
    let body: Body = call.read()?;
    let location = location(body.location.as_deref())?;
    let tags = tags::folded(body.tags.unwrap_or_default());
    tags::check(&tags, state.quotas.tags())?;
    let isolation = body.properties.and_then(|properties| properties.isolation_scope);
    if let Some(before) = state.identities.get(call.id().key()) {
        if before.location != location {
            return Err(tags::other_location(name, &before.location, TYPE));
        }
        let isolation = isolation.or_else(|| before.isolation.clone());
        let changed = Identity { tags, isolation, ..before.clone() };
        let body = render(&changed, call.version);
        state.save(changed)?;
        return Ok(Reply::ok(body));
    }
    let mut identity = make(state, call.id(), &location, time::now())?;
    identity.tags = tags;
    identity.isolation = isolation;
    let body = render(&identity, call.version);
    state.save(identity)?;
    Ok(Reply::created(body))
}

fn patch(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let body: Body = call.read()?;
    let mut identity = find(state, call.id())?.clone();
    if let Some(tags) = body.tags.map(tags::folded) {
        tags::check(&tags, state.quotas.tags())?;
        identity.tags = tags;
    }
    let body = render(&identity, call.version);
    state.save(identity)?;
    Ok(Reply::ok(body))
}

/// Removes an identity, its federated credentials and its principal. Role assignments of the principal stay, as in Azure.
fn delete(state: &mut State, id: &Id) -> Answer<Reply> {
    let Some(identity) = state.identities.get(id.key()).cloned() else { return Ok(Reply::empty(204)) };
    remove(state, &identity)?;
    Ok(Reply::empty(200))
}

/// Removes an identity with all that is a part of it.
pub(crate) fn remove(state: &mut State, identity: &Identity) -> Answer<()> {
    let key = identity.id.to_ascii_lowercase();
    let inside = format!("{key}/");
    let credentials: Vec<String> = below(&state.credentials, &inside).map(|(key, _)| key.clone()).collect();
    for credential in credentials {
        state.remove::<Credential>(&credential)?;
    }
    super::generic::forget(state, &key)?;
    state.remove::<Principal>(&identity.principal.to_ascii_lowercase())?;
    state.remove::<Identity>(&key)?;
    Ok(())
}

/// A new identity with a principal of its own, which is saved. One of an earlier identity's name has other ids.
pub(crate) fn make(state: &mut State, id: &Id, location: &str, created: time::Millis) -> Answer<Identity> {
    let tenant = state.tenant_of(id).to_owned();
    let identity = Identity {
        id: id.text().to_owned(),
        location: location.to_owned(),
        tags: Tags::new(),
        principal: state.ids.guid("principal"),
        client: state.ids.guid("client"),
        tenant: tenant.clone(),
        created,
        isolation: None,
    };
    state.save(Principal {
        id: identity.principal.clone(),
        client: Some(identity.client.clone()),
        name: id.name().to_owned(),
        kind: "ServicePrincipal".to_owned(),
        tenant,
        created,
        identity: Some(identity.id.clone()),
        members: Vec::new(),
        certificates: Vec::new(),
        graph_permissions: Vec::new(),
        more: Map::new(),
    })?;
    Ok(identity)
}

/// 3 to 128 letters, digits, hyphens and underscores, a letter or digit first.
fn check_name(name: &str) -> Answer<()> {
    let fits = (3..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits {
        return Ok(());
    }
    Err(ArmError::bad_request(
        "InvalidResourceName",
        format!(
            "The resource name '{name}' is invalid. It must have 3 to 128 characters, begin with a letter or digit, and \
             hold only letters, digits, hyphens and underscores."
        ),
    ))
}

/// A location as Azure keeps it: `West Europe` is `westeurope`.
pub(crate) fn location(text: Option<&str>) -> Answer<String> {
    let location = text.unwrap_or_default().replace(' ', "").to_ascii_lowercase();
    if location.is_empty() {
        return Err(ArmError::bad_request(
            "LocationRequired",
            "The location property is required for this definition.",
        ));
    }
    Ok(location)
}

/// An identity as a version of the API shows it.
pub(crate) fn render(identity: &Identity, version: &str) -> Value {
    let mut properties = json!({
        "tenantId": identity.tenant,
        "principalId": identity.principal,
        "clientId": identity.client,
    });
    if version >= SINCE_ISOLATION {
        properties["isolationScope"] = json!(identity.isolation.as_deref().unwrap_or("None"));
    }
    json!({
        "location": identity.location,
        "tags": identity.tags,
        "id": identity.id,
        "name": identity.id.rsplit('/').next().unwrap_or_default(),
        "type": TYPE,
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for name in ["abc", "flyteuser-acme", "A1_", &"x".repeat(128)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["ab", "-abc", "a.b", "käse", &"x".repeat(129)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
