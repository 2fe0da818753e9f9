//! Datastores: where data is, and perhaps with which credentials it is read. Secrets are written, and shown by
//! `listSecrets` alone; whoever writes a datastore back as it is shown loses them.
//!
//! Source: "Datastores" of the REST reference; "Create datastores"; "Administer data authentication".

use cloudgrant_sandbox_kit::ids::guid_of;
use serde_json::{Map, Value, json};

use super::body::{Body, invalid, system_data, text};
use super::workspaces;
use crate::protocol::errors::{Answer, ArmError};
use crate::protocol::query::Query;
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::resources::{defaults, generic};
use crate::state::model::{Resource, Tags};
use crate::state::{State, time};

/// The types, and what each needs.
const TYPES: &[(&str, &[&str])] = &[
    ("AzureBlob", &[]),
    ("AzureDataLakeGen1", &["storeName"]),
    ("AzureDataLakeGen2", &["accountName", "filesystem"]),
    ("AzureFile", &["accountName", "fileShareName"]),
    ("OneLake", &["artifact", "oneLakeWorkspaceName"]),
];

/// The types of credentials, and what is needed of each beside the secret.
const CREDENTIALS: &[(&str, &[&str])] = &[
    ("None", &[]),
    ("AccountKey", &[]),
    ("Sas", &[]),
    ("ServicePrincipal", &["clientId", "tenantId"]),
    ("Certificate", &["clientId", "tenantId", "thumbprint"]),
];

/// What a datastore begins with and keeps.
const FIXED: &[&str] = &[
    "accountName",
    "containerName",
    "datastoreType",
    "endpoint",
    "fileShareName",
    "filesystem",
    "protocol",
    "serviceDataAccessAuthIdentity",
    "storeName",
];

const IDENTITIES: &[&str] = &["None", "WorkspaceSystemAssignedIdentity", "WorkspaceUserAssignedIdentity"];

/// The datastore that is used where none is named.
const DEFAULT: &str = "workspaceblobstore";

/// Makes a datastore, or writes all of one anew.
pub(super) fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    check_name(name)?;
    let body = Body::read(state, call)?;
    let before = state.resources.get(call.id().key()).cloned();
    let mut properties: Map<String, Value> =
        body.properties.into_iter().filter(|(name, value)| name != "isDefault" && !value.is_null()).collect();
    let kind = datastore_type(&properties)?;
    let credentials = properties.get("credentials").cloned().unwrap_or_default();
    let (shown, secrets) = split_secrets(credentials)?;
    if kind == "AzureFile" && shown["credentialsType"] == "None" {
        return Err(invalid("A datastore of type AzureFile needs credentials."));
    }
    for name in FIXED {
        let kept = before.as_ref().and_then(|before| before.properties.get(*name));
        if let (Some(kept), Some(sent)) = (kept, properties.get(*name))
            && kept != sent
        {
            return Err(ArmError::bad_request(
                "DatastorePropertyImmutable",
                format!("The property '{name}' of a datastore can't be changed after it was created."),
            ));
        }
    }
    let skips = call.query.get("skipValidation").is_some_and(|skips| skips.eq_ignore_ascii_case("true"));
    if !skips && shown["credentialsType"] != "None" {
        check_place(state, &properties)?;
    }
    properties.insert("credentials".to_owned(), shown);
    let is_new = before.is_none();
    let datastore =
        made(call.id(), properties, secrets, system_data(&call.caller.client, before.as_ref()), before.as_ref());
    let reply = Reply::written(is_new, generic::render(&datastore, call.version));
    state.save(datastore)?;
    Ok(reply)
}

pub(super) fn made(
    id: &Id,
    mut properties: Map<String, Value>,
    secrets: Map<String, Value>,
    system_data: Value,
    before: Option<&Resource>,
) -> Resource {
    properties.insert("isDefault".to_owned(), json!(id.name() == DEFAULT));
    for (name, value) in [("endpoint", "core.windows.net"), ("protocol", "https")] {
        if properties.contains_key("accountName") {
            properties.entry(name).or_insert_with(|| json!(value));
        }
    }
    Resource {
        id: before.map_or_else(|| id.text().to_owned(), |before| before.id.clone()),
        location: None,
        tags: Tags::new(),
        created: before.map_or_else(time::now, |before| before.created),
        more: Map::from_iter([("systemData".to_owned(), system_data)]),
        properties,
        secrets,
    }
}

