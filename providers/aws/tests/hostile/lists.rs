//! Lists of pages that have no end, or end too early.

use cloudgrant_core::ErrorKind;
use serde_json::json;

use crate::server::{Answer, Server};
use crate::world::{REGISTRY, details, honest, plan, refused, secrets};

/// The marker of the nth page, of so many different ones.
fn marker(nth: usize, different: usize) -> String {
    format!("m{}", nth % different)
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_of_iam_that_repeat_end_in_an_error() {
    for different in [1, 2, 7] {
        let server = Server::start(move |action, body, nth| match action {
            "GetAccountAuthorizationDetails" => {
                let marker = marker(nth, different);
                details("%7B%7D", &format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"))
            }
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, REGISTRY).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("round in a circle"), "{said}");
        assert_eq!(server.requests("GetAccountAuthorizationDetails"), different + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_iam_that_goes_on_nowhere_is_not_taken_for_the_whole() {
    for rest in ["<IsTruncated>true</IsTruncated>", "<IsTruncated>true</IsTruncated><Marker></Marker>"] {
        let server = Server::start(move |action, body, _| match action {
            "GetAccountAuthorizationDetails" => details("%7B%7D", rest),
            action => honest(action, body),
        })
        .await;
        let (_, said) = refused(&server, REGISTRY).await;
        assert!(said.contains("goes on, and not where"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_ecr_that_repeat_end_in_an_error() {
    for different in [1, 3] {
        let server = Server::start(move |action, body, nth| match action {
            "DescribeRepositories" => {
                Answer::ok(json!({ "repositories": [], "nextToken": marker(nth, different) }).to_string())
            }
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, REGISTRY).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("round in a circle"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ever_new_tokens_of_ecr_end_in_an_error() {
    let server = Server::start(|action, body, nth| match action {
        "DescribeRepositories" => Answer::ok(json!({ "repositories": [], "nextToken": nth.to_string() }).to_string()),
        action => honest(action, body),
    })
    .await;
    let (_, said) = refused(&server, REGISTRY).await;
    assert!(said.contains("more than 2000 pages"), "{said}");
    assert_eq!(server.requests("DescribeRepositories"), 2_000);
}

/// It is a short cut only: what it doesn't find is asked for singly.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_secrets_is_left_when_it_has_cost_enough() {
    for different in [1, 2, usize::MAX] {
        let server = Server::start(move |action, body, nth| match action {
            "ListSecrets" => Answer::ok(
                json!({ "SecretList": [{}, { "ARN": "x" }], "NextToken": marker(nth, different) }).to_string(),
            ),
            action => honest(action, body),
        })
        .await;
        plan(&server, &secrets(20)).await.expect("a plan");
        assert!((1..=10).contains(&server.requests("ListSecrets")), "{}", server.requests("ListSecrets"));
        assert_eq!(server.requests("DescribeSecret"), 20);
    }
}
