//! What all requests to Azure Resource Manager share: who calls, versions, headers, what is not there.

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cloud, form};
use crate::{GROUP, OTHER, SUBSCRIPTION};

const LIST: &str = "/subscriptions?api-version=2022-12-01";

#[tokio::test]
async fn a_token_is_needed() {
    let cloud = Cloud::start("").await;
    let reply = cloud.send(Method::GET, LIST, None, String::new()).await;
    reply.fails(401, "AuthenticationFailed", "The 'Authorization' header is missing");
    let challenge = reply.header("www-authenticate").expect("a challenge");
    assert!(
        challenge.contains(&format!("authorization_uri=\"{}/{DEFAULT_TENANT}\"", cloud.running.endpoint())),
        "{challenge}"
    );
    cloud.send(Method::GET, LIST, Some("a.b.c"), String::new()).await.fails(
        401,
        "InvalidAuthenticationToken",
        "invalid",
    );
    let forged = format!("{}x", cloud.token);
    cloud.send(Method::GET, LIST, Some(&forged), String::new()).await.fails(
        401,
        "InvalidAuthenticationToken",
        "invalid",
    );

    let other = format!(
        "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET}&scope=https://vault.azure.net/.default"
    );
    let token = cloud.ask_token(DEFAULT_TENANT, &other).await.is(200);
    let token = token["access_token"].as_str().expect("a token");
    cloud.send(Method::GET, LIST, Some(token), String::new()).await.fails(
        401,
        "InvalidAuthenticationTokenAudience",
        "vault.azure.net",
    );

    cloud.knobs("quota.TokenSeconds=0").await;
    let token = cloud.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[("client_secret", SECRET)])).await.is(200);
    let token = token["access_token"].as_str().expect("a token");
    cloud.send(Method::GET, LIST, Some(token), String::new()).await.fails(
        401,
        "ExpiredAuthenticationToken",
        "expiry UTC time",
    );
}

#[tokio::test]
async fn a_subscription_of_another_tenant_wants_another_token() {
    let cloud = Cloud::start("").await;
    let (foreign, tenant) =
        ("/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b");
    cloud.place(json!({"id": foreign, "tenantId": tenant})).await;
    let reply = cloud.get(&format!("{foreign}/resourceGroups?api-version=2021-04-01")).await;
    reply.fails(401, "InvalidAuthenticationTokenTenant", tenant);
    assert!(reply.header("www-authenticate").expect("a challenge").contains(tenant));
    let seen = cloud.get(LIST).await.is(200);
    assert_eq!(seen["value"].as_array().map(Vec::len), Some(2), "{seen}");
    assert_eq!(
        cloud.get(&format!("/subscriptions/{OTHER}?api-version=2022-12-01")).await.is(200)["tenantId"],
        DEFAULT_TENANT
    );
}

#[tokio::test]
async fn versions_are_checked() {
    let cloud = Cloud::start("").await;
    let path = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities");
    cloud.get(&path).await.fails(400, "MissingApiVersionParameter", "api-version");
    cloud.get(&format!("{path}?api-version=soon")).await.fails(400, "InvalidApiVersionParameter", "2024-11-30");
    let unknown = cloud.get(&format!("{path}?api-version=2024-12-31")).await;
    unknown.fails(400, "NoRegisteredProviderFound", "2024-11-30");
    cloud.get(&format!("{path}?Api-Version=2024-11-30")).await.is(200);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let cloud = Cloud::start("").await;
    let nowhere = "/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a";
    cloud.get(&format!("{nowhere}?api-version=2022-12-01")).await.fails(
        404,
        "SubscriptionNotFound",
        "could not be found",
    );
    let vaults = "providers/Microsoft.KeyVault/vaults";
    cloud.get(&format!("{SUBSCRIPTION}/resourceGroups/nope/{vaults}?api-version=2023-07-01")).await.fails(
        404,
        "ResourceGroupNotFound",
        "Resource group 'nope' could not be found",
    );
    cloud.get(&format!("{GROUP}/{vaults}/nope?api-version=2023-07-01")).await.fails(
        404,
        "ResourceNotFound",
        "The Resource 'Microsoft.KeyVault/vaults/nope' under resource group 'acme-dataplane'",
    );
    cloud.get(&format!("{GROUP}/providers/Microsoft.Compute/disks?api-version=2023-01-01")).await.fails(
        404,
        "InvalidResourceType",
        "disks",
    );
    cloud.get("/nonsense?api-version=2023-01-01").await.fails(404, "NotFound", "/nonsense");
    cloud.delete(&format!("{SUBSCRIPTION}?api-version=2022-12-01")).await.fails(405, "HttpMethodNotAllowed", "DELETE");
}

