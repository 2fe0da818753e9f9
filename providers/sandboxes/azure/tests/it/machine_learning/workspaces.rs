//! Workspaces: their identities, what they keep, what is refused.

use serde_json::{Value, json};

use super::{API, NEWEST, body, having, users, with, workspace};
use crate::client::Cloud;
use crate::{SUBSCRIPTION, account, assignment, grant, guid, identity, in_group};

fn path() -> String {
    format!("{}{API}", workspace("acme-ml"))
}

#[tokio::test]
async fn one_comes_changes_and_goes() {
    let cloud = Cloud::start("").await;
    let sent = having(with(body(), "somethingNew", json!({"of": "others"})), "futureSetting", json!([1]));
    let made = cloud.put(&path(), sent).await;
    assert_eq!(cloud.follow(&made.link("location")).await.is(200)["name"], "acme-ml");
    assert_eq!(made.is(202), Value::Null);
    let there = cloud.read(&path()).await;
    assert_eq!((&there["kind"], &there["sku"]["name"]), (&json!("Default"), &json!("Basic")));
    assert_eq!((&there["somethingNew"]["of"], &there["properties"]["futureSetting"]), (&json!("others"), &json!([1])));
    assert_eq!(there["tags"], json!({"team": "vision"}));
    assert_eq!(there["properties"]["provisioningState"], "Succeeded");
    let (principal, kind) = (there["identity"]["principalId"].clone(), there["identity"]["type"].clone());
    assert!(principal.is_string() && kind == "SystemAssigned", "{there}");
    // Words alone are changed at once.
    let said = cloud.patch(&path(), json!({"tags": {}, "properties": {"description": "of vision"}})).await.is(200);
    assert_eq!((&said["tags"], &said["properties"]["description"]), (&json!({}), &json!("of vision")));
    // A write of all of it takes away what it does not name, and nothing that the service says.
    cloud.put(&path(), body()).await.is(202);
    let again = cloud.read(&path()).await;
    assert_eq!(again["properties"]["futureSetting"], Value::Null);
    assert_eq!(again["properties"]["workspaceId"], there["properties"]["workspaceId"]);
    assert_eq!(again["identity"]["principalId"], principal);
    let all = format!("{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/workspaces{API}");
    assert_eq!(cloud.get(&all).await.names(), ["acme-ml"]);
    cloud.delete(&path()).await.is(202);
    cloud.get(&path()).await.fails(404, "ResourceNotFound", "workspaces/acme-ml");
    cloud.delete(&path()).await.is(204);
    let gone = cloud.get(&super::inside("datastores")).await;
    gone.fails(404, "ResourceNotFound", "workspaces/acme-ml");
}

#[tokio::test]
async fn identities_are_replaced_as_a_whole_and_none_of_its_kinds_goes() {
    let cloud = Cloud::with_workspace().await;
    let (own, other) = ("flyteuser-acme", "acme-production");
    let identities = async |sent: Value| cloud.patch(&path(), json!({"identity": sent})).await;
    let refused = "UnsupportedIdentityChange";
    identities(users("UserAssigned", &[own])).await.fails(400, refused, "not back");
    identities(users("SystemAssigned,UserAssigned", &[own, other])).await.is(202);
    let there = cloud.read(&path()).await["identity"].clone();
    let (principal, client) = cloud.ids(own).await;
    assert_eq!(there["userAssignedIdentities"][identity(own)], json!({"principalId": principal, "clientId": client}));
    assert_eq!(there["type"], "SystemAssigned,UserAssigned");
    identities(json!({"type": "SystemAssigned"})).await.fails(400, refused, "not back");
    identities(users("UserAssigned", &[own])).await.fails(400, refused, "not back");
    // What is not named again goes, and so does what is named with nothing.
    let mut sent = users("SystemAssigned, UserAssigned", &[own]);
    sent["userAssignedIdentities"][identity(other)] = Value::Null;
    identities(sent).await.is(202);
    let left = cloud.read(&path()).await["identity"]["userAssignedIdentities"].clone();
    assert_eq!(left.as_object().map(serde_json::Map::len), Some(1), "{left}");
    cloud.put(&path(), with(body(), "identity", users("SystemAssigned,UserAssigned", &[other]))).await.is(202);
    let left = cloud.read(&path()).await["identity"].clone();
    assert!(left["userAssignedIdentities"][identity(other)].is_object(), "{left}");
    assert_eq!(
        (left["userAssignedIdentities"].as_object().map(serde_json::Map::len), &left["principalId"]),
        (Some(1), &there["principalId"])
    );
    cloud.put(&path(), body()).await.fails(400, refused, "not back");
    let mut without = body();
    without.as_object_mut().expect("an object").remove("identity");
    cloud.put(&path(), without).await.fails(400, "ValidationError", "MSI");
    identities(users("SystemAssigned,UserAssigned", &["nobody"])).await.fails(400, "FailedIdentityOperation", "nobody");
}

