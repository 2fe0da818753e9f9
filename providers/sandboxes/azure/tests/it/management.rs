//! What is done behind everybody's back, and what can be seen from there.

use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{
    ASSIGNMENTS, BLOB_READER, GROUP, SUBSCRIPTION, VERSION, account, assignment, grant, guid, identity, in_group, role,
};

#[tokio::test]
async fn foreign_things_are_put_changed_and_deleted() {
    let cloud = Cloud::start("").await;
    let id = format!("{}{ASSIGNMENTS}/{}", account(), guid(5));
    let stranger = "99999999-0000-4000-8000-000000000009";
    let made = cloud
        .place(json!({"id": id, "properties": {"roleDefinitionId": role(BLOB_READER), "principalId": stranger, "principalType": "User"}}))
        .await;
    assert_eq!(made["properties"]["scope"], account());
    let changed = cloud.place(json!({"id": id, "properties": {"description": "by hand"}})).await;
    assert_eq!(
        (&changed["properties"]["description"], &changed["properties"]["principalId"]),
        (&json!("by hand"), &json!(stranger))
    );
    assert_eq!(cloud.get(&format!("{id}{VERSION}")).await.is(200)["properties"]["description"], "by hand");

    let registry = in_group("Microsoft.ContainerRegistry/registries/acmeimages");
    let changed = cloud.place(json!({"id": registry, "properties": {"roleAssignmentMode": "AbacRepositoryPermissions", "adminUserEnabled": true}})).await;
    assert_eq!(changed["properties"]["loginServer"], "acmeimages.azurecr.io", "the rest stays");
    let vault = in_group("Microsoft.KeyVault/vaults/acme-vault");
    cloud.place(json!({"id": vault, "properties": {"enableRbacAuthorization": false}})).await;
    assert_eq!(
        cloud.get(&format!("{vault}?api-version=2023-07-01")).await.is(200)["properties"]["enableRbacAuthorization"],
        false
    );

    let far = "/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a/resourceGroups/far/providers/Microsoft.Storage/storageAccounts/faraway";
    cloud.place(json!({"id": far})).await;
    assert_eq!(cloud.get(&format!("{far}?api-version=2023-05-01")).await.is(200)["name"], "faraway");
    assert_eq!(cloud.post("/_sandbox/delete", json!({"id": far})).await.is(200)["removed"], true);
    cloud.get(&format!("{far}?api-version=2023-05-01")).await.fails(404, "ResourceNotFound", "faraway");
    assert_eq!(cloud.post("/_sandbox/delete", json!({"id": id})).await.is(200)["removed"], true);
    assert_eq!(cloud.post("/_sandbox/delete", json!({"id": id})).await.is(200)["removed"], false);

    let made = cloud.place(json!({"id": identity("by-hand"), "tags": {"a": "b"}})).await;
    assert_eq!(made["tags"], json!({"a": "b"}));
    let credential = format!("{}/federatedIdentityCredentials/theirs", identity("by-hand"));
    cloud
        .place(json!({"id": credential, "properties": {"issuer": "https://x", "subject": "s", "audiences": ["a"]}}))
        .await;
    cloud.get(&format!("{credential}?api-version=2023-01-31")).await.is(200);
    cloud.post("/_sandbox/delete", json!({"id": identity("by-hand")})).await.is(200);
    cloud.get(&format!("{}?api-version=2023-01-31", identity("by-hand"))).await.fails(
        404,
        "ResourceNotFound",
        "by-hand",
    );

    for (path, body) in [("put", json!({})), ("put", json!({"id": "x/y"})), ("delete", json!({"id": "/"}))] {
        let reply = cloud.post(&format!("/_sandbox/{path}"), body).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
    }
    assert_eq!(cloud.get("/_sandbox/nonsense").await.status, 404);
}

