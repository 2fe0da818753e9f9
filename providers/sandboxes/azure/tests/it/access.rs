//! Who may do what, as the sandbox evaluates it.

use serde_json::{Value, json};

use crate::client::Cloud;
use crate::{ACR_PULL, BLOB_READER, GROUP, READER, SUBSCRIPTION, account, assignment, grant, guid, in_group};

const READ: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

async fn ask(cloud: &Cloud, query: &[(&str, &str)]) -> Value {
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    cloud.get(&format!("/_sandbox/access?{}", query.join("&"))).await.is(200)
}

#[tokio::test]
async fn roles_reach_down_and_no_further() {
    let cloud = Cloud::start("").await;
    let (principal, client) = cloud.ids("flyteuser-acme").await;
    let container = format!("{}/blobServices/default/containers/inputs", account());
    cloud.put(&assignment(GROUP, &guid(1)), grant(READER, &principal)).await.is(201);
    cloud.put(&assignment(&account(), &guid(2)), grant(BLOB_READER, &principal)).await.is(201);
    let by = ask(&cloud, &[("principal", &principal), ("scope", &container), ("data_action", READ)]).await;
    assert_eq!(by["allowed"], true);
    assert_eq!(by["by"].as_array().map(Vec::len), Some(1));
    assert!(by["by"][0].as_str().is_some_and(|id| id.ends_with(&guid(2))));
    for (principal, scope, kind, action, allowed) in [
        (client.as_str(), container.as_str(), "data_action", READ, true),
        (&crate::identity("flyteuser-acme"), &container, "data_action", READ, true),
        (&principal, &container, "action", "Microsoft.Storage/storageAccounts/blobServices/containers/read", true),
        (
            &principal,
            &container,
            "data_action",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            false,
        ),
        (&principal, GROUP, "data_action", READ, false),
        (&principal, SUBSCRIPTION, "action", "Microsoft.Storage/storageAccounts/read", false),
        (&principal, &account(), "action", "Microsoft.Storage/storageAccounts/read", true),
        (&principal, &account(), "action", "Microsoft.Storage/storageAccounts/listKeys/action", false),
    ] {
        let answer = ask(&cloud, &[("principal", principal), ("scope", scope), (kind, action)]).await;
        assert_eq!(answer["allowed"], allowed, "{principal} {scope} {action}");
    }
}

#[tokio::test]
async fn conditions_are_evaluated() {
    let cloud = Cloud::start("").await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let container = format!("{}/blobServices/default/containers/inputs", account());
    let path = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    let mut body = grant(BLOB_READER, &principal);
    body["properties"]["conditionVersion"] = json!("2.0");
    body["properties"]["condition"] = json!(format!(
        "((!(ActionMatches{{'{READ}'}} AND NOT SubOperationMatches{{'Blob.List'}})) OR (@Resource[{path}:path] StringLike 'team/*')) AND \
         ((!(ActionMatches{{'{READ}'}} AND SubOperationMatches{{'Blob.List'}})) OR (@Request[{path}:prefix] StringStartsWith 'team/'))"
    ));
    cloud.put(&assignment(&container, &guid(1)), body).await.is(201);
    let asked = |more: &[(&str, &str)]| {
        let mut query = vec![("principal", principal.as_str()), ("scope", container.as_str()), ("data_action", READ)];
        query.extend_from_slice(more);
        query.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
    };
    for (more, allowed) in [
        (vec![("path", "team/a")], true),
        (vec![("path", "other/a")], false),
        (vec![("sub_operation", "Blob.List"), ("prefix", "team/")], true),
        (vec![("sub_operation", "Blob.List"), ("prefix", "other/")], false),
        (vec![("sub_operation", "Blob.List")], false),
    ] {
        let query = asked(&more);
        let query: Vec<(&str, &str)> = query.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(ask(&cloud, &query).await["allowed"], allowed, "{more:?}");
    }
}

#[tokio::test]
async fn some_resources_do_not_listen() {
    let cloud = Cloud::start("").await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let registry = in_group("Microsoft.ContainerRegistry/registries/acmeimages");
    cloud.put(&assignment(&registry, &guid(1)), grant(ACR_PULL, &principal)).await.is(201);
    let reader = "b93aa761-3e63-49ed-ac28-beffa264f7ac";
    cloud.put(&assignment(&registry, &guid(2)), grant(reader, &principal)).await.is(201);
    let pull = [
        ("principal", principal.as_str()),
        ("scope", &registry),
        ("action", "Microsoft.ContainerRegistry/registries/pull/read"),
    ];
    let content = "Microsoft.ContainerRegistry/registries/repositories/content/read";
    let read =
        [("principal", principal.as_str()), ("scope", &registry), ("data_action", content), ("repository", "team/x")];
    assert_eq!(
        (ask(&cloud, &pull).await["allowed"].clone(), ask(&cloud, &read).await["allowed"].clone()),
        (json!(true), json!(false))
    );
    cloud.place(json!({"id": registry, "properties": {"roleAssignmentMode": "AbacRepositoryPermissions"}})).await;
    let answer = ask(&cloud, &pull).await;
    assert_eq!((&answer["allowed"], answer["because"].is_string()), (&json!(false), true));
    assert_eq!(ask(&cloud, &read).await["allowed"], true);

    let vault = in_group("Microsoft.KeyVault/vaults/acme-vault");
    cloud.put(&assignment(&vault, &guid(3)), grant("4633458b-17de-408a-b874-0445c86b69e6", &principal)).await.is(201);
    let secret = format!("{vault}/secrets/labels-token");
    let get = [
        ("principal", principal.as_str()),
        ("scope", &secret),
        ("data_action", "Microsoft.KeyVault/vaults/secrets/getSecret/action"),
    ];
    assert_eq!(ask(&cloud, &get).await["allowed"], true);
    cloud.place(json!({"id": vault, "properties": {"enableRbacAuthorization": false}})).await;
    assert_eq!(ask(&cloud, &get).await["allowed"], false);
}

#[tokio::test]
async fn questions_must_be_whole() {
    let cloud = Cloud::start("").await;
    for query in [
        "",
        "principal=x",
        "principal=x&scope=/",
        "principal=x&scope=a/b&action=c",
        "principal=x&scope=/&action=a&data_action=b",
    ] {
        assert_eq!(cloud.get(&format!("/_sandbox/access?{query}")).await.status, 400, "{query}");
    }
}
