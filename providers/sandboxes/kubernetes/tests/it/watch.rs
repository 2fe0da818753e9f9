//! Watching: as Go's clients list and then watch from the version of the list.

use serde_json::{Value, json};

use crate::client::{Cluster, Watch, events};
use crate::{NAMESPACE, account};

fn accounts(query: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts?{query}")
}

/// Watches from the version of a list.
async fn listed_and_watched(cluster: &Cluster, path: &str, query: &str) -> (Value, Watch) {
    let list = cluster.get(&format!("{path}?{query}")).await.ok();
    let version = list["metadata"]["resourceVersion"].as_str().expect("a version").to_owned();
    let watch = cluster.watch(&format!("{path}?{query}&watch=1&resourceVersion={version}&timeoutSeconds=30")).await;
    (list, watch)
}

#[tokio::test]
async fn whoever_waits_for_a_namespace_s_end_is_told_of_it() {
    let cluster = Cluster::start().await;
    let query = format!("fieldSelector=metadata.name={NAMESPACE}");
    let (list, mut watch) = listed_and_watched(&cluster, "/api/v1/namespaces", &query).await;
    let (_, mut of_accounts) = listed_and_watched(&cluster, "/api/v1/serviceaccounts", "").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    // Nobody's business here.
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}});
    cluster.post("/api/v1/namespaces", &other).await.ok();
    cluster.delete(&format!("/api/v1/namespaces/{NAMESPACE}"), &Value::Null).await.ok();
    let marked = watch.next().await.expect("an event");
    assert_eq!((&marked["type"], &marked["object"]["status"]["phase"]), (&json!("MODIFIED"), &json!("Terminating")));
    let (what, name, version) = watch.told().await;
    assert_eq!((what.as_str(), name.as_str()), ("DELETED", NAMESPACE));
    // What was in it went before, each write with a version of its own.
    let (made, gone) = (of_accounts.told().await, of_accounts.told().await);
    assert_eq!((made.0.as_str(), gone.0.as_str()), ("ADDED", "DELETED"));
    assert!(made.2 < gone.2 && gone.2 < version, "{made:?} {gone:?} {version}");
    cluster.get(&format!("/api/v1/namespaces/{NAMESPACE}")).await.fails(404, "not found");
}

#[tokio::test]
async fn what_enters_and_leaves_a_selection_is_told_as_made_and_gone() {
    let cluster = Cluster::start().await;
    let (_, mut watch) = listed_and_watched(&cluster, accounts("").trim_end_matches('?'), "labelSelector=team").await;
    let label = async |value: Value| {
        cluster.merge(&account("default"), &json!({"metadata": {"labels": {"team": value}}})).await.ok()
    };
    label(json!("a")).await;
    label(json!("b")).await;
    let left = label(Value::Null).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(watch.told().await);
    }
    let kinds: Vec<_> = told.iter().map(|(what, ..)| what.as_str()).collect();
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED"]);
    assert_eq!(left["metadata"]["resourceVersion"], told[2].2.to_string());
}

#[tokio::test]
async fn a_watch_goes_on_from_any_version_that_is_known_and_ends_when_it_said() {
    let cluster = Cluster::start().await;
    let made = |name: &str| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let first = cluster.post(&accounts(""), &made("first")).await.ok();
    cluster.post(&accounts(""), &made("second")).await.ok();
    cluster.delete(&account("second"), &Value::Null).await.ok();
    let version = first["metadata"]["resourceVersion"].as_str().expect("a version");
    let query = format!("watch=1&timeoutSeconds=1&resourceVersion={version}");
    let told = |all: Vec<Value>| {
        let of = |event: &Value| (event["type"].to_string(), event["object"]["metadata"]["name"].to_string());
        all.iter().map(of).collect::<Vec<_>>()
    };
    let body = cluster.get(&accounts(&query)).await.ok();
    let pair = |what: &str, name: &str| (format!("{what:?}"), format!("{name:?}"));
    assert_eq!(told(events(&body)), [pair("ADDED", "second"), pair("DELETED", "second")]);
    // Without a version, what is there comes first.
    let body = cluster.get(&accounts("watch=true&timeoutSeconds=1")).await.ok();
    assert_eq!(told(events(&body)), [pair("ADDED", "default"), pair("ADDED", "first")]);
    // Only what comes.
    let query = "watch=1&timeoutSeconds=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
    assert_eq!(cluster.get(&accounts(query)).await.ok(), json!(""));
}

