//! Applications: making, finding by a unique name, changing, deleting and bringing back.
//!
//! Source: "application" of the Graph reference, "Upsert application", "Delete application", "Restore deleted item";
//! the properties are those of the service's metadata.

use http::Method;
use serde_json::{Map, Value, json};

use super::call::{Call, Key, Reply};
use super::errors::{Answer, GraphError};
use super::filter::Filter;
use super::{federated, passwords, permissions, service_principals};
use crate::state::model::{Application, Principal};
use crate::state::{State, time};

/// What clients may write.
const WRITABLE: &[&str] = &[
    "addIns",
    "api",
    "appRoles",
    "authenticationBehaviors",
    "defaultRedirectUri",
    "description",
    "displayName",
    "groupMembershipClaims",
    "identifierUris",
    "info",
    "isDeviceOnlyAuthSupported",
    "isDisabled",
    "isFallbackPublicClient",
    "keyCredentials",
    "logo",
    "nativeAuthenticationApisEnabled",
    "notes",
    "oauth2RequirePostResponse",
    "optionalClaims",
    "parentalControlSettings",
    "publicClient",
    "requestSignatureVerification",
    "requiredResourceAccess",
    "samlMetadataUrl",
    "serviceManagementReference",
    "servicePrincipalLockConfiguration",
    "signInAudience",
    "spa",
    "tags",
    "tokenEncryptionKeyId",
    "web",
];

const AUDIENCES: &[&str] =
    &["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"];

/// How long a deleted one can be restored.
const RESTORABLE: time::Millis = 30 * 24 * 3600 * 1000;

/// A request on applications, or one of them.
pub(super) fn call(state: &mut State, call: &Call<'_>, key: Option<&Key>, rest: &[&str]) -> Answer<Reply> {
    match (call.method, key, rest) {
        (&Method::GET, None, []) => list(state, call),
        (&Method::POST, None, []) => {
            permissions::create(state, call.caller)?;
            let sent = call.object()?;
            let made = make(state, call, sent, None)?;
            Ok(Reply::created(call.one("applications", render(&made))))
        }
        (&Method::GET, Some(key), []) => {
            permissions::read(state, call.caller)?;
            let found = known(state, call, key)?;
            Ok(Reply::ok(call.one("applications", render(found))))
        }
        (&Method::PATCH, Some(key), []) => patch(state, call, key),
        (&Method::DELETE, Some(key), []) => delete(state, call, key),
        (_, Some(key), ["addPassword" | "removePassword"]) => passwords::call(state, call, key, rest),
        (_, Some(key), [first, more @ ..]) if first.starts_with("federatedIdentityCredentials") => {
            federated::call(state, call, key, first, more)
        }
        (&Method::GET, Some(key), ["owners"]) => {
            permissions::read(state, call.caller)?;
            let owners = known(state, call, key)?.owners.clone();
            let shown = owners.iter().filter_map(|id| state.principals.get(&id.to_ascii_lowercase()));
            let shown = shown.map(service_principals::render).collect();
            Ok(Reply::ok(call.page("directoryObjects", shown, state.quotas.page())?))
        }
        _ => Err(super::unknown(call)),
    }
}

/// The application of a key, known or not yet known everywhere.
pub(super) fn find<'a>(state: &'a State, call: &Call<'_>, key: &Key) -> Answer<&'a Application> {
    let fits = |one: &&Application| match key {
        Key::Id(id) => one.id.eq_ignore_ascii_case(id),
        Key::Other(name, value) if name == "appId" => one.client.eq_ignore_ascii_case(value),
        Key::Other(name, value) if name == "uniqueName" => one.unique_name.as_deref() == Some(value),
        Key::Other(..) => false,
    };
    let mut mine = state.applications.values().filter(|one| one.tenant == call.caller.tenant && one.deleted.is_none());
    mine.find(fits).ok_or_else(|| GraphError::missing(key.text()))
}

/// The same, for requests that go to a server that may not have heard of a new one.
pub(super) fn known<'a>(state: &'a State, call: &Call<'_>, key: &Key) -> Answer<&'a Application> {
    let found = find(state, call, key)?;
    if state.is_replicated(found.created) { Ok(found) } else { Err(GraphError::missing(key.text())) }
}

fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    permissions::read(state, call.caller)?;
    let filter = call.query.get("$filter").map(Filter::read).transpose()?;
    let mine = state.applications.values().filter(|one| one.tenant == call.caller.tenant && one.deleted.is_none());
    let shown = mine.filter(|one| state.is_replicated(one.created)).map(render);
    let found = shown.filter(|one| filter.as_ref().is_none_or(|filter| filter.fits_value(one))).collect();
    Ok(Reply::ok(call.page("applications", found, state.quotas.page())?))
}

/// Makes an application, which the caller owns if it is an application itself.
fn make(
    state: &mut State,
    call: &Call<'_>,
    sent: Map<String, Value>,
    unique_name: Option<String>,
) -> Answer<Application> {
    check(&sent)?;
    let name = sent.get("displayName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(GraphError::bad("Property displayName is required and can't be empty.")
            .detail("InvalidValue", "displayName"));
    }
    if let Some(unique_name) = &unique_name {
        check_unique_name(state, call, unique_name)?;
    }
    let mut properties = sent;
    properties.entry("signInAudience").or_insert_with(|| json!("AzureADMyOrg"));
    let made = Application {
        id: state.ids.guid("application"),
        client: state.ids.guid("client"),
        tenant: call.caller.tenant.clone(),
        unique_name,
        created: time::now(),
        deleted: None,
        deleted_principal: None,
        owners: vec![call.caller.id.clone()],
        passwords: Vec::new(),
        credentials: Vec::new(),
        properties,
    };
    state.save(made.clone())?;
    Ok(made)
}

/// A unique name is somebody's also while that one can still be restored.
fn check_unique_name(state: &State, call: &Call<'_>, name: &str) -> Answer<()> {
    if name.is_empty() || name.chars().count() > 120 {
        return Err(
            GraphError::bad("The uniqueName must have 1 to 120 characters.").detail("InvalidValue", "uniqueName")
        );
    }
    let now = time::now();
    let is_there = |one: &&Application| one.deleted.is_none_or(|deleted| deleted + RESTORABLE > now);
    let mut mine = state.applications.values().filter(|one| one.tenant == call.caller.tenant).filter(is_there);
    if mine.any(|one| one.unique_name.as_deref() == Some(name)) {
        let message = "Another object with the same value for property uniqueName already exists.";
        return Err(GraphError::bad(message).detail("ObjectConflict", "uniqueName"));
    }
    Ok(())
}

/// Changes what is named; by a unique name, and if it is preferred, makes what isn't there.
fn patch(state: &mut State, call: &Call<'_>, key: &Key) -> Answer<Reply> {
    let sent = call.object()?;
    let Ok(found) = find(state, call, key).cloned() else {
        let Key::Other(name, value) = key else { return Err(GraphError::missing(key.text())) };
        if name != "uniqueName" || !call.makes_missing {
            return Err(GraphError::missing(value));
        }
        permissions::create(state, call.caller)?;
        let made = make(state, call, sent, Some(value.clone()))?;
        return Ok(Reply::created(call.one("applications", render(&made))));
    };
    permissions::write(state, call.caller, &found)?;
    // Who finds it by the unique name speaks to where it is written.
    if !matches!(key, Key::Other(name, _) if name == "uniqueName") {
        known(state, call, key)?;
    }
    check(&sent)?;
    let mut changed = found;
    changed.properties.extend(sent);
    state.save(changed)?;
    Ok(Reply::empty())
}

/// Deletes an application and its service principal. It can be restored for a month.
fn delete(state: &mut State, call: &Call<'_>, key: &Key) -> Answer<Reply> {
    let mut gone = known(state, call, key)?.clone();
    permissions::write(state, call.caller, &gone)?;
    gone.deleted = Some(time::now());
    let principal = state.client(&gone.client, &gone.tenant).cloned();
    if let Some(principal) = &principal {
        state.remove::<Principal>(&principal.id.to_ascii_lowercase())?;
    }
    gone.deleted_principal = principal;
    state.save(gone)?;
    Ok(Reply::empty())
}

