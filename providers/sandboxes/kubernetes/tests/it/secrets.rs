//! Secrets, as Helm uses them to keep its releases, and as a server refuses them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::NAMESPACE;
use crate::client::Cluster;

fn secrets(query: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/secrets{query}")
}

fn release(name: &str, version: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"owner": "helm", "version": version}},
        "type": "helm.sh/release.v1",
        "data": {"release": "YQ=="},
    })
}

#[tokio::test]
async fn they_are_made_selected_changed_and_deleted() {
    let cluster = Cluster::start().await;
    let made = cluster.post(&secrets(""), &release("one", "1")).await.ok();
    assert_eq!((&made["type"], &made["data"]), (&json!("helm.sh/release.v1"), &json!({"release": "YQ=="})));
    let fields = &made["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!((&fields["f:data"], &fields["f:type"]), (&json!({".": {}, "f:release": {}}), &json!({})), "{made}");
    cluster.post(&secrets(""), &release("two", "2")).await.ok();
    let opaque = json!({"metadata": {"name": "texts"}, "stringData": {"a": "b"}});
    let opaque = cluster.post(&secrets(""), &opaque).await.ok();
    let stored = (&opaque["type"], &opaque["data"], &opaque["stringData"]);
    assert_eq!(stored, (&json!("Opaque"), &json!({"a": "Yg=="}), &Value::Null));
    for (query, selected) in [
        ("?labelSelector=owner%3Dhelm", "one two"),
        ("?labelSelector=owner%3Dhelm,version%3D2", "two"),
        ("?fieldSelector=type%3DOpaque", "texts"),
        ("", "one texts two"),
    ] {
        let list = cluster.get(&secrets(query)).await.ok();
        let names: Vec<_> =
            list["items"].as_array().expect("items").iter().map(|one| &one["metadata"]["name"]).collect();
        assert_eq!(names, selected.split(' ').map(|name| json!(name)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    }
    let mut changed = made.clone();
    changed["metadata"]["labels"]["status"] = json!("superseded");
    changed["data"]["release"] = json!("Yg==");
    assert_eq!(cluster.put(&secrets("/one"), &changed).await.ok()["data"]["release"], "Yg==");
    cluster.put(&secrets("/one"), &changed).await.fails(409, "the object has been modified");
    let table = cluster.get_as(&secrets("/one"), "application/json;as=Table;v=v1;g=meta.k8s.io").await.ok();
    let cells = &table["rows"][0]["cells"];
    assert_eq!((&cells[1], &cells[2]), (&json!("helm.sh/release.v1"), &json!(1)), "{table}");
    let gone = cluster.delete(&secrets("/one"), &json!({"propagationPolicy": "Background"})).await.ok();
    assert_eq!((&gone["status"], &gone["details"]["uid"]), (&json!("Success"), &made["metadata"]["uid"]), "{gone}");
    cluster.get(&secrets("/one")).await.fails(404, "secrets \"one\" not found");
    // What is in a namespace goes with it.
    cluster.delete(&format!("/api/v1/namespaces/{NAMESPACE}"), &Value::Null).await.ok();
    assert_eq!(cluster.get("/api/v1/secrets").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn what_a_server_refuses_of_them_is_refused() {
    let cluster = Cluster::start().await;
    let mut wrong = release("one", "1");
    wrong["data"]["release"] = json!("a b");
    cluster.post(&secrets(""), &wrong).await.fails(400, "illegal base64 data at input byte 1");
    wrong["data"] = json!({"a/b": "YQ=="});
    cluster.post(&secrets(""), &wrong).await.fails(422, "data[a/b]: Invalid value: \"a/b\": a valid config key");
    let token = json!({"metadata": {"name": "token"}, "type": "kubernetes.io/service-account-token"});
    cluster.post(&secrets(""), &token).await.fails(422, "metadata.annotations[kubernetes.io/service-account.name]");
    cluster.post(&secrets(""), &release("one", "1")).await.ok();
    let other = json!({"type": "Opaque"});
    cluster.merge(&secrets("/one"), &other).await.fails(422, "type: Invalid value: \"Opaque\": field is immutable");
    cluster.merge(&secrets("/one"), &json!({"immutable": true})).await.ok();
    let data = json!({"data": {"release": "Yg=="}});
    cluster
        .merge(&secrets("/one"), &data)
        .await
        .fails(422, "data: Forbidden: field is immutable when `immutable` is set");
    // Somebody who may annotate service accounts sees none.
    let reply = cluster.send(Method::GET, &secrets(""), "with", "", String::new()).await;
    reply.fails(403, "User \"cloudgrant\" cannot list resource \"secrets\" in API group \"\"");
}

#[tokio::test]
async fn who_applies_one_manages_its_entries() {
    let cluster = Cluster::start().await;
    let apply = |manager: &str, data: Value| {
        let applied = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": data});
        let path = format!("{}?fieldManager={manager}", secrets("/s"));
        let cluster = &cluster;
        async move {
            cluster.send(Method::PATCH, &path, "sandbox", "application/apply-patch+yaml", applied.to_string()).await
        }
    };
    let made = apply("helm", json!({"a": "YQ==", "b": "Yg=="})).await.ok();
    assert_eq!(made["type"], "Opaque");
    let fields = &made["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(fields, &json!({"f:data": {"f:a": {}, "f:b": {}}}), "what a server fills in is nobody's");
    apply("other", json!({"a": "eA=="})).await.fails(409, "conflict with \"helm\": .data.a");
    let less = apply("helm", json!({"a": "YQ=="})).await.ok();
    assert_eq!(less["data"], json!({"a": "YQ=="}));
}