/// Removes a datastore. What it names stays.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    if call.id().name() == DEFAULT {
        return Err(invalid(format!("The default datastore '{DEFAULT}' can't be deleted.")));
    }
    let removed = state.remove::<Resource>(call.id().key())?;
    Ok(Reply::empty(if removed.is_some() { 200 } else { 204 }))
}

/// The secrets of a datastore.
pub(super) fn list_secrets(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let there = generic::find(state, call.id())?;
    if there.secrets.is_empty() {
        return Err(invalid(format!("The datastore '{}' has no secrets.", call.id().name())));
    }
    Ok(Reply::ok(Value::Object(there.secrets.clone())))
}

/// Whether a list is to have a datastore.
pub(super) fn is_asked_for(datastore: &Resource, query: &Query) -> bool {
    let name = datastore.id.rsplit('/').next().unwrap_or_default();
    let is_default = |wanted: &str| {
        datastore.properties.get("isDefault").and_then(Value::as_bool) == Some(wanted.eq_ignore_ascii_case("true"))
    };
    query.get("isDefault").is_none_or(is_default)
        && query.get("names").is_none_or(|names| names.split(',').any(|one| one.trim() == name))
        && query.get("searchText").is_none_or(|part| name.contains(part))
}

fn datastore_type(properties: &Map<String, Value>) -> Answer<&'static str> {
    let sent = text(properties, "datastoreType").unwrap_or_default();
    let Some((kind, needed)) = TYPES.iter().find(|(known, _)| *known == sent) else {
        return Err(invalid(format!("The datastore type '{sent}' is not supported.")));
    };
    if let Some(name) = needed.iter().find(|name| !properties.contains_key(**name)) {
        return Err(invalid(format!("The property '{name}' of a datastore of type {kind} is required.")));
    }
    if let Some(identity) = text(properties, "serviceDataAccessAuthIdentity").filter(|one| !IDENTITIES.contains(one)) {
        return Err(invalid(format!("The serviceDataAccessAuthIdentity '{identity}' is not supported.")));
    }
    Ok(kind)
}

/// The credentials as they are shown, and the secrets of them.
pub(super) fn split_secrets(credentials: Value) -> Answer<(Value, Map<String, Value>)> {
    let Value::Object(mut shown) = credentials else {
        return Err(invalid("The credentials of a datastore are required."));
    };
    let kind = text(&shown, "credentialsType").unwrap_or_default().to_owned();
    let Some((kind, needed)) = CREDENTIALS.iter().find(|(known, _)| *known == kind) else {
        return Err(invalid(format!("The credentials type '{kind}' is not supported.")));
    };
    if let Some(name) = needed.iter().find(|name| text(&shown, name).is_none()) {
        return Err(invalid(format!("The property '{name}' of credentials of type {kind} is required.")));
    }
    if *kind == "None" {
        return Ok((json!({"credentialsType": "None"}), Map::new()));
    }
    match shown.remove("secrets") {
        Some(Value::Object(secrets)) if secrets.get("secretsType").and_then(Value::as_str) == Some(kind) => {
            shown.insert("secrets".to_owned(), json!({"secretsType": kind}));
            Ok((Value::Object(shown), secrets))
        }
        _ => Err(invalid(format!("Secrets of type {kind} are required."))),
    }
}

/// Credentials are tried on what they are for: what is here has to be there.
fn check_place(state: &State, properties: &Map<String, Value>) -> Answer<()> {
    let (Some(account), Some(container)) =
        (text(properties, "accountName"), text(properties, "containerName").or_else(|| text(properties, "filesystem")))
    else {
        return Ok(());
    };
    let is_it = |one: &&Resource| {
        generic::kind_of(one) == Some(Kind::StorageAccount)
            && one.id.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(account))
    };
    let missing = |what: String| Err(invalid(format!("The credentials could not be validated: {what} was not found.")));
    let Some(found) = state.resources.values().find(is_it).and_then(|one| Id::parse(&one.id)) else {
        return missing(format!("the storage account '{account}'"));
    };
    if state.resources.contains_key(found.child(&format!("/blobServices/default/containers/{container}")).key()) {
        return Ok(());
    }
    missing(format!("the container '{container}' of '{account}'"))
}

