//! What a restart keeps, and what a start leaves for clients.

use std::os::unix::fs::PermissionsExt;

use cloudgrant_kubernetes_sandbox::{Seed, start};
use cloudgrant_sandbox_kit::Start;
use serde_json::{Value, json};

use crate::account;
use crate::client::Cluster;

#[tokio::test]
async fn a_restart_keeps_everything() {
    let cluster = Cluster::start().await;
    cluster.apply("trainer", "fieldManager=x", json!({"metadata": {"labels": {"a": "b"}}})).await.ok();
    cluster.delete("/api/v1/namespaces/kube-public/serviceaccounts/default", &Value::Null).await.ok();
    let before = cluster.get("/api/v1/serviceaccounts").await.ok();
    let keys = cluster.get("/openid/v1/jwks").await.ok();
    let Cluster { running, folder, .. } = cluster;
    running.stop().await;
    let cluster = Cluster::start_in(folder).await;
    assert_eq!(cluster.get("/api/v1/serviceaccounts").await.ok(), before);
    assert_eq!(cluster.get("/openid/v1/jwks").await.ok(), keys);
    let changed = cluster.merge(&account("trainer"), &json!({"metadata": {"labels": {"a": "c"}}})).await.ok();
    let version = |of: &Value| of["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<u64>().ok());
    assert!(version(&changed) > version(&before), "versions go on");
}

#[tokio::test]
async fn clients_find_it_by_its_kubeconfig() {
    let cluster = Cluster::start().await;
    let (name, path) = cluster.running.exports().first().expect("an export");
    assert_eq!(name, "KUBECONFIG");
    let mode = std::fs::metadata(path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let config: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON is YAML");
    assert_eq!(config["clusters"][0]["cluster"]["server"], cluster.running.endpoint());
    assert_eq!(config["current-context"], "cloudgrant-sandbox-administrator");
}

#[tokio::test]
async fn a_seed_is_read_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = Seed::read(&json!({"namespaces": ["flytesnacks-development"]})).expect("a seed");
    let running = start(Start::new(folder.path()), &seed).await.expect("it starts");
    running.stop().await;
    for wrong in [json!({"namespace": []}), json!({"rules": [{"verb": "get"}]})] {
        let error = Seed::read(&wrong).expect_err("refused").to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
    let knobs = Start::new(folder.path()).knobs("quota.X=1".parse().expect("knobs"));
    assert!(start(knobs, &seed).await.expect_err("no such quota").to_string().contains("quota"));
}
