//! Namespaces and service accounts, made, read, changed and deleted.

use serde_json::{Value, json};

use crate::client::Cluster;
use crate::{NAMESPACE, account};

fn accounts(query: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts{query}")
}

fn named(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "labels": labels}})
}

fn names(list: &Value) -> Vec<&str> {
    list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["metadata"]["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn lists_come_in_pages_and_are_selected() {
    let cluster = Cluster::start().await;
    for (name, team) in [("a", "x"), ("b", "y"), ("c", "x")] {
        cluster.post(&accounts(""), &named(name, json!({"team": team}))).await.ok();
    }
    let mut all = Vec::new();
    let mut next = String::new();
    for left in [2, 0] {
        let page = cluster.get(&accounts(&format!("?limit=2&continue={next}"))).await.ok();
        all.extend(names(&page).into_iter().map(str::to_owned));
        assert_eq!(page["metadata"]["remainingItemCount"].as_u64().unwrap_or_default(), left, "{page}");
        next = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((all.join(" ").as_str(), next.as_str()), ("a b c default", ""));
    for (query, selected) in [
        ("?labelSelector=team%3Dx", "a c"),
        ("?labelSelector=team!%3Dx", "b default"),
        ("?labelSelector=team%20in%20(x,y)&limit=2", "a b"),
        ("?fieldSelector=metadata.name%3Db", "b"),
        ("?fieldSelector=metadata.name!%3Db", "a c default"),
    ] {
        assert_eq!(names(&cluster.get(&accounts(query)).await.ok()).join(" "), selected, "{query}");
    }
    cluster.get(&accounts("?fieldSelector=spec.x%3Db")).await.fails(400, "field label not supported: spec.x");
    cluster.get(&accounts("?limit=x")).await.fails(400, "invalid syntax");
    cluster.get(&accounts("?continue=x")).await.fails(400, "continue key is not valid");
    let everywhere = cluster.get("/api/v1/serviceaccounts?limit=500").await.ok();
    assert_eq!(names(&everywhere).len(), 8, "four of every cluster, and four of ours");
    let mut next = String::new();
    let mut paged = 0;
    for _ in 0..3 {
        let page = cluster.get(&format!("/api/v1/serviceaccounts?limit=3&continue={next}")).await.ok();
        paged += names(&page).len();
        next = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((paged, next.as_str()), (8, ""));
}

#[tokio::test]
async fn objects_are_made_as_they_should_be() {
    let cluster = Cluster::start().await;
    let made = cluster
        .post(
            &accounts("?fieldManager=x"),
            &json!({"metadata": {"generateName": "job-", "annotations": {"b": "1", "a": "2"}},
                    "secrets": [{"name": "s"}], "imagePullSecrets": [{"name": "p"}], "automountServiceAccountToken": false}),
        )
        .await
        .ok();
    assert!(
        made["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("job-") && name.len() == 9),
        "{made}"
    );
    assert_eq!(
        made["metadata"]["managedFields"][0]["fieldsV1"],
        json!({
            "f:automountServiceAccountToken": {},
            "f:imagePullSecrets": {},
            "f:metadata": {"f:annotations": {".": {}, "f:a": {}, "f:b": {}}, "f:generateName": {}},
            "f:secrets": {".": {}, "k:{\"name\":\"s\"}": {}},
        })
    );
    let post = |body: Value| {
        let cluster = &cluster;
        async move { cluster.post(&accounts(""), &body).await }
    };
    post(named("default", json!({}))).await.fails(409, "serviceaccounts \"default\" already exists");
    post(json!({"kind": "ServiceAccount"}))
        .await
        .fails(422, "metadata.name: Required value: name or generateName is required");
    post(json!({"kind": "Namespace", "apiVersion": "v1"})).await.fails(400, "cannot be handled as a ServiceAccount");
    post(named("x", json!({"a b": "c"}))).await.fails(422, "metadata.labels: Invalid value: \"a b\"");
    post(named("x", json!({"a": "b c"}))).await.fails(422, "a valid label must be an empty string");
    post(json!({"metadata": {"name": "x", "namespace": "y"}})).await.fails(400, "the namespace of the provided object");
    post(json!({"metadata": {"name": "x", "resourceVersion": "1"}}))
        .await
        .fails(500, "resourceVersion should not be set");
    post(json!({"metadata": {"name": 5}}))
        .await
        .fails(400, "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name");
    let dry = cluster.post(&accounts("?dryRun=All"), &named("dry", json!({}))).await.ok();
    assert!(dry["metadata"]["uid"].is_string() && dry["metadata"]["resourceVersion"].is_null(), "{dry}");
    cluster.get(&account("dry")).await.fails(404, "serviceaccounts \"dry\" not found");
}

#[tokio::test]
async fn unknown_fields_are_refused_told_or_left_out() {
    let cluster = Cluster::start().await;
    let misspelt = json!({"metadata": {"name": "x", "annotation": {"a": "b"}}});
    let strict = cluster.post(&accounts("?fieldValidation=Strict"), &misspelt).await;
    strict.fails(400, "strict decoding error: unknown field \"metadata.annotation\"");
    let told = cluster.post(&accounts("?dryRun=All"), &misspelt).await;
    assert_eq!(told.warning, r#"299 - "unknown field \"metadata.annotation\"""#);
    let ignored = cluster.post(&accounts("?fieldValidation=Ignore"), &misspelt).await;
    assert_eq!((ignored.status, ignored.warning.as_str()), (201, ""));
    let patch = cluster.merge(&format!("{}?fieldValidation=Strict", account("x")), &json!({"spec": 1})).await;
    patch.fails(422, "strict decoding error: unknown field \"spec\"");
}

#[tokio::test]
async fn a_replace_guards_its_uid_and_version() {
    let cluster = Cluster::start().await;
    let live = cluster.get(&account("default")).await.ok();
    let mut new = live.clone();
    new["metadata"]["labels"] = json!({"a": "b"});
    let replaced = cluster.put(&account("default"), &new).await.ok();
    assert_eq!(replaced["metadata"]["labels"], json!({"a": "b"}));
    assert_eq!(replaced["metadata"]["managedFields"], Value::Null, "nobody applied it yet");
    cluster.put(&account("default"), &new).await.fails(409, "the object has been modified");
    new["metadata"]["uid"] = json!("other");
    cluster.put(&account("default"), &new).await.fails(409, "Precondition failed: UID in precondition: other");
    // The same time, as other clients write it.
    let mut same = replaced.clone();
    let created = replaced["metadata"]["creationTimestamp"].as_str().expect("a time").replace('Z', "+00:00");
    same["metadata"]["creationTimestamp"] = json!(created);
    let same = cluster.put(&account("default"), &same).await.ok();
    assert_eq!(same, replaced, "nothing changes, not even the version");
    cluster.put(&account("absent"), &named("absent", json!({}))).await.fails(404, "not found");
    cluster.put(&account("default"), &named("x", json!({}))).await.fails(400, "does not match the name on the URL");
}

#[tokio::test]
async fn patches_are_of_four_kinds() {
    let cluster = Cluster::start().await;
    let patch = |format: &'static str, body: Value| {
        let cluster = &cluster;
        async move { cluster.send(reqwest::Method::PATCH, &account("default"), "sandbox", format, body.to_string()).await }
    };
    let json_patch = "application/json-patch+json";
    let added = patch(json_patch, json!([{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}])).await.ok();
    assert_eq!(added["metadata"]["labels"], json!({"a": "b"}));
    let test = json!([{"op": "test", "path": "/metadata/labels/a", "value": "c"}]);
    patch(json_patch, test).await.fails(422, "the server rejected our request");
    let cleared = patch("application/merge-patch+json", json!({"metadata": {"labels": {"a": null}}})).await.ok();
    assert_eq!(cleared["metadata"]["labels"], Value::Null);
    patch("application/merge-patch+json", json!({"metadata": {"labels": 5}}))
        .await
        .fails(422, "cannot unmarshal number");
    patch("application/merge-patch+json", json!({"metadata": {"uid": "x"}})).await.fails(422, "field is immutable");
    patch("application/merge-patch+json", json!([])).await.fails(400, "neither an object nor a list");
    let strategic = "application/strategic-merge-patch+json";
    let secrets = json!({"secrets": [{"name": "a"}, {"name": "b"}]});
    patch(strategic, secrets).await.ok();
    let less = json!({"secrets": [{"name": "a", "$patch": "delete"}], "metadata": {"labels": {"a": "c"}}});
    let patched = patch(strategic, less).await.ok();
    assert_eq!((&patched["secrets"], &patched["metadata"]["labels"]), (&json!([{"name": "b"}]), &json!({"a": "c"})));
    patch(strategic, json!({"secrets": [{"kind": "k"}]})).await.fails(400, "declared merge key: name");
    patch(strategic, json!([])).await.fails(400, "neither an object nor a list");
    patch("application/json", json!({})).await.fails(415, "accepted media types include: application/json-patch+json");
    cluster.merge(&account("absent"), &json!({})).await.fails(404, "not found");
    let forced = cluster.merge(&format!("{}?force=true", account("default")), &json!({})).await;
    forced.fails(422, "force: Forbidden: may not be specified for non-apply patch");
}

#[tokio::test]
async fn finalizers_hold_an_object() {
    let cluster = Cluster::start().await;
    let held = json!({"metadata": {"name": "held", "finalizers": ["example.com/hold"]}});
    cluster.post(&accounts(""), &held).await.ok();
    let marked = cluster.delete(&account("held"), &Value::Null).await.ok();
    assert!(marked["metadata"]["deletionTimestamp"].is_string(), "{marked}");
    assert_eq!(cluster.delete(&account("held"), &Value::Null).await.ok(), marked, "it is being deleted");
    cluster.merge(&account("held"), &json!({"metadata": {"finalizers": null}})).await.ok();
    cluster.get(&account("held")).await.fails(404, "not found");
    let wrong = json!({"preconditions": {"resourceVersion": "1"}});
    cluster.delete(&account("default"), &wrong).await.fails(409, "the ResourceVersion in the precondition (1)");
    cluster.delete(&format!("{}?dryRun=All", account("default")), &Value::Null).await.ok();
    cluster.get(&account("default")).await.ok();
}

#[tokio::test]
async fn a_deleted_namespace_is_marked_and_takes_nothing_new() {
    let cluster = Cluster::start().await;
    let path = format!("/api/v1/namespaces/{NAMESPACE}");
    let labelled =
        cluster.merge(&path, &json!({"metadata": {"labels": {"a": "b"}}, "status": {"phase": "x"}})).await.ok();
    assert_eq!(labelled["status"]["phase"], "Active", "the status has a request of its own");
    assert_eq!(labelled["metadata"]["labels"], json!({"a": "b", "kubernetes.io/metadata.name": NAMESPACE}));
    // What has finalizers waits for whoever takes them off, and the namespace with it.
    let mut held = named("held", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/mine"]);
    cluster.post(&accounts(""), &held).await.ok();
    let marked = cluster.delete(&path, &Value::Null).await.ok();
    assert_eq!(marked["status"]["phase"], "Terminating");
    let marked = cluster.get(&path).await.ok();
    assert_eq!(cluster.delete(&path, &Value::Null).await.ok(), marked);
    let refused = cluster.post(&accounts(""), &named("x", json!({}))).await;
    refused
        .fails(403, "unable to create new content in namespace forecasting-development because it is being terminated");
    assert_eq!(refused.body["details"]["causes"][0]["reason"], "NamespaceTerminating");
    cluster.delete("/api/v1/namespaces/default", &Value::Null).await.fails(403, "this namespace may not be deleted");
    cluster.get(&account("default")).await.fails(404, "not found");
    let waiting = cluster.get(&account("held")).await.ok();
    assert!(waiting["metadata"]["deletionTimestamp"].is_string(), "{waiting}");
    cluster.merge(&account("held"), &json!({"metadata": {"finalizers": null}})).await.ok();
    cluster.get(&path).await.fails(404, "not found");
    let again = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    let again = cluster.post("/api/v1/namespaces", &again).await.ok();
    assert_ne!(again["metadata"]["uid"], marked["metadata"]["uid"]);
    cluster.get(&account("held")).await.fails(404, "not found");
}

#[tokio::test]
async fn a_namespace_has_its_name_as_a_label_that_nobody_manages() {
    let cluster = Cluster::start().await;
    let apply = |labels: Value| {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "acme", "labels": labels}});
        let cluster = &cluster;
        async move {
            let path = "/api/v1/namespaces/acme?fieldManager=x";
            cluster
                .send(reqwest::Method::PATCH, path, "sandbox", "application/apply-patch+yaml", body.to_string())
                .await
                .ok()
        }
    };
    let made = apply(json!({"a": "b"})).await;
    assert_eq!(made["metadata"]["labels"], json!({"a": "b", "kubernetes.io/metadata.name": "acme"}));
    assert_eq!(made["metadata"]["managedFields"][0]["fieldsV1"], json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
    assert_eq!((&made["status"]["phase"], &made["spec"]["finalizers"]), (&json!("Active"), &json!(["kubernetes"])));
    let left = apply(json!({})).await;
    assert_eq!(left["metadata"]["labels"], json!({"kubernetes.io/metadata.name": "acme"}));
    cluster.get("/api/v1/namespaces/acme/serviceaccounts/default").await.ok();
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_a_server_does() {
    let cluster = Cluster::start().await;
    cluster.get("/api/v1/pods").await.fails(404, "the server could not find the requested resource");
    cluster.delete(&accounts(""), &Value::Null).await.fails(405, "the server does not allow this method");
    cluster
        .post("/api/v1/serviceaccounts", &named("x", json!({})))
        .await
        .fails(405, "the server does not allow this method");
    let text = cluster.get("/apis/apps/v1/deployments").await;
    assert_eq!((text.status, text.body), (404, json!("404 page not found\n")));
    cluster.get_as("/api/v1/namespaces", "application/vnd.kubernetes.protobuf").await.fails(406, "media types");
    let table =
        cluster.get_as("/api/v1/namespaces", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json").await;
    assert_eq!(table.body["rows"][0]["cells"][1], "Active");
    let yaml = cluster.get_as("/api/v1/namespaces/default", "application/yaml").await;
    assert_eq!((yaml.content_type.as_str(), &yaml.body["kind"]), ("application/yaml", &json!("Namespace")));
    let all = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    for path in ["/api", "/apis"] {
        let discovered = cluster.get_as(path, all).await;
        assert_eq!(
            (discovered.content_type.as_str(), &discovered.body["kind"]),
            (all, &json!("APIGroupDiscoveryList"))
        );
    }
}