/// Deleted applications: listed, restored, or deleted for good.
pub(super) fn deleted(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Answer<Reply> {
    let now = time::now();
    let is_mine = |one: &&Application| {
        one.tenant == call.caller.tenant && one.deleted.is_some_and(|deleted| deleted + RESTORABLE > now)
    };
    let find = |state: &State, id: &str| {
        let mut mine = state.applications.values().filter(is_mine);
        mine.find(|one| one.id.eq_ignore_ascii_case(id)).cloned().ok_or_else(|| GraphError::missing(id))
    };
    permissions::read(state, call.caller)?;
    match (call.method, rest) {
        (&Method::GET, ["microsoft.graph.application"]) => {
            let shown = state.applications.values().filter(is_mine).map(render).collect();
            Ok(Reply::ok(call.page("applications", shown, state.quotas.page())?))
        }
        (&Method::GET, [id]) => Ok(Reply::ok(call.one("applications", render(&find(state, id)?)))),
        (&Method::DELETE, [id]) => {
            let gone = find(state, id)?;
            permissions::write(state, call.caller, &gone)?;
            state.remove::<Application>(&gone.id.to_ascii_lowercase())?;
            Ok(Reply::empty())
        }
        (&Method::POST, [id, "restore"]) => {
            let mut back = find(state, id)?;
            permissions::write(state, call.caller, &back)?;
            back.deleted = None;
            if let Some(principal) = back.deleted_principal.take() {
                state.save(principal)?;
            }
            let shown = render(&back);
            state.save(back)?;
            Ok(Reply::ok(call.one("directoryObjects", shown)))
        }
        _ => Err(super::unknown(call)),
    }
}

/// What is written has to be among the properties, and in their form.
fn check(sent: &Map<String, Value>) -> Answer<()> {
    if let Some(name) = sent.keys().find(|name| !WRITABLE.contains(&name.as_str()) && !name.starts_with('@')) {
        let message = match name.as_str() {
            "passwordCredentials" => "Secrets of an application are added with addPassword.".to_owned(),
            "uniqueName" | "appId" | "id" | "createdDateTime" => {
                format!("Property '{name}' is read-only and cannot be set.")
            }
            _ => format!("Invalid property '{name}'."),
        };
        return Err(GraphError::bad(message));
    }
    for (name, most) in [("displayName", 256), ("notes", 1024), ("description", 1024)] {
        let is_long = |value: &Value| value.as_str().map_or(!value.is_null(), |text| text.chars().count() > most);
        if sent.get(name).is_some_and(is_long) {
            return Err(GraphError::bad(format!(
                "Invalid value specified for property '{name}' of resource 'Application'."
            )));
        }
    }
    let is_text = |tag: &Value| tag.as_str().is_some_and(|tag| (1..=256).contains(&tag.chars().count()));
    if sent.get("tags").is_some_and(|tags| !tags.as_array().is_some_and(|tags| tags.iter().all(is_text))) {
        return Err(GraphError::bad("Invalid value specified for property 'tags' of resource 'Application'."));
    }
    match sent.get("signInAudience").map(|audience| audience.as_str().is_some_and(|one| AUDIENCES.contains(&one))) {
        Some(false) => {
            Err(GraphError::bad("Invalid value specified for property 'signInAudience' of resource 'Application'."))
        }
        _ => Ok(()),
    }
}

/// An application as Microsoft Graph shows it.
pub(crate) fn render(application: &Application) -> Value {
    let mut shown = json!({
        "id": application.id,
        "deletedDateTime": application.deleted.map(seconds),
        "appId": application.client,
        "createdDateTime": seconds(application.created),
        "description": null,
        "displayName": null,
        "identifierUris": [],
        "keyCredentials": [],
        "notes": null,
        "passwordCredentials": application.passwords.iter().map(passwords::render).collect::<Vec<_>>(),
        "requiredResourceAccess": [],
        "appRoles": [],
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "uniqueName": application.unique_name,
        "api": {"oauth2PermissionScopes": [], "preAuthorizedApplications": [], "knownClientApplications": []},
        "web": {"redirectUris": [], "homePageUrl": null, "logoutUrl": null},
        "spa": {"redirectUris": []},
        "publicClient": {"redirectUris": []},
    });
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(application.properties.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    shown
}

/// A moment in whole seconds, as Microsoft Graph writes it.
pub(super) fn seconds(millis: time::Millis) -> String {
    format!("{}Z", cloudgrant_sandbox_kit::clock::date_and_time(millis, 'T'))
}
