//! What goes wrong on request, and what is counted.

use std::time::{Duration, Instant};

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};
use reqwest::Method;
use serde_json::json;

use crate::client::{Cloud, form};
use crate::{
    ASSIGNMENTS, BLOB_READER, GROUP, OTHER, SUBSCRIPTION, VERSION, account, assignment, grant, guid, identity,
};

const LIST: &str = "/subscriptions?api-version=2022-12-01";

#[tokio::test]
async fn requests_are_throttled_on_request() {
    let cloud = Cloud::start("throttle-next=2").await;
    let reply = cloud.get(LIST).await;
    reply.fails(429, "TooManyRequests", "throttled");
    assert_eq!(reply.header("retry-after"), Some("1"));
    let reply = cloud.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[("client_secret", SECRET)])).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("1")));
    cloud.get(LIST).await.is(200);
    cloud.knobs("errors-next=1").await;
    cloud.get(LIST).await.fails(500, "InternalServerError", "internal error");
    cloud.get(LIST).await.is(200);
}

#[tokio::test]
async fn buckets_run_dry_at_a_rate() {
    // A tenth of what Azure allows: 20 writes at once, one more a second.
    let cloud = Cloud::start("rate=1").await;
    let path = format!("{SUBSCRIPTION}/resourceGroups/team?api-version=2021-04-01");
    let mut left = None;
    for _ in 0..19 {
        let reply = cloud.put(&path, json!({"location": "westeurope"})).await;
        left = reply.header("x-ms-ratelimit-remaining-subscription-writes").map(str::to_owned);
        reply.ok();
    }
    assert!(["1", "2", "3"].contains(&left.as_deref().expect("a header")), "{left:?}");
    let mut refused = None;
    for _ in 0..10 {
        let reply = cloud.put(&path, json!({"location": "westeurope"})).await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("more than a bucket holds");
    assert_eq!(refused.header("retry-after"), Some("1"));
    cloud.get(LIST).await.is(200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    cloud.put(&path, json!({"location": "westeurope"})).await.is(200);
}

#[tokio::test]
async fn one_identity_takes_few_writes_at_a_rate() {
    let cloud = Cloud::start("rate=10").await;
    let path = format!("{}?api-version=2023-01-31", identity("flyteuser-acme"));
    for _ in 0..5 {
        cloud.patch(&path, json!({"tags": {}})).await.is(200);
    }
    let refused = cloud.patch(&path, json!({"tags": {}})).await;
    refused.fails(429, "TooManyRequests", "");
    assert_eq!(refused.header("retry-after"), Some("4"));
    cloud.put(&format!("{GROUP}?api-version=2021-04-01"), json!({"location": "westeurope"})).await.is(200);
}

#[tokio::test]
async fn answers_get_lost_on_request() {
    let cloud = Cloud::start("drop=1").await;
    let url = format!("{}{LIST}", cloud.running.endpoint());
    assert!(cloud.http.get(url).bearer_auth(&cloud.token).send().await.is_err());
    let log = cloud.get("/_sandbox/log").await.is(200);
    assert!(log.as_array().is_some_and(|lines| lines.len() >= 2), "{log}");
}

#[tokio::test]
async fn actions_are_denied_on_request() {
    let cloud = Cloud::start("deny=Microsoft.Authorization/roleAssignments:write").await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    let path = assignment(&account(), &guid(1));
    let denied = cloud.put(&path, grant(BLOB_READER, &principal)).await;
    let scope = path.split('?').next().expect("a path");
    denied.fails(
        403,
        "AuthorizationFailed",
        &format!("'Microsoft.Authorization/roleAssignments/write' over scope '{scope}'"),
    );
    denied.fails(403, "AuthorizationFailed", "please refresh your credentials");
    let permissions = format!("{GROUP}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01");
    let body = cloud.get(&permissions).await.is(200);
    assert_eq!(body["value"][0]["notActions"], json!(["Microsoft.Authorization/roleAssignments/write"]));
    cloud.knobs("deny=entra:token").await;
    let reply = cloud.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[("client_secret", SECRET)])).await;
    assert_eq!(reply.body["error_codes"][0], 53_003, "{}", reply.body);
}

#[tokio::test]
async fn actions_are_denied_in_one_subscription_on_request() {
    let cloud =
        Cloud::start(&format!("deny=Microsoft.Authorization/roleAssignments:read@{}", OTHER.to_uppercase())).await;
    let list = |subscription: &str| format!("{subscription}{ASSIGNMENTS}{VERSION}");
    let other = format!("/subscriptions/{OTHER}");
    cloud.get(&list(SUBSCRIPTION)).await.is(200);
    cloud.get(&list(&other)).await.fails(403, "AuthorizationFailed", &other);
    let denied = async |scope: &str| {
        let path = format!("{scope}/providers/Microsoft.Authorization/permissions{VERSION}");
        cloud.get(&path).await.is(200)["value"][0]["notActions"].clone()
    };
    assert_eq!(denied(SUBSCRIPTION).await, json!([]));
    assert_eq!(denied(&other).await, json!(["Microsoft.Authorization/roleAssignments/read"]));
}

#[tokio::test]
async fn requests_wait_are_counted_and_logged() {
    let cloud = Cloud::start("latency=30ms").await;
    cloud.post("/_sandbox/reset", json!({})).await.is(200);
    let begun = Instant::now();
    cloud.get(LIST).await.is(200);
    assert!(begun.elapsed() >= Duration::from_millis(30));
    let path = assignment(&account(), &guid(1));
    cloud.get(&path).await.fails(404, "RoleAssignmentNotFound", "");
    cloud.log_in().await;
    let counts = cloud.get("/_sandbox/requests").await.is(200);
    let expected = json!({
        "Microsoft.Authorization/roleAssignments/read": 1,
        "Microsoft.Resources/subscriptions/read": 1,
        "entra/token": 1,
    });
    assert_eq!(counts, json!({"total": 3, "by_action": expected}));
    let log = cloud.get("/_sandbox/log").await.is(200);
    let last = log.as_array().and_then(|lines| lines.iter().rev().nth(1)).expect("two lines");
    assert_eq!((&last["method"], &last["path"], &last["status"]), (&json!("GET"), &json!(path), &json!(404)));
    assert!(!log.to_string().contains(SECRET), "secrets are sent in bodies, which are not logged");
}

#[tokio::test]
async fn the_log_tells_callers_apart_and_what_came_first() {
    let cloud = Cloud::start("").await;
    cloud.get(LIST).await.is(200);
    let again = cloud.log_in().await;
    cloud.send(Method::GET, LIST, Some(&again), String::new()).await.is(200);
    let log = cloud.get("/_sandbox/log").await.is(200);
    let lines: Vec<_> = log.as_array().expect("lines").iter().filter(|line| line["turn"].is_u64()).collect();
    let [.., first, second] = lines.as_slice() else { panic!("{log}") };
    assert!(first["turn"].as_u64() < second["turn"].as_u64() && first["at_us"].as_u64() < second["at_us"].as_u64());
    // One client twice, each time with a token of its own, which the log doesn't show.
    assert_eq!((&first["caller"], &second["caller"]), (&json!(CLIENT_ID), &json!(CLIENT_ID)));
    assert_ne!(first["token"], second["token"]);
    assert!(!log.to_string().contains(&again));
}
