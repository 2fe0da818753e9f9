//! Computes: which identities each kind may have, what is written of them, and what is not.

use serde_json::{Value, json};

use super::{API, body, cluster, having, inside, users, with, workspace};
use crate::client::Cloud;
use crate::{ACR_PULL, in_group};

fn of_kind(kind: &str, more: Value) -> Value {
    let mut body = json!({"location": "westeurope", "properties": {"computeType": kind}});
    for (name, value) in more.as_object().into_iter().flatten() {
        body["properties"][name] = value.clone();
    }
    body
}

fn kubernetes() -> Value {
    let id = in_group("Microsoft.ContainerService/managedClusters/acme-dataplane-aks");
    let secrets = json!({"namespace": "ml", "relayConnectionString": "Endpoint=sb://secret"});
    of_kind("Kubernetes", json!({"resourceId": id, "properties": secrets}))
}

#[tokio::test]
async fn a_cluster_comes_changes_and_goes() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("computes/cpu");
    let sent = with(cluster(json!({"type": "SystemAssigned"})), "tags", json!({"team": "vision"}));
    let made = cloud.put(&path, having(sent.clone(), "futureSetting", json!("kept"))).await;
    assert_eq!(cloud.follow(&made.link("azure-asyncoperation")).await.is(200)["status"], "Succeeded");
    assert_eq!(made.is(201)["properties"]["provisioningState"], "Creating");
    let there = cloud.read(&path).await;
    let properties = &there["properties"];
    assert_eq!((&properties["provisioningState"], &properties["futureSetting"]), (&json!("Succeeded"), &json!("kept")));
    assert_eq!(
        (&properties["isAttachedCompute"], &properties["properties"]["currentNodeCount"]),
        (&json!(false), &json!(0))
    );
    // Read and written back it stays as it is: what the service says is not taken from others.
    let mut back = there.clone();
    back["properties"]["provisioningState"] = json!("Failed");
    back["properties"]["properties"]["currentNodeCount"] = json!(99);
    cloud.put(&path, back).await.is(200);
    let again = cloud.read(&path).await;
    assert_eq!(again["properties"]["properties"], properties["properties"]);
    assert_eq!((&again["identity"], &again["tags"]), (&there["identity"], &there["tags"]));
    // Another identity in the place of its own: that one is gone.
    cloud
        .put(&path, with(sent, "identity", users("UserAssigned", &["flyteuser-acme", "acme-production"])))
        .await
        .is(200);
    let changed = cloud.read(&path).await;
    assert_eq!(
        (&changed["identity"]["type"], &changed["identity"]["principalId"]),
        (&json!("UserAssigned"), &Value::Null)
    );
    cloud.put(&path, cluster(Value::Null)).await.is(200);
    assert_eq!(cloud.read(&path).await["identity"], Value::Null, "what is left out is taken away");
    assert_eq!(cloud.get(&inside("computes")).await.names(), ["cpu"]);
    cloud.delete(&path).await.fails(400, "ValidationError", "underlyingResourceAction");
    let gone = cloud.delete(&format!("{path}&underlyingResourceAction=Delete")).await;
    cloud.follow(&gone.link("location")).await.is(204);
    gone.is(202);
    cloud.get(&path).await.is(404);
    cloud.delete(&format!("{path}&underlyingResourceAction=Delete")).await.is(204);
}

#[tokio::test]
async fn each_kind_has_its_own_identities() {
    let cloud = Cloud::with_workspace().await;
    let (one, two) = (["flyteuser-acme"], ["flyteuser-acme", "acme-production"]);
    let instance = of_kind("ComputeInstance", json!({"properties": {"vmSize": "STANDARD_DS3_V2"}}));
    for (name, sent) in [("cpu", cluster(Value::Null)), ("own", instance), ("k8s", kubernetes())] {
        let both = with(sent.clone(), "identity", users("SystemAssigned,UserAssigned", &one));
        let path = inside(&format!("computes/{name}"));
        cloud.put(&path, both).await.fails(400, "ValidationError", "not both");
        let several = cloud.put(&path, with(sent.clone(), "identity", users("UserAssigned", &two))).await;
        if name == "k8s" {
            several.fails(400, "ValidationError", "only one");
            cloud.put(&path, with(sent, "identity", users("UserAssigned", &one))).await.is(201);
        } else {
            several.is(201);
        }
    }
    // Other kinds are kept as they are.
    let databricks = of_kind("Databricks", json!({"properties": {"workspaceUrl": "https://adb.example"}}));
    cloud.put(&inside("computes/spark"), databricks).await.is(201);
    let there = cloud.read(&inside("computes/spark")).await;
    assert_eq!(there["properties"]["properties"]["workspaceUrl"], "https://adb.example");
}

#[tokio::test]
async fn what_has_a_secret_does_not_show_it() {
    let cloud = Cloud::with_workspace().await;
    cloud.put(&inside("computes/k8s"), kubernetes()).await.is(201);
    let account = json!({"adminUserName": "admin", "adminUserPassword": "secret!"});
    let mut sent = cluster(Value::Null);
    sent["properties"]["properties"]["userAccountCredentials"] = account;
    let made = cloud.put(&inside("computes/cpu"), sent).await.is(201);
    assert_eq!(made["properties"]["properties"]["userAccountCredentials"], json!({"adminUserName": "admin"}));
    let all = cloud.read(&inside("computes")).await.to_string() + &cloud.state().await.to_string();
    assert!(!all.contains("sb://secret") && !all.contains("secret!"), "{all}");
}