#[tokio::test]
async fn who_wants_bookmarks_is_told_how_far_it_has_seen() {
    let cluster = Cluster::start().await;
    let begin = accounts("watch=1&allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=0");
    let mut watch = cluster.watch(&begin).await;
    assert_eq!(watch.told().await.0, "ADDED");
    // A write of another resource counts as well.
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}});
    cluster.post("/api/v1/namespaces", &other).await.ok();
    let bookmark = watch.next().await.expect("a bookmark");
    let seen = cluster.get(&accounts("")).await.ok()["metadata"]["resourceVersion"].clone();
    let expected = json!({"type": "BOOKMARK", "object": {
        "kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"resourceVersion": seen}}});
    assert_eq!(bookmark, expected);
    assert_eq!(watch.next().await, None, "its time is up");
}

#[tokio::test]
async fn a_version_from_before_a_restart_or_long_ago_has_expired() {
    let cluster = Cluster::start().await;
    let first = cluster.get(&accounts("")).await.ok()["metadata"]["resourceVersion"].clone();
    let from = |version: &Value| accounts(&format!("watch=1&resourceVersion={}", version.as_str().expect("a version")));
    for round in 0..1001 {
        cluster.merge(&account("default"), &json!({"metadata": {"labels": {"round": round.to_string()}}})).await.ok();
    }
    let expired = |events: Vec<Value>| {
        let [event] = events.try_into().expect("one event");
        let status = &event["object"];
        assert_eq!(
            (&event["type"], &status["code"], &status["reason"]),
            (&json!("ERROR"), &json!(410), &json!("Expired"))
        );
        let message = status["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with("too old resource version: "), "{message}");
    };
    expired(events(&cluster.get(&from(&first)).await.ok()));
    let last = cluster.get(&accounts("")).await.ok()["metadata"]["resourceVersion"].clone();
    cluster.merge(&account("default"), &json!({"metadata": {"labels": {"round": "last"}}})).await.ok();
    let Cluster { running, folder, .. } = cluster;
    running.stop().await;
    let cluster = Cluster::start_in(folder).await;
    expired(events(&cluster.get(&from(&last)).await.ok()));
}

#[tokio::test]
async fn what_no_server_understands_is_refused() {
    let cluster = Cluster::start().await;
    let refused = async |query: &str, status, message: &str| {
        cluster.get(&accounts(&format!("watch=1&{query}"))).await.fails(status, message);
    };
    refused("resourceVersion=x", 422, "resourceVersion: Invalid value: \"x\"").await;
    refused("timeoutSeconds=x", 400, "invalid syntax").await;
    refused("resourceVersionMatch=NotOlderThan", 422, "forbidden for watch unless sendInitialEvents is provided").await;
    refused("sendInitialEvents=true", 422, "requires setting resourceVersionMatch to NotOlderThan").await;
    let forbidden = cluster.send(reqwest::Method::GET, &accounts("watch=1"), "without", "", String::new()).await;
    forbidden.fails(403, "cannot watch resource");
}

#[tokio::test]
async fn a_stop_ends_watches() {
    let cluster = Cluster::start().await;
    let mut watch = cluster.watch(&accounts("watch=1")).await;
    assert_eq!(watch.told().await.0, "ADDED");
    let begun = std::time::Instant::now();
    cluster.running.stop().await;
    assert_eq!(watch.next().await, None);
    assert!(begun.elapsed().as_secs() < 4, "it isn't waited for");
}

/// As `kubectl get --watch` asks.
#[tokio::test]
async fn tables_have_their_columns_once() {
    let cluster = Cluster::start().await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = "/api/v1/namespaces?watch=1&timeoutSeconds=1";
    let all = events(&cluster.get_as(path, accept).await.ok());
    assert!(all.len() > 2 && all.iter().all(|event| event["object"]["kind"] == "Table"), "{all:?}");
    assert_eq!(all[0]["object"]["columnDefinitions"][0]["name"], "Name");
    assert!(all[1..].iter().all(|event| event["object"]["columnDefinitions"].is_null()), "{all:?}");
}
