//! A workspace of Azure Machine Learning, and what others do there.

use cloudgrant_azureml as _;
use cloudgrant_core::{Level, Plan};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::world::World;

pub(crate) const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane/providers/\
                                    Microsoft.MachineLearningServices/workspaces/acme";

/// A manifest, with keys of the platform's own beside the workspace.
pub(crate) fn manifest(keys: &str, grants: &str) -> String {
    format!(
        r#"
version: 1
stack: tests
provider: azure
platform:
  kind: azureml
  workspace: {WORKSPACE}
{keys}
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
  location: westeurope
resources:
  data: {{ azure: "https://acmedata.blob.core.windows.net/inputs/raw/" }}
  models: {{ azure: "https://acmemodels.blob.core.windows.net/models" }}
grants: [{grants}]
"#
    )
}

fn path(child: &str) -> String {
    format!("{WORKSPACE}{child}?api-version=2026-05-01")
}

/// All of the workspace or of something in it, but for when it was changed.
pub(crate) async fn read(world: &World, child: &str) -> Value {
    let mut there = world.arm.sure(Method::GET, &path(child), None).await;
    if let Some(properties) = there["properties"].as_object_mut() {
        properties.remove("modifiedOn");
    }
    if let Some(map) = there.as_object_mut() {
        map.remove("systemData");
    }
    there
}

/// Somebody else's write, which isn't carried out yet.
pub(crate) async fn send(world: &World, method: Method, child: &str, body: Value) -> (StatusCode, Value) {
    world.arm.send(method, &path(child), Some(body)).await
}

/// Somebody else's write, carried out.
pub(crate) async fn write(world: &World, method: Method, child: &str, body: Value) {
    let (status, said) = send(world, method, child, body).await;
    assert!(status.is_success(), "{status} {said}");
    for _ in 0..100 {
        if read(world, child).await["properties"]["provisioningState"] == "Succeeded" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{child} is never done");
}

/// The names of the user-assigned identities that something has.
pub(crate) fn on(unit: &Value) -> Vec<String> {
    let map = unit["identity"]["userAssignedIdentities"].as_object();
    map.into_iter().flatten().map(|(id, _)| id.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

pub(crate) fn warned(plan: &Plan, text: &str) -> bool {
    plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains(text))
}
