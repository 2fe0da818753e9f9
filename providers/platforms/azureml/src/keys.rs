//! The platform's own keys of the manifest.

use std::collections::BTreeMap;

use cloudgrant_core::Workload;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::workspace_identity::WorkspaceIdentity;

/// What the section `platform` has for Azure Machine Learning.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Written")]
pub struct Keys {
    /// The workspace.
    pub workspace: Workspace,
    /// Its computes that are scopes, by the names that the manifest gives them: what each is called in the workspace.
    pub computes: BTreeMap<Workload, Compute>,
    /// The same of its online endpoints.
    pub endpoints: BTreeMap<Workload, Endpoint>,
    /// What the workspace itself is to have.
    pub workspace_identity: Option<WorkspaceIdentity>,
}

/// The section as it is written, key by key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    workspace: Workspace,
    #[serde(default, deserialize_with = "each_once")]
    computes: BTreeMap<Workload, Compute>,
    #[serde(default, deserialize_with = "each_once")]
    endpoints: BTreeMap<Workload, Endpoint>,
    workspace_identity: Option<WorkspaceIdentity>,
}

impl TryFrom<Written> for Keys {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { workspace, computes, endpoints, workspace_identity } = written;
        if computes.is_empty() && endpoints.is_empty() {
            let message = "neither `computes` nor `endpoints` names anything, so that no grant reaches anybody: name a compute, \
                           `computes: { training: cpu-cluster }`";
            return Err(message.to_owned());
        }
        match computes.keys().find(|workload| endpoints.contains_key(*workload)) {
            Some(workload) => Err(format!(
                "`{workload}` stands under `computes` and under `endpoints`: a name is that of one workload"
            )),
            None => Ok(Self { workspace, computes, endpoints, workspace_identity }),
        }
    }
}

/// A workspace, by its resource ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace(String);

/// The name of a compute in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compute(String);

/// The name of an online endpoint in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint(String);

/// Before a workspace's name in its resource ID, without the case of its letters.
const TYPE: [&str; 3] = ["providers", "microsoft.machinelearningservices", "workspaces"];

impl Workspace {
    /// Its resource ID.
    pub(crate) fn id(&self) -> &str {
        &self.0
    }

    /// The resource ID of one of its computes.
    pub(crate) fn compute(&self, compute: &Compute) -> String {
        format!("{}/computes/{}", self.0, compute.0)
    }

    /// The resource ID of one of its online endpoints.
    pub(crate) fn endpoint(&self, endpoint: &Endpoint) -> String {
        format!("{}/onlineEndpoints/{}", self.0, endpoint.0)
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

impl<'de> Deserialize<'de> for Endpoint {
    /// Source: Azure Machine Learning documentation, "Deploy and score a machine learning model by using an online endpoint": 3 to 32
    /// letters, digits and dashes, beginning with a letter and ending with none of the dashes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = (3..=32).contains(&text.len())
            && text.chars().all(is_inside)
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && !text.ends_with('-');
        if fits {
            return Ok(Self(text));
        }
        Err(D::Error::custom(format!(
            "`{text}` is not the name of an online endpoint: 3 to 32 letters, digits and dashes, the first one a letter, the last one no dash"
        )))
    }
}

/// A thing of the workspace that is a scope.
trait Named {
    /// What it is.
    const WHAT: &'static str;
    /// What it is called in the workspace.
    fn name(&self) -> &str;
}

impl Named for Compute {
    const WHAT: &'static str = "compute";
    fn name(&self) -> &str {
        &self.0
    }
}

impl Named for Endpoint {
    const WHAT: &'static str = "online endpoint";
    fn name(&self) -> &str {
        &self.0
    }
}

/// None stands under two names, as each has one scope.
fn each_once<'de, D: Deserializer<'de>, T: Named + Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Workload, T>, D::Error> {
    let all = BTreeMap::<Workload, T>::deserialize(deserializer)?;
    let mut seen = BTreeMap::new();
    for (workload, one) in &all {
        if let Some(first) = seen.insert(one.name().to_ascii_lowercase(), workload) {
            return Err(D::Error::custom(format!(
                "the {} `{}` stands under `{first}` and under `{workload}`: each is one scope",
                T::WHAT,
                one.name()
            )));
        }
    }
    Ok(all)
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
        assert!(read(WORKSPACE, json!({})).expect_err("none").contains("no grant reaches anybody"));
        let twice = read(WORKSPACE, json!({ "a": "Cluster", "b": "cluster" })).expect_err("twice");
        assert!(twice.contains("under `a` and under `b`"), "{twice}");
    }

    #[test]
    fn requirement_89_an_online_endpoint_is_a_unit_of_its_workspace() {
        let read = |computes: Value, endpoints: Value| -> Result<Keys, String> {
            let keys = json!({ "workspace": WORKSPACE, "computes": computes, "endpoints": endpoints });
            serde_json::from_value(keys).map_err(|error| error.to_string())
        };
        let keys = read(json!({}), json!({ "scoring": "churn" })).expect("endpoints alone");
        let endpoint = keys.endpoints.values().next().expect("one");
        assert_eq!(keys.workspace.endpoint(endpoint), format!("{WORKSPACE}/onlineEndpoints/churn"));
        for bad in ["ab", "1ab", "a_b", "abc-", &"c".repeat(33)] {
            let said = read(json!({}), json!({ "scoring": bad })).expect_err(bad);
            assert!(said.contains("not the name of an online endpoint"), "{said}");
        }
        let both = read(json!({ "a": "cluster" }), json!({ "a": "churn" })).expect_err("one name for two");
        assert!(both.contains("`a` stands under `computes` and under `endpoints`"), "{both}");
        let twice = read(json!({}), json!({ "a": "Churn", "b": "churn" })).expect_err("twice");
        assert!(twice.contains("under `a` and under `b`"), "{twice}");
    }
}