#[tokio::test]
async fn only_its_scale_is_patched() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("computes/cpu");
    cloud.put(&path, cluster(Value::Null)).await.is(201);
    let scale = |least: u64, most: u64| json!({"scaleSettings": {"minNodeCount": least, "maxNodeCount": most}});
    let patch = |settings: Value| json!({"properties": {"properties": settings}});
    let changed = cloud.patch(&path, patch(scale(2, 8))).await.is(200);
    assert_eq!(changed["properties"]["properties"]["scaleSettings"]["maxNodeCount"], 8);
    assert_eq!(changed["properties"]["properties"]["targetNodeCount"], 2);
    cloud.patch(&path, patch(scale(9, 8))).await.fails(400, "ValidationError", "larger");
    let more = with(patch(scale(0, 1)), "identity", json!({"type": "SystemAssigned"}));
    cloud.patch(&path, more).await.fails(400, "ValidationError", "whole compute");
    cloud.patch(&path, patch(json!({"vmSize": "x"}))).await.fails(400, "ValidationError", "whole compute");
    cloud.put(&inside("computes/k8s"), kubernetes()).await.is(201);
    cloud.patch(&inside("computes/k8s"), patch(scale(0, 1))).await.fails(400, "ValidationError", "AmlCompute");
    cloud.patch(&inside("computes/nope"), patch(scale(0, 1))).await.is(404);
}

#[tokio::test]
async fn what_can_t_be_is_refused() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("computes/cpu");
    cloud.put(&path, of_kind("Toaster", json!({}))).await.fails(400, "ValidationError", "Toaster");
    cloud.put(&path, of_kind("AmlCompute", json!({"properties": {}}))).await.fails(400, "ValidationError", "VM size");
    cloud.put(&path, of_kind("Kubernetes", json!({}))).await.fails(400, "ValidationError", "cluster");
    let nowhere = in_group("Microsoft.ContainerService/managedClusters/nowhere");
    cloud.put(&path, of_kind("Kubernetes", json!({"resourceId": nowhere}))).await.fails(
        400,
        "ValidationError",
        "nowhere",
    );
    cloud.put(&inside("computes/cpu-1"), cluster(Value::Null)).await.fails(400, "ValidationError", "cpu-1");
    cloud.put(&path, cluster(Value::Null)).await.is(201);
    let mut larger = cluster(Value::Null);
    larger["properties"]["properties"]["vmSize"] = json!("STANDARD_NC6");
    cloud.put(&path, larger).await.fails(400, "ComputePropertyImmutable", "vmSize");
    cloud.put(&path, kubernetes()).await.fails(400, "ComputePropertyImmutable", "computeType");
    let nowhere = format!("{}/computes/cpu{API}", workspace("nowhere"));
    cloud.put(&nowhere, cluster(Value::Null)).await.fails(404, "ParentResourceNotFound", "nowhere");
    cloud.get(&nowhere).await.fails(404, "ResourceNotFound", "nowhere");
}

#[tokio::test]
async fn it_pulls_from_a_registry_that_was_there_before_it() {
    let cloud = Cloud::start("").await;
    let (path, registry) =
        (format!("{}{API}", workspace("acme-ml")), in_group("Microsoft.ContainerRegistry/registries/acmeimages"));
    let pulls = async |compute: &str| {
        let asked = format!(
            "/_sandbox/access?principal={}/computes/{compute}&scope={registry}&action=Microsoft.ContainerRegistry/registries/pull/read",
            workspace("acme-ml")
        );
        cloud.read(&asked).await["allowed"].clone()
    };
    let system = || cluster(json!({"type": "SystemAssigned"}));
    cloud.put(&path, body()).await.is(202);
    cloud.put(&inside("computes/before"), system()).await.is(201);
    cloud.patch(&path, json!({"properties": {"containerRegistry": registry}})).await.is(202);
    cloud.put(&inside("computes/after"), system()).await.is(201);
    assert_eq!((pulls("before").await, pulls("after").await), (json!(false), json!(true)));
    let there = cloud.state().await["roleAssignments"].clone();
    let of_service = there.as_array().into_iter().flatten().filter(|one| one["properties"]["scope"] == json!(registry));
    let roles: Vec<&str> = of_service.filter_map(|one| one["properties"]["roleDefinitionId"].as_str()).collect();
    assert!(roles.len() == 1 && roles[0].ends_with(ACR_PULL), "{roles:?}");
}

#[tokio::test]
async fn its_principal_has_the_name_of_workspace_and_compute() {
    let cloud = Cloud::with_workspace().await;
    let made = cloud.put(&inside("computes/cpu"), cluster(json!({"type": "SystemAssigned"}))).await.is(201);
    let principals = cloud.state().await["principals"].clone();
    let of_compute = |one: &&Value| one["id"] == made["identity"]["principalId"];
    let found = principals.as_array().into_iter().flatten().find(of_compute).expect("a principal");
    assert_eq!(found["displayName"], "acme-ml/computes/cpu");
    assert_eq!(found["tenantId"], made["identity"]["tenantId"]);
}