#[tokio::test]
async fn the_state_is_the_same_after_there_and_back() {
    let cloud = Cloud::start("").await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let before = cloud.state().await;
    let path = assignment(&account(), &guid(1));
    cloud.put(&path, grant(BLOB_READER, &principal)).await.is(201);
    assert_ne!(cloud.state().await, before);
    cloud.delete(&path).await.is(200);
    assert_eq!(cloud.state().await, before);
    let kinds: Vec<&String> = before.as_object().expect("an object").keys().collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

#[tokio::test]
async fn exchanges_are_recorded_without_secrets() {
    let cloud = Cloud::start("").await;
    let list = format!("{SUBSCRIPTION}{ASSIGNMENTS}{VERSION}");
    cloud.get(&list).await.is(200);
    assert_eq!(cloud.get("/_sandbox/recorded").await.is(200), json!([]));
    cloud.post("/_sandbox/record", json!({"on": true})).await.is(200);
    cloud.get(&list).await.is(200);
    cloud.log_in().await;
    let recorded = cloud.get("/_sandbox/recorded").await.is(200);
    assert_eq!(recorded.as_array().map(Vec::len), Some(1));
    let (request, response) = (&recorded[0]["request"], &recorded[0]["response"]);
    assert_eq!(request["url"], format!("{}{list}", cloud.running.endpoint()));
    assert_eq!((&request["method"], &response["statusCode"]), (&json!("GET"), &json!("200")));
    assert!(response["body"]["value"].is_array() && request["headers"]["authorization"].is_null());
    assert!(!recorded.to_string().contains(&cloud.token));
    cloud.post("/_sandbox/record", json!({"on": false})).await.is(200);
    assert_eq!(cloud.get("/_sandbox/recorded").await.is(200), json!([]));
}

#[tokio::test]
async fn deny_assignments_can_be_put_and_read() {
    let cloud = Cloud::start("").await;
    let everybody = "00000000-0000-0000-0000-000000000000";
    let id = format!("{GROUP}/providers/Microsoft.Authorization/denyAssignments/{}", guid(1));
    let permissions = json!([{"actions": ["*/delete"], "notActions": []}]);
    cloud.place(json!({"id": id, "properties": {"denyAssignmentName": "stack", "permissions": permissions, "principals": [{"id": everybody}]}})).await;
    let list = format!("{GROUP}/providers/Microsoft.Authorization/denyAssignments{VERSION}");
    assert_eq!(cloud.get(&list).await.names(), [guid(1)]);
    assert_eq!(cloud.get(&format!("{id}{VERSION}")).await.is(200)["properties"]["isSystemProtected"], true);
    let path = format!("{}?api-version=2023-01-31", identity("flyteuser-acme"));
    let denied = "DenyAssignmentAuthorizationFailed";
    cloud.delete(&path).await.fails(403, denied, "because of the deny assignment with name 'stack'");
    cloud.delete(&format!("{id}{VERSION}")).await.fails(403, denied, "denyAssignments/delete");
    assert_eq!(
        cloud.arm_as(&cloud.token, reqwest::Method::PUT, &format!("{id}{VERSION}"), Value::Null).await.status,
        405
    );
}

/// The names of hosts are somebody's in all of Azure, whatever the group, subscription or tenant.
#[tokio::test]
async fn a_host_s_name_is_taken_once() {
    let cloud = Cloud::start("").await;
    let far = "/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a/resourceGroups/far/providers";
    for (kind, name, code) in [
        ("Microsoft.Storage/storageAccounts", "AcmeTraining", "storage account named AcmeTraining is already taken"),
        ("Microsoft.KeyVault/vaults", "acme-vault", "vault name 'acme-vault' is already in use"),
        ("Microsoft.ContainerRegistry/registries", "acmeimages", "acmeimages.azurecr.io is already in use"),
    ] {
        let reply = cloud.post("/_sandbox/put", json!({"id": format!("{far}/{kind}/{name}")})).await;
        assert!(reply.status == 400 && reply.body.to_string().contains(code), "{}", reply.body);
        // Whoever has it may change it.
        cloud.place(json!({"id": in_group(&format!("{kind}/{name}")), "tags": {"a": "b"}})).await;
    }
    let registry = format!(
        "{}?api-version=2025-11-01",
        "/resourceGroups/other/providers/Microsoft.ContainerRegistry/registries/acmeimages"
    );
    cloud
        .put(&format!("{SUBSCRIPTION}/resourceGroups/other?api-version=2021-04-01"), json!({"location": "westeurope"}))
        .await
        .is(201);
    let body = json!({"location": "westeurope", "sku": {"name": "Basic"}});
    cloud.put(&format!("{SUBSCRIPTION}{registry}"), body).await.fails(409, "AlreadyInUse", "acmeimages.azurecr.io");
    // Clusters may be called alike.
    cloud.place(json!({"id": format!("{far}/Microsoft.ContainerService/managedClusters/acme-dataplane-aks")})).await;
}
