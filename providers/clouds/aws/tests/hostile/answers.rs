//! Single answers that are too large, too slow, too deep, or not what they should be.

use std::time::{Duration, Instant};

use cloudgrant_core::ErrorKind;
use serde_json::json;

use crate::server::{Answer, Server};
use crate::world::{REGISTRY, details, honest, plan, plan_within, refused, said, secrets, xml};

const GIGABYTE: u64 = 1 << 30;

/// What the client may read of an answer, and what may wait in the buffers of the connection.
const TAKEN: u64 = (64 << 20) + (16 << 20);

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_after_64_mib_or_when_it_is_announced() {
    for (hostile, begins) in [("GetCallerIdentity", "<GetCallerIdentityResponse>"), ("DescribeRepositories", "{")] {
        for chunked in [true, false] {
            let server = Server::start(move |action, body, _| match action {
                action if action == hostile => Answer::Flood { bytes: GIGABYTE, chunked, begins },
                action => honest(action, body),
            })
            .await;
            let (error, said) = refused(&server, REGISTRY).await;
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
            assert!(said.contains("too large"), "{said}");
            let most = if chunked { TAKEN } else { 16 << 20 };
            assert!(server.sent() < most, "{} bytes of {hostile}", server.sent());
            // Another try would be as large.
            assert_eq!(server.requests(hostile), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_that_brings_credentials_is_bounded_too() {
    let server = Server::start(|action, body, _| match action {
        "AssumeRole" => Answer::Flood { bytes: GIGABYTE, chunked: true, begins: "<AssumeRoleResponse>" },
        action => honest(action, body),
    })
    .await;
    let (_, said) = refused(&server, REGISTRY).await;
    assert!(said.contains("too large"), "{said}");
    // Two requests need them: that for the repository's policy, and that for the rules of pull-through caches.
    assert!(server.sent() < 2 * TAKEN, "{}", server.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_megabytes_is_told_in_a_few_words() {
    let server = Server::start(|action, body, _| match action {
        "GetAccountSummary" => {
            let message = "x".repeat(8 << 20);
            let body = format!(
                "<ErrorResponse><Error><Code>Denied\u{1b}[2J</Code><Message>{message}</Message></Error></ErrorResponse>"
            );
            Answer::Body(400, String::new(), body.into_bytes())
        }
        action => honest(action, body),
    })
    .await;
    let (_, said) = refused(&server, REGISTRY).await;
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trickle_ends_with_the_patience_for_a_request() {
    let begun = Instant::now();
    let server = Server::start(|action, body, _| match action {
        "GetAccountSummary" => Answer::Trickle(50),
        action => honest(action, body),
    })
    .await;
    let error = plan_within(&server, REGISTRY, 0.3).await.expect_err("refused");
    let said = said(&error);
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{said}");
    assert!(said.contains("no answer in time"), "{said}");
    // Six tries of a third of a second each, and the waits in between.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_headers_are_refused() {
    for headers in [5_000, 200_000] {
        let server = Server::start(move |action, body, _| match action {
            "GetCallerIdentity" => {
                let many = (0..headers).map(|at| format!("x-{at}: y\r\n")).collect();
                Answer::Body(200, many, b"<GetCallerIdentityResponse/>".to_vec())
            }
            action => honest(action, body),
        })
        .await;
        let (_, said) = refused(&server, REGISTRY).await;
        assert!(said.contains("GetCallerIdentity"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_not_asked_for_is_unpacked() {
    let server = Server::start(|action, body, _| match action {
        "DescribeRepositories" => {
            Answer::Body(200, "content-encoding: gzip\r\n".to_owned(), vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
        }
        action => honest(action, body),
    })
    .await;
    refused(&server, REGISTRY).await;
}

/// Levels of nesting that would end a thread's stack if each took a call.
const DEEP: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn deep_json_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for field in ["repositories", "unknown", "nextToken"] {
            let server = Server::start(move |action, body, _| match action {
                "DescribeRepositories" => {
                    Answer::ok(format!("{{\"{field}\":{}1{}}}", open.repeat(DEEP), close.repeat(DEEP)))
                }
                action => honest(action, body),
            })
            .await;
            refused(&server, REGISTRY).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_xml_is_survived() {
    let server = Server::start(|action, body, _| match action {
        "GetAccountSummary" => xml(action, &format!("{}{}", "<SummaryMap>".repeat(DEEP), "</SummaryMap>".repeat(DEEP))),
        action => honest(action, body),
    })
    .await;
    drop(plan(&server, REGISTRY).await);
    assert!(server.requests("GetAccountSummary") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_entities_are_not_expanded() {
    let server = Server::start(|action, body, _| match action {
        "GetCallerIdentity" => {
            let bomb = "<!DOCTYPE x [<!ENTITY a \"111122223333\"><!ENTITY b \"&a;&a;\">]>";
            let account = "<GetCallerIdentityResult><Account>&b;</Account></GetCallerIdentityResult>";
            Answer::ok(format!("{bomb}<GetCallerIdentityResponse>{account}</GetCallerIdentityResponse>"))
        }
        action => honest(action, body),
    })
    .await;
    refused(&server, REGISTRY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_policy_that_is_none_is_refused_and_left_alone() {
    let deep = format!("{{\"Statement\":{}{}}}", "[".repeat(DEEP), "]".repeat(DEEP));
    for policy in [
        &deep,
        "",
        "[]",
        "null",
        "\"x\"",
        "12",
        "{}",
        "{\"Statement\":null}",
        "{\"Statement\":[[]]}",
        "%7B%7D",
        "{",
        // Nobody can tell what these mean.
        "{\"Statement\":[],\"Statement\":[]}",
        "{\"Statement\":[{\"Sid\":\"a\",\"Sid\":\"b\"}]}",
    ] {
        let policy = policy.to_owned();
        let server = Server::start(move |action, body, _| match action {
            "GetRepositoryPolicy" => Answer::ok(json!({ "policyText": policy }).to_string()),
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, REGISTRY).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("arn:aws:ecr:us-west-2:444455556666:repository/team/images"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trust_policies_of_others_may_be_anything() {
    let deep = format!("{}{}", "%5B".repeat(DEEP), "%5D".repeat(DEEP));
    for trust in [
        deep.as_str(),
        "",
        "%FF%FE",
        "%7B%22Statement%22%3Anull%7D",
        "%7B%22Statement%22%3A%5B1%2C%5B%5D%5D%7D",
        "%",
        "null",
    ] {
        let trust = trust.to_owned();
        let server = Server::start(move |action, body, _| match action {
            "GetAccountAuthorizationDetails" => details(&trust, ""),
            action => honest(action, body),
        })
        .await;
        plan(&server, REGISTRY).await.expect("a plan");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_wrong_types_are_refused_or_survived() {
    for answer in [
        "{}",
        "[]",
        "null",
        "{\"ARN\":null}",
        "{\"ARN\":{}}",
        "{\"ARN\":[]}",
        "{\"ARN\":1e999}",
        "{\"ARN\":\"\\ud800\"}",
    ] {
        let server = Server::start(move |action, body, _| match action {
            "DescribeSecret" => Answer::ok(answer),
            action => honest(action, body),
        })
        .await;
        drop(plan(&server, &secrets(1)).await);
        assert!(server.requests("DescribeSecret") > 0, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_carries_no_credential_anywhere() {
    let asked = ["GetCallerIdentity", "GetAccountAuthorizationDetails", "AssumeRole", "DescribeRepositories"];
    for status in [301, 302, 303, 307, 308] {
        for hostile in asked {
            let thief = Server::start(|action, body, _| honest(action, body)).await;
            let elsewhere = format!("location: {}/\r\n", thief.endpoint());
            let server = Server::start(move |action, body, _| match action {
                action if action == hostile => Answer::Body(status, elsewhere.clone(), Vec::new()),
                action => honest(action, body),
            })
            .await;
            let _ = plan(&server, REGISTRY).await;
            assert!(server.requests(hostile) > 0, "{hostile} was asked for");
            assert_eq!(thief.sent(), 0, "{status} of {hostile}");
            assert!(asked.iter().all(|action| thief.requests(action) == 0), "{status} of {hostile}");
        }
    }
}
