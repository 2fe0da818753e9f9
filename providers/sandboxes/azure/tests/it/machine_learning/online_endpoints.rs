//! Online endpoints.

use serde_json::{Value, json};

use super::{inside, users, with};
use crate::client::Cloud;

fn endpoint(assigned: Value) -> Value {
    let properties = json!({"authMode": "Key", "keys": {"primaryKey": "the-key", "secondaryKey": "other"}});
    json!({"location": "westeurope", "identity": assigned, "properties": properties})
}

fn system() -> Value {
    json!({"type": "SystemAssigned"})
}

#[tokio::test]
async fn one_comes_changes_and_goes() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("onlineEndpoints/scoring");
    let made = cloud.put(&path, endpoint(system())).await;
    assert!(made.header("x-ms-async-operation-timeout").is_some());
    assert_eq!(cloud.follow(&made.link("azure-asyncoperation")).await.is(200)["status"], "Succeeded");
    assert_eq!(made.is(201)["properties"]["provisioningState"], "Creating");
    let there = cloud.read(&path).await;
    assert_eq!(there["properties"]["scoringUri"], "https://scoring.westeurope.inference.ml.azure.com/score");
    assert_eq!((&there["properties"]["keys"], &there["kind"]), (&Value::Null, &json!("Managed")));
    assert!(!cloud.state().await.to_string().contains("the-key"));
    let changed = cloud.patch(&path, json!({"tags": {"team": "vision"}})).await;
    let result = changed.link("location");
    assert!(result.contains("/mfeOperationResults/"), "{result}");
    assert_eq!(cloud.follow(&result).await.is(200)["tags"], json!({"team": "vision"}));
    changed.is(202);
    assert_eq!(cloud.get(&inside("onlineEndpoints")).await.names(), ["scoring"]);
    let gone = cloud.delete(&path).await;
    cloud.follow(&gone.link("location")).await.is(204);
    gone.is(202);
    cloud.get(&path).await.is(404);
}

#[tokio::test]
async fn its_identity_is_chosen_once() {
    let cloud = Cloud::with_workspace().await;
    let (path, refused) = (inside("onlineEndpoints/scoring"), "UnsupportedIdentityChange");
    cloud.put(&path, endpoint(Value::Null)).await.fails(400, "ValidationError", "identity");
    let own = || users("UserAssigned", &["flyteuser-acme"]);
    cloud.put(&path, endpoint(own())).await.is(201);
    cloud.put(&path, endpoint(system())).await.fails(400, refused, "can't be changed");
    cloud.patch(&path, json!({"identity": system()})).await.fails(400, refused, "can't be changed");
    cloud.put(&path, endpoint(own())).await.is(200);
    // One on a compute of its own can be given another.
    let mut on_compute = endpoint(own());
    on_compute["properties"]["compute"] = json!("azureml:k8s");
    let path = inside("onlineEndpoints/attached");
    cloud.put(&path, on_compute).await.is(201);
    cloud.patch(&path, json!({"identity": system()})).await.is(202);
    assert_eq!(cloud.read(&path).await["identity"]["type"], "SystemAssigned");
}

#[tokio::test]
async fn what_can_t_be_is_refused() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("onlineEndpoints/scoring");
    let mut open = endpoint(system());
    open["properties"]["authMode"] = json!("Open");
    cloud.put(&path, open).await.fails(400, "ValidationError", "Open");
    cloud.put(&inside("onlineEndpoints/a_b"), endpoint(system())).await.fails(400, "ValidationError", "a_b");
    let both = users("SystemAssigned,UserAssigned", &["flyteuser-acme"]);
    cloud.put(&path, with(endpoint(system()), "identity", both)).await.fails(400, "ValidationError", "not both");
    cloud.put(&path, endpoint(system())).await.is(201);
    let traffic = json!({"properties": {"traffic": {"blue": 100}}});
    cloud.patch(&path, traffic).await.fails(400, "ValidationError", "tags and the identity");
    // There is nothing behind it, and nothing can be put there.
    assert_eq!(cloud.read(&inside("onlineEndpoints/scoring/deployments")).await, json!({"value": []}));
    let blue = inside("onlineEndpoints/scoring/deployments/blue");
    cloud.put(&blue, json!({"location": "westeurope"})).await.fails(405, "HttpMethodNotAllowed", "PUT");
    cloud.get(&inside("onlineEndpoints/nope/deployments")).await.is(404);
}