#[tokio::test]
async fn the_primary_identity_and_that_of_the_key_are_among_them() {
    let cloud = Cloud::start("").await;
    let (own, other) = (identity("flyteuser-acme"), identity("acme-production"));
    let both = with(body(), "identity", users("SystemAssigned,UserAssigned", &["flyteuser-acme"]));
    let of = |id: &str| having(both.clone(), "primaryUserAssignedIdentity", json!(id));
    cloud.put(&path(), of(&other)).await.fails(400, "ValidationError", "primary");
    cloud.put(&path(), of(&own.to_uppercase().replace("/SUBSCRIPTIONS/", "/subscriptions/"))).await.is(202);
    // It can't be taken away while it is the primary one.
    let sent = json!({"identity": users("SystemAssigned,UserAssigned", &["acme-production"])});
    cloud.patch(&path(), sent).await.fails(400, "ValidationError", "primary");

    let encrypted = |id: &str| {
        let vault = in_group("Microsoft.KeyVault/vaults/acme-vault");
        let key = json!({"keyVaultArmId": vault, "keyIdentifier": "https://acme-vault.vault.azure.net/keys/k/1"});
        let encryption =
            json!({"status": "Enabled", "identity": {"userAssignedIdentity": id}, "keyVaultProperties": key});
        having(both.clone(), "encryption", encryption)
    };
    let late = cloud.put(&path(), encrypted(&own)).await;
    late.fails(400, "WorkspacePropertyImmutable", "encryption");
    let path = format!("{}{API}", workspace("encrypted"));
    cloud.put(&path, encrypted(&other)).await.fails(400, "ValidationError", "customer-managed key");
    cloud.put(&path, encrypted(&own)).await.is(202);
    cloud.put(&path, both.clone()).await.is(202);
    assert_eq!(cloud.read(&path).await["properties"]["encryption"]["status"], "Enabled");
    let sent = json!({"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier":
                       "https://acme-vault.vault.azure.net/keys/k/2"}}}});
    cloud.patch(&path, sent).await.is(202);
    let key = cloud.read(&path).await["properties"]["encryption"]["keyVaultProperties"].clone();
    assert!(
        key["keyIdentifier"].as_str().is_some_and(|id| id.ends_with("/2")) && key["keyVaultArmId"].is_string(),
        "{key}"
    );
}

#[tokio::test]
async fn what_it_begins_with_stays() {
    let cloud = Cloud::with_workspace().await;
    let lake = in_group("Microsoft.Storage/storageAccounts/acmelake");
    for sent in [having(body(), "storageAccount", json!(lake)), having(body(), "hbiWorkspace", json!(true))] {
        cloud.put(&path(), sent.clone()).await.fails(400, "WorkspacePropertyImmutable", "can't be changed");
        let sent = json!({"properties": sent["properties"]});
        cloud.patch(&path(), sent).await.fails(400, "WorkspacePropertyImmutable", "can't be changed");
    }
    let elsewhere = with(body(), "location", json!("eastus"));
    cloud.put(&path(), elsewhere).await.fails(409, "InvalidResourceLocation", "westeurope");
    // The same ids in another case are the same.
    cloud.put(&path(), having(body(), "storageAccount", json!(account().to_lowercase()))).await.is(202);
}

