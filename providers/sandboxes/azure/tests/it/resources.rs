//! What the manifest takes for granted, and what little can be written beside it.

use cloudgrant_azure_sandbox::DEFAULT_TENANT;
use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{GROUP, ISSUER, OTHER, SUBSCRIPTION, account, guid, in_group};

#[tokio::test]
async fn storage() {
    let cloud = Cloud::start("").await;
    let list = format!("{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01");
    assert_eq!(cloud.get(&list).await.names(), ["acmelake", "acmetraining"]);
    let body = cloud.get(&format!("{}?api-version=2021-08-01", account())).await.is(200);
    assert_eq!(body["properties"]["primaryEndpoints"]["blob"], "https://acmetraining.blob.core.windows.net/");
    assert_eq!(body["properties"]["isHnsEnabled"], false);
    let lake = in_group("Microsoft.Storage/storageAccounts/acmelake");
    assert_eq!(cloud.get(&format!("{lake}?api-version=2021-08-01")).await.is(200)["properties"]["isHnsEnabled"], true);
    let containers = format!("{}/blobServices/default/containers", account());
    assert_eq!(cloud.get(&format!("{containers}?api-version=2021-08-01")).await.names(), ["inputs"]);
    cloud.get(&format!("{containers}/nope?api-version=2021-08-01")).await.fails(404, "ContainerNotFound", "");
    let made =
        cloud.put(&format!("{containers}/outputs?api-version=2021-08-01"), json!({"properties": {}})).await.is(201);
    assert_eq!(made["type"], "Microsoft.Storage/storageAccounts/blobServices/containers");
    cloud.put(&format!("{containers}/outputs?api-version=2021-08-01"), json!({})).await.is(200);
    cloud.put(&format!("{containers}/Out_puts?api-version=2021-08-01"), json!({})).await.fails(
        400,
        "InvalidResourceName",
        "Out_puts",
    );
    cloud.delete(&format!("{containers}/outputs?api-version=2021-08-01")).await.is(200);
    let service = format!("{}/blobServices/default?api-version=2021-08-01", account());
    assert_eq!(cloud.get(&service).await.is(200)["name"], "default");
    let nowhere = in_group("Microsoft.Storage/storageAccounts/nope/blobServices/default/containers");
    cloud.get(&format!("{nowhere}?api-version=2021-08-01")).await.fails(
        404,
        "ResourceNotFound",
        "storageAccounts/nope",
    );
    cloud.put(&format!("{}?api-version=2021-08-01", account()), json!({})).await.fails(
        405,
        "HttpMethodNotAllowed",
        "PUT",
    );
}

/// Azure says nothing of what it leaves out.
#[tokio::test]
async fn a_list_has_what_the_caller_may_read() {
    let cloud = Cloud::start("").await;
    let list = format!("{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01");
    let id = format!("{}/providers/Microsoft.Authorization/denyAssignments/{}", account(), guid(1));
    let permissions = json!([{"actions": ["Microsoft.Storage/storageAccounts/read"], "notActions": []}]);
    let everybody = json!([{"id": "00000000-0000-0000-0000-000000000000"}]);
    cloud.place(json!({"id": id, "properties": {"permissions": permissions, "principals": everybody}})).await;
    assert_eq!(cloud.get(&list).await.names(), ["acmelake"]);
    let path = format!("{}?api-version=2023-05-01", account());
    cloud.get(&path).await.fails(403, "DenyAssignmentAuthorizationFailed", "");
}

#[tokio::test]
async fn vaults_have_secrets_without_values() {
    let cloud = Cloud::start("").await;
    let vault = in_group("Microsoft.KeyVault/vaults/acme-vault");
    let body = cloud.get(&format!("{vault}?api-version=2023-07-01")).await.is(200);
    assert_eq!(body["properties"]["vaultUri"], "https://acme-vault.vault.azure.net/");
    assert_eq!(
        (&body["properties"]["enableRbacAuthorization"], &body["properties"]["tenantId"]),
        (&json!(true), &json!(DEFAULT_TENANT))
    );
    assert_eq!(
        cloud.get(&format!("{GROUP}/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01")).await.names(),
        ["acme-vault"]
    );
    assert_eq!(cloud.get(&format!("{vault}/secrets?api-version=2023-07-01")).await.names(), ["labels-token"]);
    let secret = cloud.get(&format!("{vault}/secrets/labels-token?api-version=2023-07-01")).await.is(200);
    assert_eq!(secret["properties"]["value"], Value::Null);
    assert_eq!(secret["properties"]["secretUri"], "https://acme-vault.vault.azure.net/secrets/labels-token");
    cloud.get(&format!("{vault}/secrets/nope?api-version=2023-07-01")).await.fails(404, "SecretNotFound", "nope");
}

