use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Flyte, finish};
use crate::{CLUSTER, PAIR, cluster, values};

#[tokio::test]
async fn both_spellings_are_taken() {
    let flyte = Flyte::start().await;
    let body = json!({"attributes": {"matchingAttributes": {"clusterResourceAttributes": {"attributes": {"a": "b"}}}}});
    flyte.put(PAIR, body).await.ok();
    assert_eq!(values(&flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()), &json!({"a": "b"}));
}

#[tokio::test]
async fn unknown_fields_are_refused_in_json_and_passed_over_otherwise() {
    let flyte = Flyte::start().await;
    let mut body = cluster(json!({"a": "b"}));
    body["attributes"]["matching_attributes"]["colour"] = json!("red");
    flyte.put(PAIR, body.clone()).await.fails(400, 3, "proto: unknown field \"colour\"");
    flyte.get(&format!("{PAIR}{CLUSTER}")).await.fails(404, 5, "not found");
    // Without a content type, it is the gateway's own reader.
    let sent = finish(flyte.request(Method::PUT, PAIR).body(body.to_string())).await;
    assert_eq!(sent.ok(), json!({}));
    assert_eq!(values(&flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()), &json!({"a": "b"}));
    let number =
        json!({"attributes": {"matching_attributes": {"cluster_resource_attributes": {"attributes": {"a": 1}}}}});
    flyte.put(PAIR, number).await.fails(400, 3, "invalid value for string field value: 1");
}

#[tokio::test]
async fn the_accept_header_decides_how_fields_are_spelled() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, cluster(json!({"snake_case": "b"}))).await.ok();
    let path = format!("{PAIR}{CLUSTER}");
    let camel = finish(flyte.request(Method::GET, &path)).await;
    assert_eq!(camel.headers["content-type"], "application/json");
    let attributes = &camel.ok()["attributes"]["matchingAttributes"]["clusterResourceAttributes"]["attributes"];
    assert_eq!(attributes, &json!({"snake_case": "b"}), "keys of maps are nobody's to spell");
    let binary = finish(flyte.request(Method::GET, &path).header("accept", "application/octet-stream")).await;
    binary.fails(501, 12, "binary");
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let flyte = Flyte::start().await;
    flyte.get("/api/v1/nothing").await.fails(404, 5, "Not Found");
    flyte.get("/api/v1/project_domain_attributes/flytesnacks").await.fails(404, 5, "Not Found");
    flyte.post("/api/v1/domains", json!({})).await.fails(501, 12, "Method Not Allowed");
    flyte.post(PAIR, json!({})).await.fails(501, 12, "Method Not Allowed");
    assert_eq!(flyte.get("/healthcheck").await.ok(), Value::Null);
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let flyte = Flyte::start().await;
    for body in ["{", "[]", "nonsense", r#"{"attributes": {}, "attributes": {}}"#] {
        let request = flyte.request(Method::PUT, PAIR).header("content-type", "application/json");
        finish(request.body(body)).await.fails(400, 3, "proto:");
    }
}
