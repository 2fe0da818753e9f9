//! What a compute is checked for before it is written.

use serde_json::{Map, Value};

use super::body::{invalid, text};
use super::identity::Identities;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::State;
use crate::state::model::Resource;

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

/// What a compute begins with and keeps.
pub(super) const FIXED: &[&str] = &["computeType", "computeLocation", "disableLocalAuth", "resourceId"];

/// The same among its settings.
pub(super) const FIXED_SETTINGS: &[&str] = &["osType", "subnet", "vmPriority", "vmSize"];

/// 3 to 24 letters, digits and hyphens, a letter first, and no hyphen before digits at the end.
pub(super) fn name(name: &str) -> Answer<()> {
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
        "Compute name '{name}' is invalid. It must have 3 to 24 letters, digits or hyphens, begin with a letter, and \
         not end in a hyphen with digits behind it."
    )))
}

pub(super) fn kind(properties: &Map<String, Value>) -> Answer<&'static str> {
    let sent = text(properties, "computeType").ok_or_else(|| invalid("The type of the compute is required."))?;
    let known = TYPES.iter().find(|known| known.eq_ignore_ascii_case(sent));
    known.copied().ok_or_else(|| invalid(format!("The compute type '{sent}' is not supported.")))
}

/// A cluster or an instance has a system-assigned identity or user-assigned ones; a Kubernetes compute one of either.
pub(super) fn identities(kind: &str, wanted: &Identities) -> Answer<()> {
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

pub(super) fn kept(before: Option<&Resource>, sent: &Map<String, Value>, settings: &Map<String, Value>) -> Answer<()> {
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

pub(super) fn settings(
    state: &State,
    kind: &str,
    sent: &Map<String, Value>,
    settings: &Map<String, Value>,
) -> Answer<()> {
    match kind {
        "AmlCompute" => {
            if text(settings, "vmSize").is_none() {
                return Err(invalid("The VM size of an AmlCompute is required."));
            }
            settings.get("scaleSettings").map_or(Ok(()), scale)
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

pub(super) fn scale(scale: &Value) -> Answer<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for one in ["abc", "cpu-cluster", "a-1b", "gpu1"] {
            assert!(name(one).is_ok(), "{one}");
        }
        for one in ["ab", "1ab", "a_b", "cpu-1", &"x".repeat(25)] {
            assert!(name(one).is_err(), "{one}");
        }
    }
}