/// The datastores that a workspace has by itself, read as its mode says. They are made with it, and are changed with
/// its mode.
pub(super) fn make_own(state: &mut State, id: &Id, who: &str, workspace: &Resource) -> Answer<()> {
    let Some(account) = text(&workspace.properties, "storageAccount").and_then(Id::parse) else { return Ok(()) };
    let guid = text(&workspace.properties, "workspaceId").unwrap_or_default().to_owned();
    let with_keys = workspaces::datastores_mode(workspace).eq_ignore_ascii_case("AccessKey");
    let at = |name: &str| id.child(&format!("/datastores/{name}"));
    let own = [
        (DEFAULT, "AzureBlob", "containerName", format!("azureml-blobstore-{guid}")),
        ("workspaceartifactstore", "AzureBlob", "containerName", "azureml".to_owned()),
        ("workspacefilestore", "AzureFile", "fileShareName", format!("azureml-filestore-{guid}")),
    ];
    let had_mode = state.resources.get(id.key()).map(|before| workspaces::datastores_mode(before).to_owned());
    if had_mode.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case(workspaces::datastores_mode(workspace))) {
        return Ok(());
    }
    for (name, kind, field, place) in own {
        // Files are read with keys alone.
        if kind == "AzureFile" && !with_keys {
            state.remove::<Resource>(at(name).key())?;
            continue;
        }
        let (credentials, secrets) = match with_keys {
            true => (
                json!({"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey"}}),
                Map::from_iter([
                    ("secretsType".to_owned(), json!("AccountKey")),
                    ("key".to_owned(), json!(account_key(&account))),
                ]),
            ),
            false => (json!({"credentialsType": "None"}), Map::new()),
        };
        let properties = Map::from_iter([
            ("datastoreType".to_owned(), json!(kind)),
            ("accountName".to_owned(), json!(account.name())),
            (field.to_owned(), json!(place)),
            ("endpoint".to_owned(), json!(state.cloud.storage)),
            ("serviceDataAccessAuthIdentity".to_owned(), json!("None")),
            ("credentials".to_owned(), credentials),
        ]);
        if kind == "AzureBlob" {
            make_container(state, &account, &place)?;
        }
        let store = at(name);
        let before = state.resources.get(store.key()).cloned();
        state.save(made(&store, properties, secrets, system_data(who, before.as_ref()), before.as_ref()))?;
    }
    Ok(())
}

pub(super) fn make_container(state: &mut State, account: &Id, name: &str) -> Answer<()> {
    let id = account.child(&format!("/blobServices/default/containers/{name}"));
    if state.resources.contains_key(id.key()) {
        return Ok(());
    }
    let tenant = state.tenant_of(&id).to_owned();
    Ok(state.save(defaults::resource(state.cloud, &id, "", &tenant, time::now()))?)
}

/// The key of a storage account, which opens nothing here.
pub(super) fn account_key(account: &Id) -> String {
    format!("{}==", guid_of(&format!("key of {}", account.key())).replace('-', ""))
}

/// Letters, digits, hyphens and underscores, up to 255, a letter or digit first.
fn check_name(name: &str) -> Answer<()> {
    let fits = (1..=255).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits { Ok(()) } else { Err(invalid(format!("The datastore name '{name}' is not valid."))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_what_is_shown() {
        let sent = json!({"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "s"}});
        let (shown, secrets) = split_secrets(sent).expect("credentials");
        assert_eq!(shown, json!({"credentialsType": "Sas", "secrets": {"secretsType": "Sas"}}));
        assert_eq!(secrets["sasToken"], "s");
        for bad in [
            json!({}),
            json!({"credentialsType": "Password"}),
            json!({"credentialsType": "AccountKey"}),
            json!({"credentialsType": "AccountKey", "secrets": {"secretsType": "Sas"}}),
            json!({"credentialsType": "ServicePrincipal", "secrets": {"secretsType": "ServicePrincipal"}}),
        ] {
            assert!(split_secrets(bad.clone()).is_err(), "{bad}");
        }
    }
}
