//! Workspaces.
//!
//! Source: "Workspaces" of the REST reference; "Manage Azure Machine Learning workspaces"; "Set up authentication
//! between Azure Machine Learning and other services".

use serde_json::{Map, Value, json};

use super::body::{Body, invalid, system_data, text};
use super::identity::{self, Identities};
use super::{datastores, defaults, operations, render, workspace_checks as checks};
use crate::protocol::errors::Answer;
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::resources::generic;
use crate::state::model::{Change, Resource};
use crate::state::{State, time};

/// How a workspace's own datastores are read.
pub(super) const DATASTORES_MODE: &str = "systemDatastoresAuthMode";

/// What the service alone says.
const READ_ONLY: &[&str] = &[
    "mlFlowTrackingUri",
    "notebookInfo",
    "privateEndpointConnections",
    "privateLinkCount",
    "provisioningState",
    "serviceProvisionedResourceGroup",
    "storageHnsEnabled",
    "tenantId",
    "workspaceId",
];

/// Makes a workspace, or writes all of one anew.
pub(super) fn put(state: &mut State, call: &Call<'_>, name: &str, denied: &[String]) -> Answer<Reply> {
    checks::name(name)?;
    let body = Body::read(state, call)?;
    let before = state.resources.get(call.id().key()).cloned();
    operations::check_idle(state, call.id())?;
    let location = body.location(call, before.as_ref())?;
    let wanted = wanted_identities(body.identity.as_ref())?;
    let kind = body.more.get("kind").and_then(Value::as_str).unwrap_or("Default");
    let mut sent = writable(body.properties);
    checks::required(&sent, kind)?;
    if let Some(kept) = before.as_ref().and_then(|before| before.properties.get("encryption")) {
        // What is not named again stays encrypted.
        sent.entry("encryption").or_insert_with(|| kept.clone());
    }
    checks::properties(state, call.id(), before.as_ref(), &sent)?;
    checks::identities(before.as_ref(), &wanted, &sent)?;
    identity::check(state, call, denied, &before.as_ref().map(Identities::of).unwrap_or_default(), &wanted)?;

    let change = if before.is_some() { Change::Update } else { Change::Create };
    let created = before.as_ref().map_or_else(time::now, |before| before.created);
    let tenant = state.tenant_of(call.id()).to_owned();
    let mut properties = defaults::workspace(state.cloud, call.id(), &location, &tenant, created);
    let kept = before.iter().flat_map(|before| &before.properties);
    let kept = kept.filter(|(name, _)| READ_ONLY.contains(&name.as_str()) || is_beyond(name, call.version));
    properties.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    properties.extend(sent.into_iter().filter(|(name, _)| !is_beyond(name, call.version)));
    let mut more = body.more;
    more.entry("kind").or_insert_with(|| json!("Default"));
    more.entry("sku").or_insert_with(|| json!({"name": "Basic", "tier": "Basic"}));
    more.insert("systemData".to_owned(), system_data(&call.caller.client, before.as_ref()));
    if let Some(identity) = before.as_ref().and_then(|before| before.more.get("identity")) {
        more.insert("identity".to_owned(), identity.clone());
    }
    let mut workspace = Resource {
        id: before.map_or_else(|| call.id().text().to_owned(), |before| before.id),
        location: Some(location),
        tags: body.tags.unwrap_or_default(),
        created,
        more,
        properties,
        secrets: Map::new(),
    };
    identity::assign(state, &mut workspace, &wanted, name)?;
    busy(state, call, workspace, change)
}

/// Changes what is named of a workspace.
pub(super) fn patch(state: &mut State, call: &Call<'_>, denied: &[String]) -> Answer<Reply> {
    let body = Body::read(state, call)?;
    let before = generic::find(state, call.id())?.clone();
    operations::check_idle(state, call.id())?;
    let old = Identities::of(&before);
    let wanted = body.identity.as_ref().map_or(Ok(old.clone()), |sent| wanted_identities(Some(sent)))?;
    let mut sent = writable(body.properties);
    sent.retain(|name, _| !is_beyond(name, call.version));
    if let Some(encryption) = sent.get_mut("encryption") {
        *encryption = checks::changed_encryption(&before, encryption)?;
    }
    checks::properties(state, call.id(), Some(&before), &sent)?;
    let mut workspace = before.clone();
    let is_in_words_alone = sent.keys().all(|name| ["description", "friendlyName"].contains(&name.as_str()));
    workspace.properties.extend(sent);
    checks::identities(Some(&before), &wanted, &workspace.properties)?;
    identity::check(state, call, denied, &old, &wanted)?;
    if let Some(tags) = body.tags {
        workspace.tags = tags;
    }
    workspace.more.extend(body.more);
    workspace.more.insert("systemData".to_owned(), system_data(&call.caller.client, Some(&before)));
    if body.identity.is_none() && is_in_words_alone {
        let reply = Reply::ok(render(&workspace, call.version));
        state.save(workspace)?;
        return Ok(reply);
    }
    identity::assign(state, &mut workspace, &wanted, call.id().name())?;
    busy(state, call, workspace, Change::Update)
}

/// Saves a workspace that takes its time.
fn busy(state: &mut State, call: &Call<'_>, mut workspace: Resource, change: Change) -> Answer<Reply> {
    let doing = if change == Change::Create { "Creating" } else { "Updating" };
    workspace.properties.insert("provisioningState".to_owned(), doing.into());
    let begun = operations::begin(state, call, &workspace, change)?;
    datastores::make_own(state, call.id(), &call.caller.client, &workspace)?;
    state.save(workspace)?;
    Ok(begun.located(begun.asynchronous(Reply::empty(202))))
}

/// A workspace always has an identity.
fn wanted_identities(sent: Option<&Value>) -> Answer<Identities> {
    let wanted = sent.map(Identities::read).transpose()?.unwrap_or_default();
    if wanted == Identities::default() {
        return Err(invalid("Make sure to create your workspace using a client which supports MSI"));
    }
    Ok(wanted)
}

fn writable(sent: Map<String, Value>) -> Map<String, Value> {
    sent.into_iter().filter(|(name, value)| !READ_ONLY.contains(&name.as_str()) && !value.is_null()).collect()
}

/// Whether a version does not know a property, so that it can't change it.
fn is_beyond(name: &str, version: &str) -> bool {
    name == DATASTORES_MODE && version < super::SINCE_DATASTORES_MODE
}

/// How a workspace's own datastores are read: `AccessKey` where nothing is said.
pub(super) fn datastores_mode(workspace: &Resource) -> &str {
    text(&workspace.properties, DATASTORES_MODE).unwrap_or("AccessKey")
}