#[tokio::test]
async fn what_is_linked_has_to_be_there() {
    let cloud = Cloud::start("").await;
    let missing = "Missing dependent resources in workspace json";
    cloud.put(&path(), having(body(), "keyVault", Value::Null)).await.fails(400, "ValidationError", missing);
    let nowhere = in_group("Microsoft.ContainerRegistry/registries/nowhere");
    for (name, value) in [
        ("containerRegistry", json!(nowhere)),
        ("storageAccount", json!(in_group("Microsoft.KeyVault/vaults/acme-vault"))),
        ("publicNetworkAccess", json!("Perhaps")),
        ("systemDatastoresAuthMode", json!("Password")),
    ] {
        cloud.put(&path(), having(body(), name, value)).await.fails(400, "ValidationError", name);
    }
    let odd = format!("{}{API}", workspace("m.l"));
    cloud.put(&odd, body()).await.fails(400, "ValidationError", "m.l");
    cloud.put(&path(), with(body(), "tags", json!({"a<": "b"}))).await.fails(400, "InvalidTagNameCharacters", "a<");
    cloud.put(&path(), with(body(), "identity", json!({"type": "Both"}))).await.fails(
        400,
        "InvalidRequestContent",
        "Both",
    );
}

#[tokio::test]
async fn its_principal_can_be_given_roles_once_it_is_known() {
    let cloud = Cloud::start("replication=60m").await;
    cloud.put(&path(), body()).await.is(202);
    let principal = cloud.read(&path()).await["identity"]["principalId"].as_str().expect("an id").to_owned();
    let wanted = assignment(&account(), &guid(7));
    cloud.put(&wanted, grant(crate::BLOB_READER, &principal)).await.fails(400, "PrincipalNotFound", "replication");
    cloud.knobs("replication=0s").await;
    cloud.put(&wanted, grant(crate::BLOB_READER, &principal)).await.is(201);
    let asked = format!(
        "/_sandbox/access?principal={}&scope={}&data_action=Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
        workspace("acme-ml"),
        account()
    );
    assert_eq!(cloud.read(&asked).await["allowed"], true);
    cloud.delete(&path()).await.is(202);
    cloud.get(&path()).await.is(404);
    let late = assignment(&account(), &guid(8));
    cloud.put(&late, grant(crate::READER, &principal)).await.fails(
        400,
        "PrincipalNotFound",
        &principal.replace('-', ""),
    );
}

#[tokio::test]
async fn older_versions_know_no_mode_of_datastores_and_leave_it() {
    let cloud = Cloud::start("").await;
    let newest = format!("{}{NEWEST}", workspace("acme-ml"));
    let store = format!("{}/datastores/workspaceblobstore{API}", workspace("acme-ml"));
    cloud.put(&newest, having(body(), "systemDatastoresAuthMode", json!("Identity"))).await.is(202);
    assert_eq!(cloud.read(&newest).await["properties"]["systemDatastoresAuthMode"], "Identity");
    assert_eq!(cloud.read(&path()).await["properties"]["systemDatastoresAuthMode"], Value::Null);
    assert_eq!(cloud.read(&store).await["properties"]["credentials"], json!({"credentialsType": "None"}));
    cloud.put(&path(), body()).await.is(202);
    assert_eq!(cloud.read(&newest).await["properties"]["systemDatastoresAuthMode"], "Identity");
    cloud.patch(&newest, json!({"properties": {"systemDatastoresAuthMode": "AccessKey"}})).await.is(202);
    assert_eq!(cloud.read(&store).await["properties"]["credentials"]["credentialsType"], "AccountKey");
}
