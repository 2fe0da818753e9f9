//! Computes: clusters, instances, attached Kubernetes clusters; the other types are kept as they are written.
//!
//! Source: "Compute" of the REST reference; "Set up authentication between Azure Machine Learning and other services",
//! which kind may have which identities.

use serde_json::{Map, Value, json};

use super::body::{Body, invalid, system_data, text};
use super::compute_checks::{self as checks, FIXED, FIXED_SETTINGS};
use super::identity::{self, Identities};
use super::{defaults, let_pull, operations, render};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::resources::generic;
use crate::state::model::{Change, Resource};
use crate::state::{State, time};

/// What the service alone says of a compute.
const READ_ONLY: &[&str] = &["createdOn", "isAttachedCompute", "modifiedOn", "provisioningErrors", "provisioningState"];

/// The same among its settings.
const READ_ONLY_SETTINGS: &[&str] = &[
    "allocationState",
    "allocationStateTransitionTime",
    "applications",
    "connectivityEndpoints",
    "containers",
    "createdBy",
    "currentNodeCount",
    "dataDisks",
    "dataMounts",
    "errors",
    "lastOperation",
    "nodeStateCounts",
    "osImageMetadata",
    "state",
    "targetNodeCount",
    "versions",
];

/// What is written among the settings and never shown.
const SECRETS: &[&str] = &["relayConnectionString", "serviceBusConnectionString"];

