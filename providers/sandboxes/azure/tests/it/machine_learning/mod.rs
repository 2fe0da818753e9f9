//! Azure Machine Learning: workspaces and what is in them.

mod computes;
mod datastores;
mod online_endpoints;
mod operations;
mod roles;
mod seeds;
mod workspaces;

use serde_json::{Value, json};

use crate::client::{Cloud, Reply};
use crate::{account, identity, in_group};

pub(crate) const API: &str = "?api-version=2024-04-01";
pub(crate) const NEWEST: &str = "?api-version=2026-05-01";

/// The id of a workspace.
pub(crate) fn workspace(name: &str) -> String {
    in_group(&format!("Microsoft.MachineLearningServices/workspaces/{name}"))
}

/// The path of something in the workspace of these tests.
pub(crate) fn inside(tail: &str) -> String {
    format!("{}/{tail}{API}", workspace("acme-ml"))
}

/// A workspace with a system-assigned identity.
pub(crate) fn body() -> Value {
    json!({
        "location": "westeurope",
        "tags": {"team": "vision"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "friendlyName": "Vision",
            "storageAccount": account(),
            "keyVault": in_group("Microsoft.KeyVault/vaults/acme-vault"),
        },
    })
}

/// The body with something of its top level changed.
pub(crate) fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The body with a property changed.
pub(crate) fn having(mut body: Value, name: &str, value: Value) -> Value {
    body["properties"][name] = value;
    body
}

/// Identities as a body has them.
pub(crate) fn users(kind: &str, names: &[&str]) -> Value {
    let map: serde_json::Map<_, _> = names.iter().map(|name| (identity(name), json!({}))).collect();
    json!({"type": kind, "userAssignedIdentities": map})
}

/// A cluster.
pub(crate) fn cluster(assigned: Value) -> Value {
    let scale = json!({"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT5M"});
    let settings = json!({"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale});
    let body = json!({"location": "westeurope", "properties": {"computeType": "AmlCompute", "properties": settings}});
    if assigned.is_null() { body } else { with(body, "identity", assigned) }
}

impl Reply {
    /// A header of an answer, which has to have it.
    #[track_caller]
    pub(crate) fn link(&self, name: &str) -> String {
        self.header(name).unwrap_or_else(|| panic!("no {name}: {} {}", self.status, self.body)).to_owned()
    }
}

impl Cloud {
    /// What is behind a link that the sandbox gave.
    pub(crate) async fn follow(&self, link: &str) -> Reply {
        self.get(link.strip_prefix(self.running.endpoint()).expect("a link to the sandbox")).await
    }

    /// A sandbox with a workspace in it.
    pub(crate) async fn with_workspace() -> Self {
        let cloud = Self::start("").await;
        cloud.put(&format!("{}{API}", workspace("acme-ml")), body()).await.is(202);
        cloud
    }

    /// What there is of an id.
    pub(crate) async fn read(&self, path: &str) -> Value {
        self.get(path).await.is(200)
    }
}