#[tokio::test]
async fn answers_carry_ids_and_what_is_left() {
    let cloud = Cloud::start("").await;
    let url = format!("{}{SUBSCRIPTION}/resourceGroups?api-version=2021-04-01", cloud.running.endpoint());
    let ask = || cloud.http.get(&url).bearer_auth(&cloud.token).header("x-ms-client-request-id", "mine");
    let reply = ask().send().await.expect("an answer");
    let header = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert!(header("x-ms-request-id").is_some() && header("x-ms-correlation-request-id").is_some());
    assert_eq!(header("x-ms-ratelimit-remaining-subscription-reads").as_deref(), Some("249"));
    assert_eq!(header("x-ms-client-request-id"), None);
    let reply = ask().header("x-ms-return-client-request-id", "true").send().await.expect("an answer");
    assert_eq!(reply.headers()["x-ms-client-request-id"], "mine");
}

#[tokio::test]
async fn paths_have_no_case() {
    let cloud = Cloud::start("").await;
    let path = format!(
        "{}/PROVIDERS/microsoft.managedidentity/userassignedIDENTITIES/FlyteUser-ACME?api-version=2023-01-31",
        GROUP.replace("resourceGroups", "resourcegroups")
    );
    let body = cloud.get(&path).await.is(200);
    assert_eq!(body["name"], "flyteuser-acme", "names are shown as they were made");
    assert_eq!(body["type"], "Microsoft.ManagedIdentity/userAssignedIdentities");
}

#[tokio::test]
async fn groups_come_and_go() {
    let cloud = Cloud::start("").await;
    let path = format!("{SUBSCRIPTION}/resourceGroups/team?api-version=2021-04-01");
    assert_eq!(cloud.arm_as(&cloud.token, Method::HEAD, &path, Value::Null).await.status, 404);
    cloud.put(&path, json!({})).await.fails(400, "LocationRequired", "location");
    cloud.put(&path, json!({"location": "West Europe", "tags": {"a": "b"}})).await.is(201);
    let body = cloud.put(&path, json!({"location": "westeurope"})).await.is(200);
    assert_eq!(
        (&body["location"], &body["properties"]["provisioningState"]),
        (&"westeurope".into(), &"Succeeded".into())
    );
    cloud.put(&path, json!({"location": "eastus"})).await.fails(409, "InvalidResourceLocation", "westeurope");
    assert_eq!(cloud.arm_as(&cloud.token, Method::HEAD, &path, Value::Null).await.status, 204);
    let list = format!("{SUBSCRIPTION}/resourcegroups?api-version=2021-04-01");
    assert_eq!(cloud.get(&list).await.names(), ["acme-dataplane", "team"]);
    cloud.delete(&path).await.is(200);
    cloud.delete(&path).await.fails(404, "ResourceGroupNotFound", "team");
    let full = format!("{GROUP}?api-version=2021-04-01");
    cloud.delete(&full).await.fails(409, "ResourceGroupDeletionBlocked", "acme-dataplane");
    let odd = format!("{SUBSCRIPTION}/resourceGroups/team.?api-version=2021-04-01");
    cloud.put(&odd, json!({"location": "westeurope"})).await.fails(400, "InvalidResourceGroup", "team.");
}

#[tokio::test]
async fn providers_tenants_and_locations() {
    let cloud = Cloud::start("").await;
    let body = cloud.get(&format!("{SUBSCRIPTION}/providers/microsoft.storage?api-version=2021-04-01")).await.is(200);
    assert_eq!((&body["namespace"], &body["registrationState"]), (&"Microsoft.Storage".into(), &"Registered".into()));
    let body = cloud
        .post(&format!("{SUBSCRIPTION}/providers/Microsoft.KeyVault/register?api-version=2021-04-01"), Value::Null)
        .await;
    assert_eq!(body.is(200)["namespace"], "Microsoft.KeyVault");
    assert!(
        cloud.get("/providers?api-version=2021-04-01").await.is(200)["value"]
            .as_array()
            .is_some_and(|all| all.len() > 5)
    );
    cloud.get(&format!("{SUBSCRIPTION}/providers/Microsoft.Nope?api-version=2021-04-01")).await.fails(
        404,
        "InvalidResourceNamespace",
        "Nope",
    );
    assert_eq!(cloud.get("/tenants?api-version=2022-12-01").await.is(200)["value"][0]["tenantId"], DEFAULT_TENANT);
    let body = cloud.get(&format!("{SUBSCRIPTION}/locations?api-version=2022-12-01")).await;
    assert!(body.names().contains(&"westeurope".to_owned()));
}
