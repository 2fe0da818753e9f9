//! Datastores and their secrets.

use serde_json::{Value, json};

use super::inside;
use crate::client::Cloud;

fn blob(credentials: Value) -> Value {
    let place = json!({"datastoreType": "AzureBlob", "accountName": "acmetraining", "containerName": "inputs"});
    let mut body = json!({"properties": place});
    body["properties"]["credentials"] = credentials;
    body
}

fn keys() -> Value {
    json!({"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "the-key"}})
}

#[tokio::test]
async fn secrets_are_written_and_listed_and_never_shown() {
    let cloud = Cloud::with_workspace().await;
    let (path, secrets) = (inside("datastores/inputs"), inside("datastores/inputs/listSecrets"));
    let made = cloud.put(&path, blob(keys())).await.is(201);
    assert_eq!(made["properties"]["credentials"]["secrets"], json!({"secretsType": "AccountKey"}));
    assert_eq!(cloud.post(&secrets, json!({})).await.is(200), json!({"secretsType": "AccountKey", "key": "the-key"}));
    let shown = cloud.read(&path).await;
    let all =
        shown.to_string() + &cloud.read(&inside("datastores")).await.to_string() + &cloud.state().await.to_string();
    assert!(!all.contains("the-key"), "{all}");
    // Whoever writes back what is shown loses them.
    cloud.put(&path, json!({"properties": shown["properties"]})).await.is(200);
    assert_eq!(cloud.post(&secrets, json!({})).await.is(200), json!({"secretsType": "AccountKey"}));
    cloud.put(&path, blob(json!({"credentialsType": "None"}))).await.is(200);
    cloud.post(&secrets, json!({})).await.fails(400, "ValidationError", "no secrets");
    cloud.delete(&path).await.is(200);
    cloud.delete(&path).await.is(204);
    cloud.get(&path).await.is(404);
}

#[tokio::test]
async fn what_others_wrote_comes_back() {
    let cloud = Cloud::with_workspace().await;
    let mut sent = blob(json!({"credentialsType": "None"}));
    sent["properties"]["tags"] = json!({"team": "vision"});
    sent["properties"]["properties"] = json!({"future": "kept"});
    sent["properties"]["serviceDataAccessAuthIdentity"] = json!("WorkspaceSystemAssignedIdentity");
    cloud.put(&inside("datastores/inputs"), sent.clone()).await.is(201);
    let there = cloud.read(&inside("datastores/inputs")).await["properties"].clone();
    for name in ["tags", "properties", "serviceDataAccessAuthIdentity", "credentials", "accountName"] {
        assert_eq!(there[name], sent["properties"][name], "{name}");
    }
    assert_eq!((&there["isDefault"], &there["endpoint"]), (&json!(false), &json!("core.windows.net")));
}

#[tokio::test]
async fn a_workspace_has_its_own() {
    let cloud = Cloud::with_workspace().await;
    let own = ["workspaceartifactstore", "workspaceblobstore", "workspacefilestore"];
    assert_eq!(cloud.get(&inside("datastores")).await.names(), own);
    assert_eq!(cloud.get(&format!("{}&isDefault=true", inside("datastores"))).await.names(), ["workspaceblobstore"]);
    let some = format!("{}&names=workspacefilestore,x", inside("datastores"));
    assert_eq!(cloud.get(&some).await.names(), ["workspacefilestore"]);
    let first = cloud.read(&format!("{}&count=1", inside("datastores"))).await;
    assert!(first["value"].as_array().is_some_and(|all| all.len() == 1) && first["nextLink"].is_string(), "{first}");
    let store = cloud.read(&inside("datastores/workspaceblobstore")).await["properties"].clone();
    let container = store["containerName"].as_str().expect("a container");
    let containers = format!("{}/blobServices/default/containers?api-version=2023-05-01", crate::account());
    assert!(cloud.get(&containers).await.names().contains(&container.to_owned()), "{container}");
    cloud.delete(&inside("datastores/workspaceblobstore")).await.fails(400, "ValidationError", "default");
}

#[tokio::test]
async fn what_can_t_be_is_refused() {
    let cloud = Cloud::with_workspace().await;
    let path = inside("datastores/odd");
    let refused = async |properties: Value, why: &str| {
        cloud.put(&path, json!({"properties": properties})).await.fails(400, "ValidationError", why);
    };
    let none = json!({"credentialsType": "None"});
    refused(json!({"datastoreType": "Tape", "credentials": none}), "Tape").await;
    refused(json!({"datastoreType": "AzureDataLakeGen2", "accountName": "a", "credentials": none}), "filesystem").await;
    let files = json!({"datastoreType": "AzureFile", "accountName": "a", "fileShareName": "f", "credentials": none});
    refused(files, "needs credentials").await;
    refused(json!({"datastoreType": "AzureBlob"}), "credentials").await;
    let mut elsewhere = blob(keys());
    elsewhere["properties"]["containerName"] = json!("nope");
    cloud.put(&path, elsewhere.clone()).await.fails(400, "ValidationError", "the container 'nope'");
    cloud.put(&format!("{path}&skipValidation=true"), elsewhere).await.is(201);
    cloud.put(&path, blob(none)).await.fails(400, "DatastorePropertyImmutable", "containerName");
    cloud.put(&inside("datastores/a.b"), blob(keys())).await.fails(400, "ValidationError", "a.b");
}
