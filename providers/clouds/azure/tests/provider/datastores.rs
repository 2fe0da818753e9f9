//! Datastores of an Azure Machine Learning workspace: looked at, told, and never written.

use cloudgrant_azureml as _;
use cloudgrant_core::{Level, Plan};
use reqwest::Method;
use serde_json::{Value, json};

use crate::azureml::{manifest, read, send};
use crate::world::{Runs, World};

const COMPUTES: &str = "  computes: { training: train-cluster }\n";
const GRANT: &str = "{ name: train, scope: { workload: training }, access: { models: read } }";

/// Somebody makes a datastore.
async fn make(world: &World, name: &str, properties: Value) {
    let child = format!("/datastores/{name}");
    let (status, said) = send(world, Method::PUT, &child, json!({ "properties": properties })).await;
    assert!(status.is_success(), "{status} {said}");
}

fn said<'a>(plan: &'a Plan, about: &str) -> Vec<(Level, &'a str)> {
    plan.notes.iter().filter(|note| note.about == about).map(|note| (note.level, note.message.as_str())).collect()
}

fn blob(account: &str, container: &str, credentials: Value) -> Value {
    json!({ "datastoreType": "AzureBlob", "accountName": account, "containerName": container, "credentials": credentials })
}

fn key() -> Value {
    json!({ "credentialsType": "AccountKey", "secrets": { "secretsType": "AccountKey", "key": "c2VjcmV0LWNhbmFyeQ==" } })
}

#[tokio::test]
async fn requirement_90_credentials_that_count_instead_of_an_identity_are_told_and_stay() {
    let text = manifest(COMPUTES, GRANT);
    let world = World::new(&text).await;
    make(&world, "cached", blob("AcmeModels", "models", key())).await;
    make(&world, "elsewhere", blob("acmedata", "inputs", key())).await;
    let before = [read(&world, "/datastores/cached").await, read(&world, "/datastores/elsewhere").await];
    let plan = world.plan(&text).await.expect("a plan");
    let [(Level::Warning, told)] = said(&plan, "datastore cached")[..] else { panic!("{:#?}", plan.notes) };
    assert!(
        told.contains("(AccountKey)") && told.contains("container models") && told.contains("without `credentials`")
    );
    let of_workspace = said(&plan, "workspace acme");
    assert!(
        of_workspace.iter().any(|(level, told)| *level == Level::Info && told.contains("elsewhere")),
        "{of_workspace:?}"
    );
    world.converge(&text).await;
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!([read(&world, "/datastores/cached").await, read(&world, "/datastores/elsewhere").await], before);
    // Whoever asks for them still gets the secrets: nothing wrote the datastore as it is shown.
    let (status, secrets) = send(&world, Method::POST, "/datastores/cached/listSecrets", json!({})).await;
    assert!(status.is_success() && secrets.to_string().contains("c2VjcmV0LWNhbmFyeQ"), "{secrets}");
}

#[tokio::test]
async fn requirement_98_who_reads_for_previews_is_told_for_each_datastore_of_what_is_granted() {
    let text = manifest(COMPUTES, GRANT);
    let world = World::new(&text).await;
    let none = json!({ "credentialsType": "None" });
    make(&world, "plain", blob("acmemodels", "models", none.clone())).await;
    let mut by_workspace = blob("acmemodels", "models", none);
    by_workspace["serviceDataAccessAuthIdentity"] = "WorkspaceSystemAssignedIdentity".into();
    make(&world, "by-workspace", by_workspace).await;
    let plan = world.plan(&text).await.expect("a plan");
    for (datastore, by) in [("plain", "the identity of whoever looks"), ("by-workspace", "the workspace's identity")] {
        let [(Level::Info, told)] = said(&plan, &format!("datastore {datastore}"))[..] else {
            panic!("{:#?}", plan.notes)
        };
        assert!(told.ends_with(by), "{told}");
    }
}

/// What is not looked at is not called clean.
#[tokio::test]
async fn datastores_that_may_not_be_read_are_told() {
    let text = manifest(COMPUTES, GRANT);
    let world = World::new(&text).await;
    world.arm.turn("deny=Microsoft.MachineLearningServices/workspaces/datastores:read").await;
    let plan = world.plan(&text).await.expect("a plan");
    let told = said(&plan, "workspace acme");
    assert!(
        told.iter().any(|(level, it)| *level == Level::Warning && it.contains("its datastores can't be read")),
        "{told:?}"
    );
}
