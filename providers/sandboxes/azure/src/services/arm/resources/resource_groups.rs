//! Resource groups.
//!
//! Source: "Resource Groups" of the Resources REST reference; "Naming rules and restrictions for Azure resources".

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::identities;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::{scopes, tags};
use crate::state::model::{Resource, Tags};
use crate::state::{State, below, time};

const TYPE: &str = "Microsoft.Resources/resourceGroups";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    location: Option<String>,
    tags: Option<Tags>,
    managed_by: Option<String>,
}

/// Carries out a request.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    match (call.method, &call.route.name) {
        (&Method::GET, None) => {
            let inside = format!("{}/resourcegroups/", call.id().key());
            let groups = below(&state.resources, &inside).filter(|(key, _)| is_group(key));
            call.page(groups.map(|(key, one)| (key.as_str(), render(one))), state.quotas.page().max(1000))
        }
        (&Method::GET, Some(_)) => {
            scopes::group(state, call.id())?;
            Ok(state.resources.get(call.id().key()).map_or(Reply::empty(404), |one| Reply::ok(render(one))))
        }
        (&Method::HEAD, Some(_)) => {
            Ok(Reply::empty(if state.resources.contains_key(call.id().key()) { 204 } else { 404 }))
        }
        (&Method::PUT | &Method::PATCH, Some(name)) => put(state, call, name),
        (&Method::DELETE, Some(_)) => delete(state, call.id()),
        _ => Err(call.not_allowed()),
    }
}

/// Whether a key is a group's: `/subscriptions/S/resourcegroups/G`.
pub(crate) fn is_group(key: &str) -> bool {
    key.split('/').count() == 5
}

/// A group at a place.
pub(crate) fn make(id: &Id, location: &str, tags: Tags, created: time::Millis) -> Resource {
    let mut properties = Map::new();
    properties.insert("provisioningState".to_owned(), json!("Succeeded"));
    Resource {
        id: id.text().to_owned(),
        location: Some(location.to_owned()),
        tags,
        created,
        more: Map::new(),
        properties,
        secrets: Map::new(),
    }
}

fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    check_name(name)?;
    let body: Body = call.read()?;
    let before = state.resources.get(call.id().key()).cloned();
    if before.is_none() && call.method == Method::PATCH {
        scopes::group(state, call.id())?;
    }
    let kept = before.as_ref().and_then(|before| before.location.clone());
    let location = match (body.location.as_deref(), &kept) {
        (None, Some(kept)) if call.method == Method::PATCH => kept.clone(),
        (wanted, _) => identities::location(wanted)?,
    };
    if let Some(kept) = kept.filter(|kept| *kept != location) {
        return Err(tags::other_location(name, &kept, TYPE));
    }
    let tags = body.tags.or_else(|| before.as_ref().map(|before| before.tags.clone())).unwrap_or_default();
    tags::check(&tags, state.quotas.tags())?;
    let mut group = before.clone().unwrap_or_else(|| make(call.id(), &location, Tags::new(), time::now()));
    group.tags = tags;
    if let Some(managed_by) = body.managed_by {
        group.more.insert("managedBy".to_owned(), json!(managed_by));
    }
    let body = render(&group);
    state.save(group)?;
    Ok(Reply::written(before.is_none(), body))
}

/// Only empty groups can be deleted here: deleting what is in them is more than anybody needs an emulator for.
fn delete(state: &mut State, id: &Id) -> Answer<Reply> {
    scopes::group(state, id)?;
    let inside = format!("{}/", id.key());
    let holds_something =
        below(&state.resources, &inside).next().is_some() || below(&state.identities, &inside).next().is_some();
    if holds_something {
        return Err(ArmError::conflict(
            "ResourceGroupDeletionBlocked",
            format!(
                "Deletion of resource group '{}' failed as resources are still in it; the sandbox deletes empty groups only.",
                id.name()
            ),
        ));
    }
    let assignments: Vec<String> = below(&state.assignments, &inside).map(|(key, _)| key.clone()).collect();
    for key in assignments {
        state.remove::<crate::state::model::Assignment>(&key)?;
    }
    state.remove::<Resource>(id.key())?;
    Ok(Reply::empty(200))
}

/// 1 to 90 letters, digits, underscores, hyphens, parentheses and periods, no period at the end.
fn check_name(name: &str) -> Answer<()> {
    let fits = (1..=90).contains(&name.chars().count())
        && !name.ends_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || "_-().".contains(c));
    if fits {
        return Ok(());
    }
    Err(ArmError::bad_request(
        "InvalidResourceGroup",
        format!("The provided resource group name '{name}' has these invalid characters, length or ending."),
    ))
}

fn render(group: &Resource) -> Value {
    let mut body = json!({
        "id": group.id,
        "name": group.id.rsplit('/').next().unwrap_or_default(),
        "type": TYPE,
        "location": group.location,
    });
    if !group.tags.is_empty() {
        body["tags"] = json!(group.tags);
    }
    for (name, value) in &group.more {
        body[name] = value.clone();
    }
    body["properties"] = json!(group.properties);
    body
}
