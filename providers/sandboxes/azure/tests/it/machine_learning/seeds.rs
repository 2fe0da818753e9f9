//! What a platform finds that runs its tasks in a workspace.

use cloudgrant_azure_sandbox::start;
use cloudgrant_sandbox_kit::Start;
use serde_json::{Value, json};

use super::NEWEST;
use crate::client::{Cloud, trusting};
use crate::{identity, in_group};

async fn begun(platform: Value) -> Cloud {
    let folder = tempfile::tempdir().expect("a folder");
    let azure = json!({"resource_group": "acme-dataplane", "identities": {"production": "acme-production"}});
    let config = json!({"platform": platform, "azure": azure});
    let running = start(Start::new(folder.path()).config(config)).await.expect("the sandbox starts");
    let http = trusting(&running);
    let mut cloud = Cloud { running, folder, http, token: String::new() };
    cloud.token = cloud.log_in().await;
    cloud
}

#[tokio::test]
async fn it_has_two_clusters_and_three_datastores() {
    let cloud = begun(json!({"kind": "azureml", "workspace": "vision"})).await;
    let at = |tail: &str| format!("{}/vision{tail}{NEWEST}", in_group("Microsoft.MachineLearningServices/workspaces"));
    let there = cloud.read(&at("")).await;
    assert_eq!(
        (&there["identity"]["type"], &there["properties"]["systemDatastoresAuthMode"]),
        (&json!("SystemAssigned"), &json!("Identity"))
    );
    for linked in ["storageAccount", "keyVault", "containerRegistry"] {
        let id = there["properties"][linked].as_str().expect("an id");
        let version = if linked == "containerRegistry" { "2025-11-01" } else { "2023-05-01" };
        let version = if linked == "keyVault" { "2023-07-01" } else { version };
        cloud.read(&format!("{id}?api-version={version}")).await;
    }
    assert_eq!(cloud.get(&at("/computes")).await.names(), ["cpu-cluster", "gpu-cluster"]);
    let cpu = cloud.read(&at("/computes/cpu-cluster")).await;
    assert!(cpu["identity"]["userAssignedIdentities"][identity("acme-production")]["clientId"].is_string(), "{cpu}");
    assert_eq!(cloud.read(&at("/computes/gpu-cluster")).await["identity"]["type"], "SystemAssigned");
    let stores = cloud.read(&at("/datastores")).await;
    let stores = stores["value"].as_array().expect("a list");
    let kinds =
        |kind: &str| stores.iter().filter(|one| one["properties"]["credentials"]["credentialsType"] == kind).count();
    assert_eq!((stores.len(), kinds("None"), kinds("AccountKey")), (3, 2, 1));
    let listed = cloud.post(&at("/datastores/labels/listSecrets"), json!({})).await.is(200);
    assert!(
        listed["key"].is_string() && !cloud.state().await.to_string().contains(listed["key"].as_str().expect("a key"))
    );
}

#[tokio::test]
async fn it_is_made_for_platforms_that_run_in_one_alone() {
    let all = format!("{}{NEWEST}", in_group("Microsoft.MachineLearningServices/workspaces"));
    assert_eq!(begun(json!({"kind": "zenml"})).await.get(&all).await.names(), ["acme-dataplane-ml"]);
    assert_eq!(begun(json!({"kind": "flyte"})).await.get(&all).await.names(), Vec::<String>::new());
    // What was changed since stays.
    let cloud = begun(json!({"kind": "azureml", "workspace": "vision"})).await;
    cloud.delete(&all.replace("workspaces?", "workspaces/vision?")).await.is(202);
    assert_eq!(cloud.get(&all).await.names(), Vec::<String>::new());
}
