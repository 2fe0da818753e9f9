//! The client against servers that answer as a test wants it.

mod authorization;
mod sandbox;
mod secrets;

use std::time::Instant;

use serde::Deserialize;

use cloudgrant_sandbox_kit::Response;

use crate::client::arm::Mode;
use crate::client::loopback::{Loopback, SUBSCRIPTION, TOKEN, json, raw, refusal};
use crate::client::*;
use crate::error::Carried;

const PATH: &str = "/subscriptions/s/things";
const CALL: Call<'static> = Call { operation: "Things/read", object: PATH };

#[derive(Debug, Deserialize, PartialEq)]
struct Thing {
    name: String,
}

async fn list(cloud: &Loopback) -> Result<Vec<Thing>> {
    Arm::new(&cloud.config()).expect("a client").list(&CALL, "2020-01-01").await
}

fn fact<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
}

/// A first page that goes on elsewhere.
async fn going_on_at(next: impl Into<String>) -> Loopback {
    let next = next.into();
    Loopback::start(move |_, _| json(200, serde_json::json!({ "value": [{ "name": "a" }], "nextLink": next }))).await
}

#[tokio::test]
async fn pages_are_read_to_the_end_with_one_token() {
    let cloud = Loopback::start(|request, nth| match nth {
        0 => {
            let host = request.header("host").expect("a host");
            let next = format!("https://{host}{PATH}?api-version=2020-01-01&$skiptoken=x%2Fy");
            json(200, serde_json::json!({ "value": [{ "name": "a" }], "nextLink": next }))
        }
        _ => json(200, serde_json::json!({ "value": [{ "name": "b" }], "nextLink": "" })),
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    assert_eq!(arm.requests(), 0);
    let things: Vec<Thing> = arm.list(&CALL, "2020-01-01").await.expect("a list");
    assert_eq!(things.iter().map(|thing| thing.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let seen = cloud.seen();
    assert_eq!(seen[0].query, "api-version=2020-01-01");
    assert_eq!(seen[1].query, "api-version=2020-01-01&$skiptoken=x%2Fy");
    let authorization = format!("Bearer {TOKEN}");
    assert!(seen.iter().all(|request| request.header("authorization") == Some(&authorization)));
    assert_eq!((cloud.logins(), arm.requests()), (1, 3));
}

#[tokio::test]
async fn the_next_page_at_another_place_is_refused_and_the_token_stays_here() {
    let thief = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [] }))).await;
    for next in [format!("{}{PATH}", thief.url()), "http://127.0.0.1/x".to_owned(), "//evil.example/x".to_owned()] {
        let cloud = going_on_at(next.as_str()).await;
        let error = list(&cloud).await.expect_err("another place");
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{error}");
        assert!(fact(&error, "place").is_some(), "{error}");
        assert_eq!(cloud.seen().len(), 1);
    }
    assert!(thief.seen().is_empty() && thief.logins() == 0);
}

#[tokio::test]
async fn a_redirect_carries_no_credential_anywhere() {
    let thief = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [], "access_token": "x" }))).await;
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = format!("{}/elsewhere", thief.url());
        let away = move |location: &str| json(status, serde_json::json!({})).header(http::header::LOCATION, location);
        // The Resource Manager, and then Microsoft Entra.
        let location = elsewhere.clone();
        let cloud = Loopback::start(move |_, _| away(&location)).await;
        let _ = list(&cloud).await.expect_err("a redirect is no answer");
        assert_eq!(cloud.logins(), 1, "{status}");
        let cloud = Loopback::start_without_login(move |_, _| away(&elsewhere)).await;
        let _ = list(&cloud).await.expect_err("a redirect is no token");
    }
    assert!(thief.seen().is_empty() && thief.logins() == 0);
}

#[tokio::test]
async fn pages_that_go_round_are_noticed() {
    let cloud = going_on_at(format!("{PATH}?api-version=2020-01-01")).await;
    let error = list(&cloud).await.expect_err("a circle");
    assert!(error.message().contains("circle"), "{error}");
    assert_eq!(cloud.seen().len(), 1);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let cloud = Loopback::start(|_, nth| match nth {
        0 => refusal(503, "ServerBusy"),
        1 => Response::dropped(),
        2 => refusal(429, "TooManyRequests").header(http::header::RETRY_AFTER, "1"),
        _ => json(200, serde_json::json!({ "value": [] })),
    })
    .await;
    let started = Instant::now();
    assert_eq!(list(&cloud).await.expect("a list"), []);
    assert_eq!((cloud.seen().len(), cloud.logins()), (4, 1));
    assert!(started.elapsed().as_millis() >= 1000, "Retry-After wasn't honoured");
}

