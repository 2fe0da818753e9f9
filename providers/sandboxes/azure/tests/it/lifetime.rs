//! What outlives the process, and what is refused before anything is made.

use cloudgrant_azure_sandbox::start;
use cloudgrant_sandbox_kit::Start;
use serde_json::{Value, json};

use crate::client::{Cloud, serve, trusting};
use crate::{BLOB_READER, ISSUER, account, assignment, grant, guid, identity, manifest};

#[tokio::test(flavor = "multi_thread")]
async fn state_certificate_and_tokens_outlive_the_process() {
    let cloud = Cloud::start("").await;
    let (principal, _) = cloud.ids("acme-production").await;
    cloud.put(&assignment(&account(), &guid(1)), grant(BLOB_READER, &principal)).await.is(201);
    let gone = format!("{}?api-version=2023-01-31", identity("flyteuser-acme"));
    cloud.delete(&gone).await.is(200);
    let before = cloud.state().await;

    let error =
        start(Start::new(cloud.folder.path()).config(manifest())).await.expect_err("the folder is in use").to_string();
    assert!(error.contains("another process is using it"), "{error}");
    let Cloud { running, folder, http, token } = cloud;
    running.stop().await;

    let running = serve(folder.path(), "").await;
    let cloud = Cloud { running, folder, http, token };
    assert_eq!(
        cloud.state().await,
        before,
        "the client still trusts the certificate, and what was deleted stays deleted"
    );
    cloud.get(&assignment(&account(), &guid(1))).await.is(200);
    cloud.get(&gone).await.fails(404, "ResourceNotFound", "flyteuser-acme");
    let fresh = format!("{}?api-version=2023-01-31", identity("flyteuser-acme"));
    let made = cloud.put(&fresh, json!({"location": "westeurope"})).await.is(201);
    assert_ne!(made["properties"]["principalId"], Value::Null);
    cloud.running.stop().await;
}

#[tokio::test]
async fn what_a_start_offers() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = serve(folder.path(), "").await;
    let settings = &running.settings()["azure"];
    assert_eq!(
        (&settings["endpoint"], &settings["authority"]),
        (&json!(running.endpoint()), &json!(running.endpoint()))
    );
    assert_eq!(settings["credentials"], "sandbox");
    assert!(std::path::Path::new(settings["ca_certificate"].as_str().expect("a path")).is_absolute());
    let names: Vec<&str> = running.exports().iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "AZURE_AUTHORITY_HOST",
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_SUBSCRIPTION_ID",
        "REQUESTS_CA_BUNDLE",
        "AZURE_CONFIG_DIR",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    // Somebody who does not know the authority does not talk to the sandbox; by name it is as good as by address.
    let stranger = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert!(stranger.get(format!("{}/metadata/endpoints", running.endpoint())).send().await.is_err());
    let by_name = running.endpoint().replace("127.0.0.1", "localhost");
    let reply = trusting(&running).get(format!("{by_name}/metadata/endpoints")).send().await.expect("an answer");
    assert!(reply.text().await.expect("a body").contains(&by_name), "links name the host that the client used");
}

#[tokio::test]
async fn unknown_quotas_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let knobs = "quota.Pages=1".parse().expect("the kit knows no quota names");
    let error = start(Start::new(folder.path()).knobs(knobs)).await.expect_err("no such quota").to_string();
    assert!(error.contains("PageSize"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_denial_by_what_nobody_knows_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let knobs =
        "deny=Microsoft.Storage/storageAccounts:read@anything".parse().expect("the kit knows no kinds of policies");
    let error = start(Start::new(folder.path()).knobs(knobs)).await.expect_err("nothing denies so").to_string();
    assert!(error.contains("@anything") && error.contains("the ID of the subscription"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn an_empty_manifest_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = start(Start::new(folder.path())).await.expect("it starts");
    let (_, subscription) = running.exports().iter().find(|(name, _)| name == "AZURE_SUBSCRIPTION_ID").expect("one");
    assert_eq!(subscription, cloudgrant_azure_sandbox::DEFAULT_SUBSCRIPTION);
    running.stop().await;
}

/// Whoever installs the platform has its identities trust the cluster; what somebody takes away stays away.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_the_manifest_trusts_the_cluster_until_somebody_takes_it_away() {
    let cloud = Cloud::start("").await;
    let list = format!("{}/federatedIdentityCredentials?api-version=2023-01-31", identity("acme-production"));
    let there = cloud.get(&list).await.is(200);
    let [one] = there["value"].as_array().expect("a list").as_slice() else { panic!("{there}") };
    assert_eq!(one["properties"]["issuer"], ISSUER);
    assert_eq!(one["properties"]["subject"], "system:serviceaccount:flytesnacks-production:default");
    let id = one["id"].as_str().expect("an id");
    cloud.delete(&format!("{id}?api-version=2023-01-31")).await.is(200);
    let Cloud { running, folder, http, token } = cloud;
    running.stop().await;
    let running = serve(folder.path(), "").await;
    let cloud = Cloud { running, folder, http, token };
    assert_eq!(cloud.get(&list).await.is(200)["value"], json!([]));
    cloud.running.stop().await;
}