#[tokio::test]
async fn registries() {
    let cloud = Cloud::start("").await;
    let registry = in_group("Microsoft.ContainerRegistry/registries/acmeimages");
    let path = format!("{registry}?api-version=2025-11-01");
    let body = cloud.get(&path).await.is(200);
    assert_eq!(body["properties"]["loginServer"], "acmeimages.azurecr.io");
    assert_eq!(
        (&body["properties"]["roleAssignmentMode"], &body["properties"]["adminUserEnabled"]),
        (&json!("LegacyRegistryPermissions"), &json!(false))
    );
    let old = cloud.get(&format!("{registry}?api-version=2023-07-01")).await.is(200);
    assert_eq!(old["properties"]["roleAssignmentMode"], Value::Null, "older versions do not know modes");
    let changed =
        cloud.patch(&path, json!({"properties": {"roleAssignmentMode": "AbacRepositoryPermissions"}})).await.is(200);
    assert_eq!(changed["properties"]["roleAssignmentMode"], "AbacRepositoryPermissions");
    cloud.patch(&path, json!({"properties": {"roleAssignmentMode": "Other"}})).await.fails(
        400,
        "InvalidRequestContent",
        "roleAssignmentMode",
    );

    let fresh = format!("{}?api-version=2025-11-01", in_group("Microsoft.ContainerRegistry/registries/acmefresh"));
    let good = json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": true, "loginServer": "mine"}});
    cloud.put(&fresh, json!({"location": "westeurope"})).await.fails(400, "InvalidRequestContent", "SKU");
    cloud.put(&fresh, json!({"location": "westeurope", "sku": {"name": "Huge"}})).await.fails(
        400,
        "UnsupportedSku",
        "Huge",
    );
    let made = cloud.put(&fresh, good.clone()).await.is(201);
    assert_eq!(
        (&made["properties"]["adminUserEnabled"], &made["properties"]["loginServer"]),
        (&json!(true), &json!("acmefresh.azurecr.io"))
    );
    cloud.put(&fresh, good.clone()).await.is(200);
    let taken = format!(
        "/subscriptions/{OTHER}/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/ACMEfresh?api-version=2025-11-01"
    );
    cloud.put(&taken, good.clone()).await.fails(409, "AlreadyInUse", "acmefresh.azurecr.io");
    let odd = fresh.replace("acmefresh", "acme-1");
    cloud.put(&odd, good).await.fails(400, "InvalidRegistryName", "acme-1");
    let check =
        format!("{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability?api-version=2025-11-01");
    let ask = async |name: &str| {
        cloud.post(&check, json!({"name": name, "type": "Microsoft.ContainerRegistry/registries"})).await.is(200)["nameAvailable"].clone()
    };
    assert_eq!((ask("acmefresh").await, ask("acmeother").await), (json!(false), json!(true)));
    cloud.delete(&fresh).await.is(200);
    cloud.delete(&fresh).await.is(204);
    cloud.post(&path.replace("?", "/listCredentials?"), json!({})).await.fails(
        404,
        "InvalidResourceType",
        "listCredentials",
    );
}

#[tokio::test]
async fn the_cluster_says_how_its_pods_log_in() {
    let cloud = Cloud::start("").await;
    let cluster = in_group("Microsoft.ContainerService/managedClusters/acme-dataplane-aks");
    let body = cloud.get(&format!("{cluster}?api-version=2024-05-01")).await.is(200);
    let properties = &body["properties"];
    assert_eq!(properties["oidcIssuerProfile"], json!({"enabled": true, "issuerURL": ISSUER}));
    assert_eq!(properties["securityProfile"]["workloadIdentity"]["enabled"], true);
    let kubelet = &properties["identityProfile"]["kubeletidentity"];
    let (principal, client) = cloud.ids("acme-dataplane-aks-agentpool").await;
    assert_eq!((&kubelet["objectId"], &kubelet["clientId"]), (&json!(principal), &json!(client)));
    let list = format!("{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters?api-version=2024-05-01");
    assert_eq!(cloud.get(&list).await.names(), ["acme-dataplane-aks"]);
}

#[tokio::test]
async fn full_ids_bring_what_is_around_them() {
    let cloud = Cloud::start("").await;
    let list = format!("/subscriptions/{OTHER}/resources?api-version=2021-04-01");
    assert_eq!(cloud.get(&list).await.names(), ["ml"]);
    assert_eq!(
        cloud.get(&format!("/subscriptions/{OTHER}/resourceGroups?api-version=2021-04-01")).await.names(),
        ["team"]
    );
    let by_type =
        format!("{SUBSCRIPTION}/resources?api-version=2021-04-01&$filter=resourceType eq 'Microsoft.KeyVault/vaults'");
    assert_eq!(cloud.get(&by_type).await.names(), ["acme-vault"]);
    let by_name = format!("{GROUP}/resources?api-version=2021-04-01&$filter=name eq 'flyteuser-acme'");
    assert_eq!(cloud.get(&by_name).await.names(), ["flyteuser-acme"]);
    cloud.get(&format!("{GROUP}/resources?api-version=2021-04-01&$filter=x eq 'y'")).await.fails(
        400,
        "InvalidFilterInQueryString",
        "x",
    );
}
