//! Server-side apply beyond what was recorded.

use serde_json::{Value, json};

use crate::account;
use crate::client::Cluster;

fn annotated(annotations: Value) -> Value {
    json!({"metadata": {"annotations": annotations}})
}

#[tokio::test]
async fn several_conflicts_are_told_by_manager() {
    let cluster = Cluster::start().await;
    cluster.apply("trainer", "fieldManager=helm", annotated(json!({"a": "1", "b": "1"}))).await.ok();
    cluster.apply("trainer", "fieldManager=argo", json!({"automountServiceAccountToken": true})).await.ok();
    let mut wanted = annotated(json!({"a": "2", "b": "2"}));
    wanted["automountServiceAccountToken"] = json!(false);
    let refused = cluster.apply("trainer", "fieldManager=cloudgrant", wanted).await;
    refused.fails(
        409,
        "Apply failed with 3 conflicts: conflicts with \"argo\":\n- .automountServiceAccountToken\nconflicts with \
         \"helm\":\n- .metadata.annotations.a\n- .metadata.annotations.b",
    );
    assert_eq!(refused.body["details"]["causes"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn lists_are_merged_as_their_schema_says() {
    let cluster = Cluster::start().await;
    let ours = json!({"secrets": [{"name": "a"}], "imagePullSecrets": [{"name": "p"}]});
    cluster.apply("trainer", "fieldManager=one", ours).await.ok();
    let both = cluster.apply("trainer", "fieldManager=two", json!({"secrets": [{"name": "b"}]})).await.ok();
    assert_eq!(both["secrets"], json!([{"name": "a"}, {"name": "b"}]), "told apart by name");
    let taken = json!({"imagePullSecrets": [{"name": "q"}], "secrets": [{"name": "b"}]});
    cluster
        .apply("trainer", "fieldManager=two", taken.clone())
        .await
        .fails(409, "conflict with \"one\": .imagePullSecrets");
    let forced = cluster.apply("trainer", "fieldManager=two&force=true", taken).await.ok();
    assert_eq!(forced["imagePullSecrets"], json!([{"name": "q"}]), "taken as a whole");
    let left = cluster.apply("trainer", "fieldManager=one", json!({})).await.ok();
    assert_eq!(left["secrets"], json!([{"name": "b"}]), "what is no longer applied goes");
    assert_eq!(left["imagePullSecrets"], json!([{"name": "q"}]), "what another manages stays");
    let twice = json!({"secrets": [{"name": "b"}, {"name": "b"}]});
    cluster
        .apply("trainer", "fieldManager=two", twice)
        .await
        .fails(500, ".secrets: duplicate entries for key [name=\"b\"]");
}

#[tokio::test]
async fn what_nobody_applied_stays() {
    let cluster = Cluster::start().await;
    let path = account("default");
    cluster.merge(&path, &annotated(json!({"by-hand": "1", "team": "a"}))).await.ok();
    let shared = cluster.apply("default", "fieldManager=x", annotated(json!({"team": "a"}))).await.ok();
    let managers: Vec<&str> = shared["metadata"]["managedFields"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["manager"].as_str())
        .collect();
    assert_eq!(managers, ["x", "before-first-apply"]);
    let left = cluster.apply("default", "fieldManager=x", json!({})).await.ok();
    assert_eq!(left["metadata"]["annotations"], json!({"by-hand": "1", "team": "a"}), "another manages it, too");
}

#[tokio::test]
async fn an_apply_fits_its_object() {
    let cluster = Cluster::start().await;
    let apply = |fields: Value| {
        let cluster = &cluster;
        async move { cluster.apply("trainer", "fieldManager=x", fields).await }
    };
    apply(json!({"spec": {}})).await.fails(500, ".spec: field not declared in schema");
    apply(json!({"metadata": {"creationTimestamp": "never"}})).await.fails(500, "parsing time \"never\"");
    apply(json!({"metadata": {"generation": 1.5}})).await.fails(500, "failed to convert new typed object");
    apply(json!({"metadata": null})).await.fails(400, "name must be provided");
    apply(json!({"kind": "Secret"})).await.fails(400, "invalid object type: /v1, Kind=Secret");
    apply(json!({"metadata": {"managedFields": []}})).await.fails(400, "metadata.managedFields must be nil");
    apply(json!({"metadata": {"name": "other"}})).await.fails(400, "does not match the name on the URL");
    apply(json!({"metadata": {"namespace": "other"}})).await.fails(400, "does not match the namespace on the request");
    cluster.get(&account("trainer")).await.fails(404, "not found");
    let yaml = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: trainer\n  labels: {a: b}\n";
    let path = format!("{}?fieldManager=x", account("trainer"));
    let made =
        cluster.send(reqwest::Method::PATCH, &path, "sandbox", "application/apply-patch+yaml", yaml.to_owned()).await;
    assert_eq!((made.status, &made.body["metadata"]["labels"]), (201, &json!({"a": "b"})));
}

#[tokio::test]
async fn managers_can_be_reset() {
    let cluster = Cluster::start().await;
    cluster.apply("trainer", "fieldManager=x", annotated(json!({"a": "1"}))).await.ok();
    let reset = cluster.merge(&account("trainer"), &json!({"metadata": {"managedFields": [{}]}})).await.ok();
    assert_eq!(reset["metadata"]["managedFields"], Value::Null);
    assert_eq!(reset["metadata"]["annotations"], json!({"a": "1"}));
}