#[tokio::test]
async fn tries_have_an_end() {
    let cloud = Loopback::start(|_, _| refusal(503, "ServerBusy")).await;
    let error = list(&cloud).await.expect_err("busy");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!((cloud.seen().len(), cloud.logins()), (6, 1));
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_engine() {
    let cloud = Loopback::start(|_, _| refusal(429, "TooManyRequests").header(http::header::RETRY_AFTER, "60")).await;
    let error = list(&cloud).await.expect_err("too long");
    assert_eq!((error.kind(), fact(&error, "try again after")), (ErrorKind::Throttled, Some("60 s")), "{error}");
    assert_eq!(cloud.seen().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_final() {
    let cloud = Loopback::start(|_, _| refusal(403, "AuthorizationFailed")).await;
    assert_eq!(list(&cloud).await.expect_err("denied").kind(), ErrorKind::AccessDenied);
    assert_eq!(cloud.seen().len(), 1);
}

#[tokio::test]
async fn what_is_missing_is_none_and_deleting_it_is_fine() {
    let cloud = Loopback::start(|request, _| match request.path.as_str() {
        "/subscriptions/s/gone" => refusal(404, "ResourceNotFound"),
        _ => refusal(404, "SubscriptionNotFound"),
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let gone = Call::new("Things/read", "/subscriptions/s/gone");
    assert_eq!(arm.get_optional::<Thing>(&gone, "1").await.expect("an answer"), None);
    assert_eq!(arm.get::<Thing>(&gone, "1").await.expect_err("missing").kind(), ErrorKind::NotFound);
    arm.delete(&gone, "1").await.expect("fine");
    let unknown = Call::new("Things/read", "/subscriptions/t");
    assert_eq!(arm.get_optional::<Thing>(&unknown, "1").await.expect_err("an error").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn segments_stay_segments() {
    let cloud = Loopback::start(|_, _| json(200, serde_json::json!({ "name": "a" }))).await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let call = Call::new("Things/read", "/subscriptions/s/resourceGroups/a b(ü)/x");
    arm.get::<Thing>(&call, "1").await.expect("a thing");
    assert_eq!(cloud.seen()[0].path, "/subscriptions/s/resourceGroups/a%20b(%C3%BC)/x");
    for bad in ["", "x", "/a/../b", "/a/./b", "/a//b", "/a/%2e%2e/b", "/a?b", "/a#b", "/a\\b", "/a/"] {
        arm.get::<Thing>(&Call::new("Things/read", bad), "1").await.expect_err(bad);
    }
    assert_eq!(cloud.seen().len(), 1);
}

#[tokio::test]
async fn many_at_once_log_in_once() {
    let cloud = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [] }))).await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let calls = (0..20).map(|_| arm.list::<Thing>(&CALL, "1"));
    futures_util::future::try_join_all(calls).await.expect("lists");
    assert_eq!((cloud.logins(), arm.requests()), (1, 21));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_said_and_not_tried_again() {
    let cloud = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [] }))).await;
    let other = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [] }))).await;
    let mut config = cloud.config();
    config.ca_certificate = other.config().ca_certificate;
    let arm = Arm::new(&config).expect("a client");
    let error = arm.list::<Thing>(&CALL, "1").await.expect_err("not trusted");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("CLOUDGRANT_AZURE__CA_CERTIFICATE")), "{error:?}");
    assert_eq!(arm.requests(), 1);
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_told_at_once() {
    let cloud = Loopback::start(|_, _| json(200, serde_json::json!({}))).await;
    let mut config = cloud.config();
    // Nothing listens on port 1.
    config.authority = Some("https://127.0.0.1:1".to_owned());
    let arm = Arm::new(&config).expect("a client");
    let error = arm.list::<Thing>(&CALL, "1").await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
    assert!(error.to_string().contains("https://127.0.0.1:1: no connection: "), "{error}");
    // How long to look for the way is the engine's to decide.
    assert_eq!((cloud.seen().len(), arm.requests()), (0, 1));
}

