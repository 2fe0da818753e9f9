//! The platform's own keys of the manifest.

use std::collections::BTreeMap;

use cloudgrant_core::Workload;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What the section `platform` has for Azure Machine Learning.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The workspace.
    pub workspace: Workspace,
    /// Its computes that are scopes, by the names that the manifest gives them: what each is called in the workspace.
    #[serde(deserialize_with = "computes")]
    pub computes: BTreeMap<Workload, Compute>,
}

/// A workspace, by its resource ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace(String);

/// The name of a compute in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compute(String);

/// Before a workspace's name in its resource ID, without the case of its letters.
const TYPE: [&str; 3] = ["providers", "microsoft.machinelearningservices", "workspaces"];

impl Workspace {
    /// The resource ID of one of its computes.
    pub(crate) fn compute(&self, compute: &Compute) -> String {
        format!("{}/computes/{}", self.0, compute.0)
    }
}

impl<'de> Deserialize<'de> for Workspace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts: Vec<_> = text.split('/').collect();
        let is_one = match parts[..] {
            ["", subscriptions, subscription, groups, group, providers, provider, workspaces, name] => {
                subscriptions.eq_ignore_ascii_case("subscriptions")
                    && groups.eq_ignore_ascii_case("resourceGroups")
                    && !subscription.is_empty()
                    && !group.is_empty()
                    && TYPE.iter().zip([providers, provider, workspaces]).all(|(a, b)| b.eq_ignore_ascii_case(a))
                    && is_workspace_name(name)
            }
            _ => false,
        };
        if is_one {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!(
            "`{text}` is not a workspace's resource ID: write `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/\
             Microsoft.MachineLearningServices/workspaces/NAME` (`az ml workspace show --name NAME --resource-group GROUP --query id`)"
        )))
    }
}

/// Source: REST reference of Azure Machine Learning, workspaces, `^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$`.
fn is_workspace_name(name: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (3..=33).contains(&name.len())
        && name.chars().all(is_inside)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

impl<'de> Deserialize<'de> for Compute {
    /// Source: Azure Machine Learning documentation, names of computes: 2 to 24 letters, digits and dashes, beginning with a letter. Names
    /// of attached computes are as long as 16, which is for Azure to say.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = (2..=24).contains(&text.len())
            && text.chars().all(is_inside)
            && text.starts_with(|c: char| c.is_ascii_alphabetic());
        if fits {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!(
            "`{text}` is not the name of a compute: 2 to 24 letters, digits and dashes, the first one a letter"
        )))
    }
}

/// The computes: at least one, and none under two names, as a compute has one scope.
fn computes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Workload, Compute>, D::Error> {
    let computes = BTreeMap::<Workload, Compute>::deserialize(deserializer)?;
    if computes.is_empty() {
        return Err(D::Error::custom(
            "`computes` is empty, so that no grant reaches anybody: name one, `training: cpu-cluster`",
        ));
    }
    let mut seen = BTreeMap::new();
    for (workload, compute) in &computes {
        if let Some(first) = seen.insert(compute.0.to_ascii_lowercase(), workload) {
            return Err(D::Error::custom(format!(
                "the compute `{}` stands under `{first}` and under `{workload}`: each is one scope",
                compute.0
            )));
        }
    }
    Ok(computes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/ml/providers/\
                             Microsoft.MachineLearningServices/workspaces/acme-ml";

    fn read(workspace: &str, computes: Value) -> Result<Keys, String> {
        serde_json::from_value(json!({ "workspace": workspace, "computes": computes }))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_compute_is_a_unit_of_its_workspace() {
        let keys = read(WORKSPACE, json!({ "training": "cpu-cluster" })).expect("as documented");
        let compute = keys.computes.values().next().expect("one");
        assert_eq!(keys.workspace.compute(compute), format!("{WORKSPACE}/computes/cpu-cluster"));
    }

    #[test]
    fn what_is_no_workspace_or_compute_is_refused_with_how_it_is_written() {
        let not_there = WORKSPACE.replace("workspaces", "computes");
        for bad in ["acme-ml", "", &not_there, &format!("{WORKSPACE}/x"), &WORKSPACE.replace("acme-ml", "a b")] {
            let said = read(bad, json!({ "training": "cpu-cluster" })).expect_err(bad);
            assert!(said.contains("resource ID: write"), "{said}");
        }
        for bad in ["c", "1cluster", "a_b", "a/b", &"c".repeat(25)] {
            let said = read(WORKSPACE, json!({ "training": bad })).expect_err(bad);
            assert!(said.contains("not the name of a compute"), "{said}");
        }
        assert!(read(WORKSPACE, json!({})).expect_err("none").contains("`computes` is empty"));
        let twice = read(WORKSPACE, json!({ "a": "Cluster", "b": "cluster" })).expect_err("twice");
        assert!(twice.contains("under `a` and under `b`"), "{twice}");
    }
}
