//! User-assigned managed identities.

use serde_json::{Map, Value, json};

use crate::client::Cloud;
use crate::{GROUP, SUBSCRIPTION, identity};

const LIST: &str = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2024-11-30";

fn path(name: &str) -> String {
    format!("{}?api-version=2024-11-30", identity(name))
}

#[tokio::test]
async fn an_identity_is_made_changed_and_deleted() {
    let cloud = Cloud::start("").await;
    let made = cloud.put(&path("team-a"), json!({"location": "West Europe", "tags": {"stack": "acme"}})).await.is(201);
    assert_eq!((&made["location"], &made["tags"]["stack"]), (&json!("westeurope"), &json!("acme")));
    assert_eq!(made["properties"]["isolationScope"], "None");
    let same = cloud.put(&path("team-a"), json!({"location": "westeurope"})).await.is(200);
    assert_eq!(same["properties"], made["properties"]);
    assert_eq!(same["tags"], json!({}), "a PUT replaces the tags");
    let old = cloud.get(&format!("{}?api-version=2023-01-31", identity("team-a"))).await.is(200);
    assert_eq!(old["properties"]["isolationScope"], Value::Null);
    let patched = cloud.patch(&path("team-a"), json!({"tags": {"a": "b"}})).await.is(200);
    assert_eq!(patched["tags"], json!({"a": "b"}));
    cloud.delete(&path("team-a")).await.is(200);
    cloud.delete(&path("team-a")).await.is(204);
    cloud.get(&path("team-a")).await.fails(
        404,
        "ResourceNotFound",
        "Microsoft.ManagedIdentity/userAssignedIdentities/team-a",
    );
    cloud.patch(&path("team-a"), json!({"tags": {}})).await.fails(404, "ResourceNotFound", "team-a");
    let again = cloud.put(&path("team-a"), json!({"location": "westeurope"})).await.is(201);
    for id in ["principalId", "clientId"] {
        assert_ne!(again["properties"][id], made["properties"][id], "a recreated identity is another one");
    }
}

#[tokio::test]
async fn identities_are_checked() {
    let cloud = Cloud::start("").await;
    cloud.put(&path("ab"), json!({"location": "westeurope"})).await.fails(400, "InvalidResourceName", "'ab'");
    cloud.put(&path("abc"), json!({})).await.fails(400, "LocationRequired", "location");
    cloud.put(&path("flyteuser-acme"), json!({"location": "eastus"})).await.fails(
        409,
        "InvalidResourceLocation",
        "westeurope",
    );
    let tags: Map<String, Value> = (0..51).map(|n| (format!("t{n}"), json!("x"))).collect();
    cloud.put(&path("abc"), json!({"location": "westeurope", "tags": tags})).await.fails(400, "InvalidTags", "'51'");
    let tags = json!({"a": "x".repeat(257)});
    cloud.put(&path("abc"), json!({"location": "westeurope", "tags": tags})).await.fails(
        400,
        "InvalidTagValueLength",
        "'a'",
    );
    let tags = json!({"a<b": "x"});
    cloud.put(&path("abc"), json!({"location": "westeurope", "tags": tags})).await.fails(
        400,
        "InvalidTagNameCharacters",
        "a<b",
    );
    let nowhere = format!(
        "{SUBSCRIPTION}/resourceGroups/nope/providers/Microsoft.ManagedIdentity/userAssignedIdentities/abc?api-version=2024-11-30"
    );
    cloud.put(&nowhere, json!({"location": "westeurope"})).await.fails(404, "ResourceGroupNotFound", "nope");
}

#[tokio::test]
async fn lists_are_paged() {
    let cloud = Cloud::start("quota.PageSize=2").await;
    for scope in [GROUP, SUBSCRIPTION] {
        let first = cloud.get(&format!("{scope}{LIST}")).await.is(200);
        assert_eq!(first["value"].as_array().map(Vec::len), Some(2));
        let next =
            first["nextLink"].as_str().expect("a link").strip_prefix(cloud.running.endpoint()).expect("the same host");
        assert_eq!(cloud.get(next).await.names(), ["flyteuser-acme"]);
    }
}