#[tokio::test]
async fn a_request_that_hangs_is_sent_again_after_its_timeout() {
    let cloud = Loopback::start(|_, nth| match nth {
        0 => Response::never(),
        _ => json(200, serde_json::json!({ "value": [] })),
    })
    .await;
    let mut config = cloud.config();
    config.request_timeout.0 = std::time::Duration::from_millis(300);
    let started = Instant::now();
    let things: Vec<Thing> = Arm::new(&config).expect("a client").list(&CALL, "1").await.expect("a list");
    assert!(things.is_empty() && cloud.seen().len() == 2);
    assert!((300..5_000).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_is_not_all_of_an_answer_is_asked_for_again() {
    let cut = |status, body: serde_json::Value| json(status, body).cut();
    let cloud = Loopback::start(move |_, nth| match nth {
        0 => cut(200, serde_json::json!({ "value": [{ "name": "a" }] })),
        1 => json(200, serde_json::json!({})).garbage(),
        _ => json(200, serde_json::json!({ "value": [{ "name": "a" }] })),
    })
    .await;
    assert_eq!(list(&cloud).await.expect("a list").len(), 1);
    assert_eq!((cloud.seen().len(), cloud.logins()), (3, 1));
    // Half of a refusal says nothing of what is missing; nor does another server's page.
    for nothing in [refusal(404, "SubscriptionNotFound").cut(), refusal(404, "x").garbage()] {
        let cloud = Loopback::start(move |_, _| nothing.clone()).await;
        let arm = Arm::new(&cloud.config()).expect("a client");
        let error = arm.delete(&CALL, "1").await.expect_err("nobody knows");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert_eq!(cloud.seen().len(), 6);
    }
}

#[tokio::test]
async fn answers_are_bounded_while_they_are_read() {
    use azure_core::http::HttpClient;
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec();
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..3 {
        chunked.extend_from_slice(format!("190\r\n{}\r\n", "x".repeat(400)).as_bytes());
    }
    // The end is never sent: who waits for it waits too long.
    for answer in [announced, chunked] {
        let url = raw(answer).await;
        let transport = Transport::new(vec![url.clone()], None).with_answer_limit(1000);
        let error = transport.execute_request(&Request::new(url, Method::Get)).await.expect_err("too large");
        let error = Carried::find(&error).expect("our error");
        assert!(error.message().contains("too large"), "{error}");
    }
}

#[tokio::test]
async fn resources_are_read_with_what_they_leave_out() {
    let cloud = Loopback::start(|request, _| {
        let kind = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        let full = match kind.as_str() {
            "storageAccounts" => serde_json::json!({
                "isHnsEnabled": true, "allowSharedKeyAccess": false, "networkAcls": { "defaultAction": "Deny" },
            }),
            "vaults" => serde_json::json!({
                "vaultUri": "https://v/", "enableRbacAuthorization": true, "tenantId": "t", "publicNetworkAccess": "disabled",
            }),
            _ => serde_json::json!({
                "loginServer": "l", "adminUserEnabled": true, "roleAssignmentMode": "AbacRepositoryPermissions",
                "networkRuleSet": { "defaultAction": "Deny" },
            }),
        };
        let one = |name: &str, properties| serde_json::json!({ "id": "/x", "name": name, "properties": properties });
        json(200, serde_json::json!({ "value": [one("full", full), one("bare", serde_json::json!({}))] }))
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let accounts = arm.storage_accounts("s").await.expect("a list");
    let flags: Vec<_> = accounts.iter().map(|one| (one.hierarchical, one.shared_key, one.closed)).collect();
    assert_eq!(flags, [(true, false, true), (false, true, false)]);
    let vaults = arm.vaults("s").await.expect("a list");
    let flags: Vec<_> =
        vaults.iter().map(|one| (one.uri.as_str(), one.rbac, one.tenant_id.as_str(), one.closed)).collect();
    assert_eq!(flags, [("https://v/", true, "t", true), ("", false, "", false)]);
    let registries = arm.registries("s").await.expect("a list");
    let flags: Vec<_> = registries
        .iter()
        .map(|one| (one.login_server.as_str(), one.admin_user, one.mode.clone(), one.closed))
        .collect();
    assert_eq!(flags, [("l", true, Mode::Repositories, true), ("", false, Mode::Registry, false)]);
    let versions: Vec<_> = cloud.seen().iter().map(|request| request.query.clone()).collect();
    assert_eq!(versions, ["api-version=2021-08-01", "api-version=2023-07-01", "api-version=2025-11-01"]);
}
