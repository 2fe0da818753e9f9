use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Flyte;
use crate::{CLUSTER, PAIR, cluster, values};

#[tokio::test]
async fn requests_are_throttled_and_fail_as_asked() {
    let flyte = Flyte::start().await;
    flyte.knobs("throttle-next=1,errors-next=1").await;
    flyte.get("/api/v1/domains").await.fails(429, 8, "Too Many Requests");
    flyte.get("/api/v1/domains").await.fails(500, 13, "asked to fail");
    flyte.get("/api/v1/domains").await.ok();
}

#[tokio::test]
async fn a_call_can_be_denied_by_its_name() {
    let flyte = Flyte::start().await;
    flyte.knobs("deny=admin:UpdateProjectDomainAttributes").await;
    flyte.put(PAIR, cluster(json!({}))).await.fails(403, 7, "admin:UpdateProjectDomainAttributes");
    flyte.get("/api/v1/domains").await.ok();
}

#[tokio::test]
async fn connections_are_cut_before_and_after_the_deed() {
    let flyte = Flyte::start().await;
    flyte.knobs("drop=1,seed=3").await;
    let (mut attempts, mut done) = (0, false);
    // Half of what is cut was carried out.
    while !done && attempts < 40 {
        attempts += 1;
        flyte
            .request(reqwest::Method::PUT, PAIR)
            .body(cluster(json!({"a": "b"})).to_string())
            .send()
            .await
            .expect_err("cut");
        flyte.knobs("").await;
        done = flyte.get(&format!("{PAIR}{CLUSTER}")).await.status == 200;
        flyte.knobs("drop=1,seed=3").await;
    }
    assert!(done, "no request in {attempts} was carried out");
}

#[tokio::test]
async fn answers_come_late_or_in_part() {
    let flyte = Flyte::start().await;
    flyte.knobs("late-at=1,lateness=120ms").await;
    let begun = Instant::now();
    flyte.put(PAIR, cluster(json!({"a": "b"}))).await.ok();
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert_eq!(values(&flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()), &json!({"a": "b"}));
    flyte.knobs("cut=1").await;
    let answer = flyte.request(reqwest::Method::GET, "/api/v1/domains").send().await.expect("an answer");
    if let Ok(text) = answer.text().await {
        serde_json::from_str::<serde_json::Value>(&text).expect_err("half of it is missing");
    }
}

#[tokio::test]
async fn calls_are_counted_and_logged() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, cluster(json!({}))).await.ok();
    flyte.get("/api/v1/nothing").await;
    let counts = flyte.get("/_sandbox/requests").await.ok();
    assert_eq!(counts["by_action"], json!({"admin:UpdateProjectDomainAttributes": 1, "unknown": 1}));
    let log = flyte.get("/_sandbox/log").await.ok();
    assert_eq!((&log[0]["method"], &log[0]["path"], &log[0]["status"]), (&json!("PUT"), &json!(PAIR), &json!(200)));
    flyte.get("/_sandbox/none").await;
}
