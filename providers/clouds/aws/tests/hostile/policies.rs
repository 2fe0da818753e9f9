//! Existing policies whose documents are not what they should be: nothing of them is ever taken for less than it may be.

use crate::server::{Answer, Server};
use crate::world::{allows, existing_policy, honest, plan, refused, version, xml};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_document_is_refused() {
    let server = Server::start(|action, body, _| honest(action, body)).await;
    plan(&server, &existing_policy()).await.expect("an honest answer is fine");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for document in [
        "",
        "null",
        "nonsense",
        "%%%",
        "[]",
        "{}",
        r#"{"Statement":"x"}"#,
        r#"{"Statement":[null]}"#,
        r#"{"Statement":{"Effect":"Allow","Action":{"a":1},"Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"allow","Action":"kinesis:GetRecords","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","action":"*","resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"kinesis:GetRecords","Resource":["*",1]}}"#,
        &deep,
    ] {
        let answer = version(document);
        let server = Server::start(move |action, body, _| match action {
            "GetPolicyVersion" => xml(action, &answer),
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, &existing_policy()).await;
        assert!(error.kind().is_usage() && said.contains("aws.policies.events.read"), "{document:.80}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_a_version_or_of_another_kind_is_refused() {
    for hostile in ["GetPolicy", "GetPolicyVersion"] {
        let server = Server::start(move |action, body, _| match action {
            action if action == hostile => xml(action, ""),
            action => honest(action, body),
        })
        .await;
        let (_, said) = refused(&server, &existing_policy()).await;
        assert!(said.contains("aws.policies.events.read"), "{hostile}: {said}");
    }
    let server = Server::start(|action, body, _| match action {
        "GetPolicyVersion" => Answer::Flood { bytes: 1 << 30, chunked: true, begins: "<GetPolicyVersionResponse>" },
        action => honest(action, body),
    })
    .await;
    let (_, said) = refused(&server, &existing_policy()).await;
    assert!(said.contains("too large"), "{said}");
}

/// What a star hides from a reader, and what looks like the resource.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_the_resource_is_refused() {
    for resource in [
        "*",
        "arn:aws:kinesis:us-west-2:111122223333:stream/events*",
        "arn:aws:kinesis:us-west-2:111122223333:stream/\u{435}vents",
    ] {
        let answer = version(&allows(resource));
        let server = Server::start(move |action, body, _| match action {
            "GetPolicyVersion" => xml(action, &answer),
            action => honest(action, body),
        })
        .await;
        let (_, said) = refused(&server, &existing_policy()).await;
        assert!(said.contains("reaches"), "{resource}: {said}");
    }
}
