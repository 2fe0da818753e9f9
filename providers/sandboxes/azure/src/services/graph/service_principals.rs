//! Service principals of applications, and what else can be given a role, as Microsoft Graph shows them.
//!
//! Source: "servicePrincipal" of the Graph reference, "Upsert servicePrincipal".

use serde_json::{Map, Value, json};

use super::call::{Call, Key, Reply};
use super::errors::{Answer, GraphError};
use super::permissions::{self, Access};
use crate::state::model::Principal;
use crate::state::{State, time};

/// What clients may write.
const WRITABLE: &[&str] = &[
    "accountEnabled",
    "appId",
    "appRoleAssignmentRequired",
    "description",
    "displayName",
    "homepage",
    "loginUrl",
    "notes",
    "notificationEmailAddresses",
    "preferredSingleSignOnMode",
    "servicePrincipalNames",
    "tags",
];

/// Makes one for an application that is there.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let sent = call.object()?;
    let client = sent.get("appId").and_then(Value::as_str).unwrap_or_default().to_owned();
    made(state, call, &client, sent)
}

fn made(state: &mut State, call: &Call<'_>, client: &str, mut sent: Map<String, Value>) -> Answer<Reply> {
    permissions::create(state, call.caller)?;
    check(&sent)?;
    let application = state.application(client, &call.caller.tenant);
    let Some(application) = application.filter(|one| state.is_replicated(one.created)) else {
        if permissions::of(state, call.caller) == Access::Owned {
            // What it owns must be here: it says so in the words of this permission.
            return Err(GraphError::new(
                403,
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in \
                 the local tenant",
            ));
        }
        let message =
            format!("The appId '{client}' of the service principal does not reference a valid application object.");
        return Err(GraphError::bad(message).detail("NoBackingApplicationObject", "appId"));
    };
    permissions::write(state, call.caller, application)?;
    if state.client(client, &call.caller.tenant).is_some() {
        return Err(GraphError::taken(format!(
            "The service principal cannot be created, updated, or restored because the service principal name \
             {client} is already in use."
        )));
    }
    let name = application.properties.get("displayName").and_then(Value::as_str).unwrap_or_default();
    sent.remove("appId");
    let principal = Principal {
        client: Some(application.client.clone()),
        name: name.to_owned(),
        id: state.ids.guid("principal"),
        kind: "ServicePrincipal".to_owned(),
        tenant: call.caller.tenant.clone(),
        created: time::now(),
        identity: None,
        members: Vec::new(),
        certificates: Vec::new(),
        graph_permissions: Vec::new(),
        more: sent,
    };
    let shown = call.one("servicePrincipals", render(&principal));
    state.save(principal)?;
    Ok(Reply::created(shown))
}

/// Changes what is named; by the application's id, and if it is preferred, makes what isn't there.
pub(super) fn patch(state: &mut State, call: &Call<'_>, key: &Key) -> Answer<Reply> {
    let sent = call.object()?;
    let Some(mut found) = find(state, call, key).cloned() else {
        return match key {
            Key::Other(name, client) if name == "appId" && call.makes_missing => made(state, call, client, sent),
            _ => Err(GraphError::missing(key.text())),
        };
    };
    may_write(state, call, &found)?;
    check(&sent)?;
    found.more.extend(sent.into_iter().filter(|(name, _)| name != "appId"));
    state.save(found)?;
    Ok(Reply::empty())
}

/// Deletes one. Its application stays, and the roles that it had.
pub(super) fn delete(state: &mut State, call: &Call<'_>, key: &Key) -> Answer<Reply> {
    let found = find(state, call, key).cloned().ok_or_else(|| GraphError::missing(key.text()))?;
    may_write(state, call, &found)?;
    state.remove::<Principal>(&found.id.to_ascii_lowercase())?;
    Ok(Reply::empty())
}

/// A managed identity's service principal is Azure's to change.
fn may_write(state: &State, call: &Call<'_>, principal: &Principal) -> Answer<()> {
    let client = principal.client.as_deref().unwrap_or_default();
    match state.application(client, &call.caller.tenant) {
        _ if principal.identity.is_some() => Err(GraphError::denied()),
        Some(application) => permissions::write(state, call.caller, application),
        None if permissions::of(state, call.caller) == Access::All => Ok(()),
        None => Err(GraphError::denied()),
    }
}

/// One by its object id or its application's id.
pub(super) fn find<'a>(state: &'a State, call: &Call<'_>, key: &Key) -> Option<&'a Principal> {
    let found = match key {
        Key::Id(id) => state.principals.get(&id.to_ascii_lowercase()),
        Key::Other(name, client) if name == "appId" => state.client(client, &call.caller.tenant),
        Key::Other(..) => None,
    };
    found.filter(|one| one.tenant == call.caller.tenant && one.kind == "ServicePrincipal")
}

/// Whether a server has heard of one: those that Microsoft Graph made are not known at once.
pub(super) fn is_known(state: &State, principal: &Principal) -> bool {
    let client = principal.client.as_deref().unwrap_or_default();
    state.application(client, &principal.tenant).is_none() || state.is_replicated(principal.created)
}

fn check(sent: &Map<String, Value>) -> Answer<()> {
    match sent.keys().find(|name| !WRITABLE.contains(&name.as_str()) && !name.starts_with('@')) {
        None => Ok(()),
        Some(name) => Err(GraphError::bad(format!("Invalid property '{name}'."))),
    }
}

/// Whether an identity is a resource of its own, or a part of another one.
fn explicit(id: &str) -> &'static str {
    let is_own = id.to_ascii_lowercase().contains("/userassignedidentities/");
    if is_own { "isExplicit=True" } else { "isExplicit=False" }
}

/// Somebody who can be given a role.
pub(super) fn render(principal: &Principal) -> Value {
    match principal.kind.as_str() {
        "ServicePrincipal" => {
            let mut shown = json!({
                "@odata.type": "#microsoft.graph.servicePrincipal",
                "id": principal.id,
                "appId": principal.client,
                "displayName": principal.name,
                "appDisplayName": principal.identity.is_none().then_some(&principal.name),
                "accountEnabled": true,
                "servicePrincipalNames": principal.client.iter().collect::<Vec<_>>(),
                "servicePrincipalType": if principal.identity.is_some() { "ManagedIdentity" } else { "Application" },
                "alternativeNames": principal.identity.iter().flat_map(|id| [explicit(id), id]).collect::<Vec<_>>(),
                "appOwnerOrganizationId": principal.tenant,
                "tags": [],
                "notes": null,
            });
            if let Some(shown) = shown.as_object_mut() {
                shown.extend(principal.more.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            shown
        }
        "Group" => json!({
            "@odata.type": "#microsoft.graph.group",
            "id": principal.id,
            "displayName": principal.name,
            "securityEnabled": true,
        }),
        _ => json!({
            "@odata.type": "#microsoft.graph.user",
            "id": principal.id,
            "displayName": principal.name,
            "userPrincipalName": principal.name,
        }),
    }
}
