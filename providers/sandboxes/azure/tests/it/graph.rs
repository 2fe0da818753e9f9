//! Microsoft Graph, as far as `az` needs it.

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Cloud;

async fn start() -> (Cloud, String) {
    let cloud = Cloud::start("").await;
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET}&scope={}//.default",
        cloud.running.endpoint()
    );
    let body = cloud.ask_token(DEFAULT_TENANT, &form).await.is(200);
    let token = body["access_token"].as_str().expect("a token").to_owned();
    (cloud, token)
}

#[tokio::test]
async fn names_become_ids_and_ids_names() {
    let (cloud, token) = start().await;
    let get = async |path: &str| cloud.arm_as(&token, Method::GET, path, Value::Null).await;
    let (principal, client) = cloud.ids("flyteuser-acme").await;
    let filter = format!("/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c%20eq%20'{client}')");
    let body = get(&filter).await.is(200);
    assert_eq!(
        (&body["value"][0]["id"], &body["value"][0]["servicePrincipalType"]),
        (&json!(principal), &json!("ManagedIdentity"))
    );
    let body = get("/v1.0/users?$filter=userPrincipalName%20eq%20'x'").await.is(200);
    assert_eq!(body["value"], json!([]));
    let ids = json!({"ids": [principal, "aaaaaaaa-0000-4000-8000-00000000000a"], "types": ["user", "group", "servicePrincipal"]});
    let body = cloud.arm_as(&token, Method::POST, "/v1.0/directoryObjects/getByIds", ids).await.is(200);
    assert_eq!(body["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(body["value"][0]["@odata.type"], "#microsoft.graph.servicePrincipal");
    assert_eq!(get(&format!("/v1.0/servicePrincipals/{principal}")).await.is(200)["appId"], client);
    assert_eq!(get(&format!("/v1.0/servicePrincipals(appId='{client}')")).await.is(200)["id"], principal);
}

#[tokio::test]
async fn groups_are_followed() {
    let (cloud, token) = start().await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let group = "99999999-0000-4000-8000-000000000009";
    cloud
        .place(json!({"principal": {"id": group, "type": "Group", "displayName": "team", "members": [principal]}}))
        .await;
    let path = format!("/v1.0/servicePrincipals/{principal}/getMemberGroups");
    let body = cloud.arm_as(&token, Method::POST, &path, json!({"securityEnabledOnly": true})).await.is(200);
    assert_eq!(body["value"], json!([group]));
}

#[tokio::test]
async fn the_rest_is_refused() {
    let (cloud, token) = start().await;
    let get = async |path: &str| cloud.arm_as(&token, Method::GET, path, Value::Null).await;
    get("/v1.0/servicePrincipals/nobody").await.fails(404, "Request_ResourceNotFound", "nobody");
    get("/v1.0/servicePrincipals?$filter=owner%20eq%20'x'").await.fails(400, "Request_UnsupportedQuery", "owner");
    get("/v1.0/me").await.fails(400, "BadRequest", "delegated");
    get("/v1.0/sites").await.fails(400, "BadRequest", "sites");
    cloud.get("/v1.0/users").await.fails(401, "InvalidAuthenticationToken", "audience");
}
