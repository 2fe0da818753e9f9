//! Computes: clusters, instances, attached Kubernetes clusters; the other types are kept as they are written.
//!
//! Source: "Compute" of the REST reference; "Set up authentication between Azure Machine Learning and other services", which
//! kind may have which identities.

use serde_json::{Map, Value, json};

use super::body::{Body, invalid, system_data, text};
use super::identity::{self, Identities};
use super::{defaults, let_pull, operations, render};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::resources::generic;
use crate::state::model::{Change, Resource};
use crate::state::{State, time};

const TYPES: &[&str] = &[
    "AKS",
    "AmlCompute",
    "ComputeInstance",
    "DataFactory",
    "DataLakeAnalytics",
    "Databricks",
    "HDInsight",
    "Kubernetes",
    "SynapseSpark",
    "VirtualMachine",
];

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

/// What a compute begins with and keeps.
const FIXED: &[&str] = &["computeType", "computeLocation", "disableLocalAuth", "resourceId"];
/// The same among its settings.
const FIXED_SETTINGS: &[&str] = &["osType", "subnet", "vmPriority", "vmSize"];

/// What is written among the settings and never shown.
const SECRETS: &[&str] = &["relayConnectionString", "serviceBusConnectionString"];

/// Makes a compute, or writes all of one anew.
pub(super) fn put(state: &mut State, call: &Call<'_>, name: &str, denied: &[String]) -> Answer<Reply> {
    check_name(name)?;
    let body = Body::read(state, call)?;
    let before = state.resources.get(call.id().key()).cloned();
    operations::check_idle(state, call.id())?;
    let location = body.location(call, before.as_ref())?;
    let wanted = body.identity.as_ref().map(Identities::read).transpose()?.unwrap_or_default();
    let kind = compute_type(&body.properties)?;
    check_identities(kind, &wanted)?;
    let mut sent = without(&body.properties, READ_ONLY);
    let settings = match sent.remove("properties") {
        None => Map::new(),
        Some(Value::Object(settings)) => without(&settings, READ_ONLY_SETTINGS),
        Some(_) => return Err(ArmError::invalid_content("the properties of the compute are no object")),
    };
    check_kept(before.as_ref(), &sent, &settings)?;
    check_settings(state, kind, &sent, &settings)?;
    identity::check(state, call, denied, &before.as_ref().map(Identities::of).unwrap_or_default(), &wanted)?;

    let now = time::now();
    let (settings, secrets) = split_secrets(settings);
    let mut all = match before.as_ref().and_then(|before| before.properties["properties"].as_object()) {
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
    more.insert("systemData".to_owned(), system_data(call, before.as_ref()));
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
    if !is_of_scale || compute.properties["computeType"] != "AmlCompute" {
        return Err(invalid(
            "Only the scale settings of an AmlCompute can be updated. Write the whole compute to change anything else.",
        ));
    }
    check_scale(scale)?;
    if let Some(settings) = compute.properties.get_mut("properties").and_then(Value::as_object_mut) {
        settings.insert("scaleSettings".to_owned(), scale.clone());
        set_target(settings);
    }
    compute.properties.insert("modifiedOn".to_owned(), json!(time::iso(time::now())));
    compute.more.insert("systemData".to_owned(), system_data(call, Some(&compute)));
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

fn compute_type(properties: &Map<String, Value>) -> Answer<&'static str> {
    let sent = text(properties, "computeType").ok_or_else(|| invalid("The type of the compute is required."))?;
    let known = TYPES.iter().find(|known| known.eq_ignore_ascii_case(sent));
    known.copied().ok_or_else(|| invalid(format!("The compute type '{sent}' is not supported.")))
}

/// A cluster or an instance has a system-assigned identity or user-assigned ones; a Kubernetes compute one of either.
fn check_identities(kind: &str, wanted: &Identities) -> Answer<()> {
    let is_strict = ["AmlCompute", "ComputeInstance", "Kubernetes"].contains(&kind);
    if is_strict && wanted.system && !wanted.users.is_empty() {
        return Err(invalid(format!(
            "A compute of type {kind} can have a system assigned identity or user assigned identities, and not both."
        )));
    }
    if kind == "Kubernetes" && wanted.users.len() > 1 {
        return Err(invalid("A compute of type Kubernetes can have only one user assigned identity."));
    }
    Ok(())
}

fn check_kept(before: Option<&Resource>, sent: &Map<String, Value>, settings: &Map<String, Value>) -> Answer<()> {
    let Some(before) = before else { return Ok(()) };
    let no_settings = Map::new();
    let old = before.properties.get("properties").and_then(Value::as_object).unwrap_or(&no_settings);
    for (fixed, old, new) in [(FIXED, &before.properties, sent), (FIXED_SETTINGS, old, settings)] {
        for name in fixed {
            let is_same = |old: &Value, new: &Value| match (old.as_str(), new.as_str()) {
                (Some(old), Some(new)) => old.eq_ignore_ascii_case(new),
                _ => old == new,
            };
            if let (Some(old), Some(new)) = (old.get(*name), new.get(*name))
                && !is_same(old, new)
            {
                return Err(ArmError::bad_request(
                    "ComputePropertyImmutable",
                    format!("The property '{name}' of a compute can't be changed after it was created."),
                ));
            }
        }
    }
    Ok(())
}

fn check_settings(state: &State, kind: &str, sent: &Map<String, Value>, settings: &Map<String, Value>) -> Answer<()> {
    match kind {
        "AmlCompute" => {
            if text(settings, "vmSize").is_none() {
                return Err(invalid("The VM size of an AmlCompute is required."));
            }
            settings.get("scaleSettings").map_or(Ok(()), check_scale)
        }
        "ComputeInstance" if text(settings, "vmSize").is_none() => {
            Err(invalid("The VM size of a ComputeInstance is required."))
        }
        "Kubernetes" => {
            let cluster = text(sent, "resourceId").and_then(Id::parse);
            let is_of_aks = |id: &Id| {
                let kind = id.resource_type().and_then(|full_type| Kind::of_type(&full_type));
                kind == Some(Kind::Cluster)
            };
            match cluster {
                // Arc's clusters are another provider's.
                Some(id) if !is_of_aks(&id) || state.resources.contains_key(id.key()) => Ok(()),
                Some(id) => Err(invalid(format!("The cluster '{id}' was not found."))),
                None => Err(invalid("The id of the cluster is required to attach it.")),
            }
        }
        _ => Ok(()),
    }
}

fn check_scale(scale: &Value) -> Answer<()> {
    let most = scale["maxNodeCount"].as_u64().ok_or_else(|| invalid("The maximum number of nodes is required."))?;
    let least = match &scale["minNodeCount"] {
        Value::Null => 0,
        least => least.as_u64().ok_or_else(|| invalid("The minimum number of nodes must be a number."))?,
    };
    if least > most {
        return Err(invalid(format!("The minimum number of nodes, {least}, is larger than the maximum, {most}.")));
    }
    Ok(())
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

/// What Entra calls the principal of a compute's or an endpoint's system-assigned identity: `WORKSPACE/computes/COMPUTE`.
pub(super) fn principal_name(id: &Id) -> String {
    let at = id.text().rsplit('/').take(3).collect::<Vec<_>>();
    at.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// The identities of a compute may pull from the registry of its workspace, if that is there already.
fn let_in(state: &mut State, id: &Id, compute: &Resource) -> Answer<()> {
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

/// 3 to 24 letters, digits and hyphens, a letter first, and no hyphen before digits at the end.
fn check_name(name: &str) -> Answer<()> {
    let end = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends_in_number = end.len() < name.len() && end.ends_with('-');
    let fits = (3..=24).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !ends_in_number;
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "Compute name '{name}' is invalid. It must have 3 to 24 letters, digits or hyphens, begin with a letter, and not end in \
         a hyphen with digits behind it."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for name in ["abc", "cpu-cluster", "a-1b", "gpu1"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["ab", "1ab", "a_b", "cpu-1", &"x".repeat(25)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_principal_is_called_by_its_workspace_and_kind() {
        let id =
            "/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/ml/computes/cpu";
        assert_eq!(principal_name(&Id::parse(id).expect("an id")), "ml/computes/cpu");
    }
}