/// Makes a compute, or writes all of one anew.
pub(super) fn put(state: &mut State, call: &Call<'_>, name: &str, denied: &[String]) -> Answer<Reply> {
    checks::name(name)?;
    let body = Body::read(state, call)?;
    let before = state.resources.get(call.id().key()).cloned();
    operations::check_idle(state, call.id())?;
    let location = body.location(call, before.as_ref())?;
    let wanted = body.identity.as_ref().map(Identities::read).transpose()?.unwrap_or_default();
    let kind = checks::kind(&body.properties)?;
    checks::identities(kind, &wanted)?;
    let mut sent = without(&body.properties, READ_ONLY);
    let settings = match sent.remove("properties") {
        None => Map::new(),
        Some(Value::Object(settings)) => without(&settings, READ_ONLY_SETTINGS),
        Some(_) => return Err(ArmError::invalid_content("the properties of the compute are no object")),
    };
    checks::kept(before.as_ref(), &sent, &settings)?;
    checks::settings(state, kind, &sent, &settings)?;
    identity::check(state, call, denied, &before.as_ref().map(Identities::of).unwrap_or_default(), &wanted)?;

    let now = time::now();
    let (settings, secrets) = split_secrets(settings);
    let mut all = match before.as_ref().and_then(|before| before.properties.get("properties")?.as_object()) {
        Some(before) => {
            let shown = |name: &str| READ_ONLY_SETTINGS.contains(&name) || FIXED_SETTINGS.contains(&name);
            before.iter().filter(|(name, _)| shown(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        None => defaults::compute(kind, name, &location, now),
    };
    all.extend(settings);
    set_target(&mut all);
    let created = before.as_ref().map_or(now, |before| before.created);
    let is_attached = !["AmlCompute", "ComputeInstance"].contains(&kind);
    let mut properties = Map::from_iter([
        ("computeLocation".to_owned(), json!(location)),
        ("createdOn".to_owned(), json!(time::iso(created))),
        ("modifiedOn".to_owned(), json!(time::iso(now))),
        ("provisioningErrors".to_owned(), Value::Null),
        ("isAttachedCompute".to_owned(), json!(is_attached)),
        ("disableLocalAuth".to_owned(), json!(false)),
    ]);
    for name in FIXED {
        if let Some(kept) = before.as_ref().and_then(|before| before.properties.get(*name)) {
            properties.insert((*name).to_owned(), kept.clone());
        }
    }
    properties.extend(sent);
    properties.insert("properties".to_owned(), Value::Object(all));
    let mut more = body.more;
    more.insert("systemData".to_owned(), system_data(&call.caller.client, before.as_ref()));
    if let Some(identity) = before.as_ref().and_then(|before| before.more.get("identity")) {
        more.insert("identity".to_owned(), identity.clone());
    }
    let is_new = before.is_none();
    let mut compute = Resource {
        id: before.map_or_else(|| call.id().text().to_owned(), |before| before.id),
        location: Some(location),
        tags: body.tags.unwrap_or_default(),
        created,
        more,
        properties,
        secrets,
    };
    identity::assign(state, &mut compute, &wanted, &principal_name(call.id()))?;
    let_in(state, call.id(), &compute)?;
    let change = if is_new { Change::Create } else { Change::Update };
    busy(state, call, compute, change)
}

/// Changes how a cluster scales. Nothing else of a compute is changed so.
pub(super) fn patch(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let sent: Value = call.read()?;
    let mut compute = generic::find(state, call.id())?.clone();
    operations::check_idle(state, call.id())?;
    let only = |value: &Value, name: &str| value.as_object().is_some_and(|all| all.keys().all(|key| key == name));
    let is_of_scale = only(&sent, "properties")
        && only(&sent["properties"], "properties")
        && only(&sent["properties"]["properties"], "scaleSettings");
    let scale = &sent["properties"]["properties"]["scaleSettings"];
    if !is_of_scale || text(&compute.properties, "computeType") != Some("AmlCompute") {
        return Err(invalid(
            "Only the scale settings of an AmlCompute can be updated. Write the whole compute to change anything else.",
        ));
    }
    checks::scale(scale)?;
    if let Some(settings) = compute.properties.get_mut("properties").and_then(Value::as_object_mut) {
        settings.insert("scaleSettings".to_owned(), scale.clone());
        set_target(settings);
    }
    compute.properties.insert("modifiedOn".to_owned(), json!(time::iso(time::now())));
    compute.more.insert("systemData".to_owned(), system_data(&call.caller.client, Some(&compute)));
    busy(state, call, compute, Change::Update)
}

fn busy(state: &mut State, call: &Call<'_>, mut compute: Resource, change: Change) -> Answer<Reply> {
    let is_new = change == Change::Create;
    let doing = if is_new { "Creating" } else { "Updating" };
    compute.properties.insert("provisioningState".to_owned(), doing.into());
    let begun = operations::begin(state, call, &compute, change)?;
    let reply = Reply::written(is_new, render(&compute, call.version));
    state.save(compute)?;
    Ok(begun.asynchronous(reply))
}

/// What becomes of what is below a compute has to be said.
pub(super) fn check_delete(call: &Call<'_>) -> Answer<()> {
    match call.query.get("underlyingResourceAction") {
        Some("Delete" | "Detach") => Ok(()),
        other => Err(invalid(format!(
            "The parameter underlyingResourceAction must be Delete or Detach, not '{}'.",
            other.unwrap_or_default()
        ))),
    }
}

/// As many nodes as there are at least.
fn set_target(settings: &mut Map<String, Value>) {
    if settings.contains_key("targetNodeCount") {
        let least = settings.get("scaleSettings").and_then(|scale| scale["minNodeCount"].as_u64()).unwrap_or(0);
        settings.insert("targetNodeCount".to_owned(), json!(least));
    }
}

/// The settings that are shown, and the others. Of a user account only its password is none of anybody's business.
fn split_secrets(settings: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut secrets, mut shown): (Map<_, _>, Map<_, _>) =
        settings.into_iter().partition(|(name, _)| SECRETS.contains(&name.as_str()));
    if let Some(account) = shown.get_mut("userAccountCredentials").and_then(Value::as_object_mut)
        && let Some(password) = account.remove("adminUserPassword")
    {
        secrets.insert("adminUserPassword".to_owned(), password);
    }
    (shown, secrets)
}

fn without(sent: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let kept = sent.iter().filter(|(name, value)| !names.contains(&name.as_str()) && !value.is_null());
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What Entra calls the principal of a compute's or an endpoint's system-assigned identity:
/// `WORKSPACE/computes/COMPUTE`.
pub(super) fn principal_name(id: &Id) -> String {
    let at = id.text().rsplit('/').take(3).collect::<Vec<_>>();
    at.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// The identities of a compute may pull from the registry of its workspace, if that is there already.
pub(super) fn let_in(state: &mut State, id: &Id, compute: &Resource) -> Answer<()> {
    let workspace = id.top_level().and_then(|id| state.resources.get(id.key()));
    let registry = workspace.and_then(|one| text(&one.properties, "containerRegistry")).and_then(Id::parse);
    let Some(registry) = registry.filter(|registry| state.resources.contains_key(registry.key())) else {
        return Ok(());
    };
    let by = workspace.and_then(identity::principal).unwrap_or_default();
    for principal in identity::principals(state, compute) {
        let_pull(state, &registry, &principal, &by)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_called_by_its_workspace_and_kind() {
        let id =
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/ml/computes/cpu";
        assert_eq!(principal_name(&Id::parse(id).expect("an id")), "ml/computes/cpu");
    }
}
