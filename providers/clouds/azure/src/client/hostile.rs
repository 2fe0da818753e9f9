//! Azure as no honest server plays it. Circles of pages and pages elsewhere are in the client's own tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use azure_core::http::{AsyncRawResponse, HttpClient, Method, Request, Url};
use cloudgrant_core::{Error, ErrorKind};
use cloudgrant_sandbox_kit::Response;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Arm;
use crate::client::loopback::{Loopback, SUBSCRIPTION, TOKEN};
use crate::client::transport::Transport;
use crate::error::Carried;

/// `cases` unless `PROPTEST_CASES` asks for others.
fn cases(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), ..ProptestConfig::default() }
}

const GIGABYTE: u64 = 1 << 30;

/// What the client may read of an answer, and what may wait in the buffers of the connection.
const TAKEN: u64 = (64 << 20) + (16 << 20);

/// Levels of nesting that would end a thread's stack if each took a call.
const DEEP: usize = 100_000;

#[derive(Debug, Clone)]
enum Hostile {
    Flood { chunked: bool },
    Trickle,
    Headers(usize),
    Packed,
}

impl Hostile {
    async fn answer(&self, connection: &mut TcpStream, sent: &AtomicU64) -> std::io::Result<()> {
        let mut send = async |bytes: &[u8]| {
            connection.write_all(bytes).await?;
            sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            std::io::Result::Ok(())
        };
        match self {
            Self::Flood { chunked } => {
                let framing =
                    if *chunked { "transfer-encoding: chunked".into() } else { format!("content-length: {GIGABYTE}") };
                send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes()).await?;
                let piece = vec![b' '; 1 << 16];
                for _ in 0..GIGABYTE >> 16 {
                    match chunked {
                        true => send(&[b"10000\r\n", piece.as_slice(), b"\r\n"].concat()).await?,
                        false => send(&piece).await?,
                    }
                }
                Ok(())
            }
            Self::Trickle => {
                send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
                loop {
                    send(b"1\r\n \r\n").await?;
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            }
            Self::Headers(count) => {
                let headers: String = (0..*count).map(|at| format!("x-{at}: y\r\n")).collect();
                send(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\n{{}}").as_bytes()).await
            }
            Self::Packed => {
                send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00").await
            }
        }
    }
}

/// Asks a hostile server once; and how many bytes it could send.
async fn asked(hostile: Hostile, patience: Duration) -> (azure_core::Result<AsyncRawResponse>, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url: Url = format!("http://{}", listener.local_addr().expect("an address")).parse().expect("a URL");
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let server = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).await;
        let _ = hostile.answer(&mut connection, &counter).await;
    });
    let transport = Transport::new(vec![url.clone()], None).with_patience(patience);
    let answer = transport.execute_request(&Request::new(url, Method::Get)).await;
    drop(transport);
    server.abort();
    (answer, sent.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_after_64_mib_or_when_it_is_announced() {
    for chunked in [true, false] {
        let (answer, sent) = asked(Hostile::Flood { chunked }, Duration::from_secs(60)).await;
        let error = answer.map(drop).expect_err("too large");
        let error = Carried::find(&error).expect("our error");
        assert!(error.message().contains("too large"), "{error}");
        assert!(sent < if chunked { TAKEN } else { 16 << 20 }, "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trickle_ends_with_the_patience_for_a_request() {
    let begun = Instant::now();
    let (answer, _) = asked(Hostile::Trickle, Duration::from_millis(300)).await;
    answer.map(drop).expect_err("no end");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_headers_are_refused() {
    for count in [5_000, 200_000] {
        let (answer, _) = asked(Hostile::Headers(count), Duration::from_secs(30)).await;
        answer.map(drop).expect_err("too many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_not_asked_for_is_unpacked() {
    let (answer, _) = asked(Hostile::Packed, Duration::from_secs(30)).await;
    let body = answer.expect("an answer").try_into_raw_response().await.expect("its bytes");
    assert_eq!(body.body().as_ref(), b"\x1f\x8b\x08\x00");
}

/// What is said of an error: not much, and no token.
fn said(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let said = format!("{error:?} {:?}", causes.map(ToString::to_string).collect::<Vec<_>>());
    assert!(said.len() < 10_000, "{} bytes of complaint", said.len());
    assert!(!said.contains(TOKEN) && !said.contains('\u{1b}'), "{said}");
    said
}

fn raw(status: u16, body: impl Into<String>) -> Response {
    Response::new(http::StatusCode::from_u16(status).expect("a status"), body.into())
}

/// Every kind of reading, of both generations of the SDK.
async fn read_all(arm: &Arm) -> Vec<Error> {
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let identity = format!("{scope}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i");
    let results = vec![
        arm.clusters(SUBSCRIPTION, "g").await.map(drop),
        arm.federated_credentials(&identity).await.map(drop),
        arm.identities(SUBSCRIPTION).await.map(drop),
        arm.identity(&identity).await.map(drop),
        arm.permissions(&scope).await.map(drop),
        arm.registries(SUBSCRIPTION).await.map(drop),
        arm.resource_group(SUBSCRIPTION, "g").await.map(drop),
        arm.role_assignments(SUBSCRIPTION).await.map(drop),
        arm.role_definitions(&scope, None).await.map(drop),
        arm.storage_accounts(SUBSCRIPTION).await.map(drop),
        arm.subscription_tenant(SUBSCRIPTION).await.map(drop),
        arm.vaults(SUBSCRIPTION).await.map(drop),
    ];
    results.into_iter().filter_map(Result::err).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_json_is_refused_wherever_it_stands() {
    let (open, close) = ("[".repeat(DEEP), "]".repeat(DEEP));
    let (map, end) = ("{\"a\":".repeat(DEEP), "}".repeat(DEEP));
    for (body, asked_for) in [
        (open.clone(), true),
        (format!("{open}{close}"), true),
        (format!("{{\"value\":{open}{close}}}"), true),
        // What nobody asked for is passed over, level by level.
        (format!("{{\"unknown\":{map}1{end},\"value\":[]}}"), false),
        (format!("{{\"value\":[{{\"id\":\"/x\",\"name\":\"x\",\"properties\":{map}1{end}}}]}}"), false),
    ] {
        let cloud = Loopback::start(move |_, _| raw(200, body.clone())).await;
        let arm = Arm::new(&cloud.config()).expect("a client");
        let errors = read_all(&arm).await;
        assert!(!asked_for || errors.len() == 12, "{errors:?}");
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{}", said(&error));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_in_a_few_words() {
    let long = format!("\u{1b}[2J\u{202e}{}", "x".repeat(1 << 18));
    let details = format!("{}{}", "{\"details\":[".repeat(DEEP), "]}".repeat(DEEP));
    for body in [
        json!({ "error": { "code": long, "message": long } }).to_string(),
        json!({ "code": long, "message": long, "details": [{ "code": long }] }).to_string(),
        json!({ "error": { "code": { "a": 1 }, "message": [null] } }).to_string(),
        json!({ "error": long }).to_string(),
        format!("{{\"error\":{details}}}"),
        long.clone(),
        String::new(),
    ] {
        // Side by side: what isn't JSON is asked for several times.
        let all = [400, 403, 404, 409].map(|status| {
            let body = body.clone();
            async move {
                let cloud = Loopback::start(move |_, _| raw(status, body.clone())).await;
                let arm = Arm::new(&cloud.config()).expect("a client");
                // All say as much: one of each generation is enough.
                let (error, other) = tokio::join!(arm.role_assignments(SUBSCRIPTION), arm.vaults(SUBSCRIPTION));
                said(&error.expect_err("refused"));
                said(&other.expect_err("refused"));
            }
        });
        futures_util::future::join_all(all).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_that_brings_the_token_may_be_anything() {
    let long = "x".repeat(1 << 18);
    for body in [
        format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        json!({ "access_token": null, "expires_in": "soon" }).to_string(),
        json!({ "access_token": { "a": 1 }, "expires_in": 1e300 }).to_string(),
        json!({ "access_token": "a\r\nx-injected: 1", "expires_in": 3600, "token_type": "Bearer" }).to_string(),
        json!({ "access_token": "hidden", "expires_in": u64::MAX, "token_type": "Bearer" }).to_string(),
        json!({ "error": long, "error_description": long, "correlation_id": long }).to_string(),
        String::new(),
    ] {
        for status in [200, 400] {
            let body = body.clone();
            let cloud = Loopback::start_without_login(move |_, _| raw(status, body.clone())).await;
            let arm = Arm::new(&cloud.config()).expect("a client");
            if let Err(error) = arm.vaults(SUBSCRIPTION).await {
                assert!(!said(&error).contains("hidden"), "{}", said(&error));
            }
        }
    }
}

/// Any JSON, with the words of Azure's answers in it more often than chance would have them.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "value",
        "nextLink",
        "id",
        "name",
        "type",
        "properties",
        "identity",
        "userAssignedIdentities",
        "location",
        "issuer",
        "subject",
        "audiences",
        "principalId",
        "roleDefinitionId",
        "scope",
        "condition",
        "conditionVersion",
        "createdOn",
        "permissions",
        "actions",
        "dataActions",
        "assignableScopes",
        "tenantId",
        "vaultUri",
        "loginServer",
        "tags",
        "error",
        "code",
        "message",
        "/subscriptions/x",
        "",
        "2026-01-01T00:00:00Z",
        "https://127.0.0.1:1/",
        "\u{1b}[2J",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        word.clone().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    let tree = leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((word.clone().prop_map(str::to_owned), inner), 0..8)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    });
    prop_oneof![
        1 => tree.clone(),
        3 => prop::collection::vec(tree, 0..4).prop_map(|items| json!({ "value": items })),
    ]
}

#[test]
fn any_json_as_an_answer() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let body = Arc::new(std::sync::Mutex::new(String::new()));
    let current = body.clone();
    let cloud = runtime.block_on(Loopback::start(move |_, _| raw(200, current.lock().expect("a lock").clone())));
    let arm = Arm::new(&cloud.config()).expect("a client");
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..cases(32) });
    let tried = runner.run(&any_json(), |value| {
        *body.lock().expect("a lock") = value.to_string();
        for error in runtime.block_on(read_all(&arm)) {
            said(&error);
        }
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

/// Azure's pages may be as many as they like, but not as large.
#[test]
fn a_list_is_bounded_in_bytes() {
    let call = crate::error::call::Call::new("Things/read", "/subscriptions/s");
    let mut pages = crate::client::Pages::default();
    let page = vec![b' '; 64 << 20];
    let turns = (0..100).take_while(|_| pages.weigh(&call, &page).is_ok()).count();
    assert_eq!(turns, 8);
}
