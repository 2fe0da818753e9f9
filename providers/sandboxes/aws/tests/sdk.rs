//! The sandbox as AWS's own SDK sees it: its answers parse, and its errors have the SDK's types.

use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use cloudgrant_aws_sandbox::access_key;
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A client of a service, with the credentials of an account or of a session.
macro_rules! client {
    ($sdk:ident, $running:expr, $credentials:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-west-2"))
                .endpoint_url($running.endpoint())
                .credentials_provider($credentials)
                .build(),
        )
    };
}

fn keys(account: &str) -> Credentials {
    Credentials::new(access_key(account), "sandbox", None, None, "test")
}

async fn serve(folder: &std::path::Path, knobs: &str) -> Running {
    let config = json!({
        "aws": {"account": ACCOUNT, "accounts": {OTHER: {"assume_role": "arn:aws:iam::444455556666:role/registry-admin"}}},
        "registries": [{"aws": "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer"}],
    });
    let start = Start::new(folder).config(config).knobs(knobs.parse().expect("valid knobs"));
    cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_answers_and_errors_have_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = serve(folder.path(), "").await;
    let iam = client!(aws_sdk_iam, running, keys(ACCOUNT));
    let document =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    let policy = iam.create_policy().policy_name("p").policy_document(document).send().await.expect("made");
    let arn = policy.policy().and_then(|policy| policy.arn()).expect("an ARN").to_owned();
    let again = iam.create_policy().policy_name("p").policy_document(document).send().await.expect_err("it exists");
    assert!(again.into_service_error().is_entity_already_exists_exception());
    let role = iam.create_role().role_name("r").assume_role_policy_document(TRUST).send().await.expect("made");
    assert!(
        role.role().is_some_and(|role| role.role_id().starts_with("AROA") && role.create_date().secs() > 1_700_000_000)
    );
    iam.attach_role_policy().role_name("r").policy_arn(&arn).send().await.expect("attached");
    let conflict = iam.delete_role().role_name("r").send().await.expect_err("it has a policy");
    assert!(conflict.into_service_error().is_delete_conflict_exception());
    let bad = iam.create_policy().policy_name("q").policy_document("{").send().await.expect_err("no document");
    assert!(bad.into_service_error().is_malformed_policy_document_exception());
    let absent = iam.get_role().role_name("no").send().await.expect_err("no such role");
    assert!(absent.into_service_error().is_no_such_entity_exception());

    let mut pages = iam.get_account_authorization_details().max_items(1).into_paginator().send();
    let (mut roles, mut policies) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        roles.extend(page.role_detail_list().iter().filter_map(|role| role.role_name().map(str::to_owned)));
        policies += page.policies().len();
    }
    assert_eq!((roles, policies), (vec!["AWSServiceRoleForSupport".to_owned(), "r".to_owned()], 1));
    let summary = iam.get_account_summary().send().await.expect("a summary");
    let quota = summary.summary_map().and_then(|map| map.get(&aws_sdk_iam::types::SummaryKeyType::PolicySizeQuota));
    assert_eq!(quota, Some(&6144));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_reach_the_registry_of_another_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = serve(folder.path(), "").await;
    let sts = client!(aws_sdk_sts, running, keys(ACCOUNT));
    let role = "arn:aws:iam::444455556666:role/registry-admin";
    let session = sts.assume_role().role_arn(role).role_session_name("test").send().await.expect("trusted");
    let session = session.credentials().expect("credentials");
    let session = Credentials::new(
        session.access_key_id(),
        session.secret_access_key(),
        Some(session.session_token().to_owned()),
        None,
        "test",
    );
    let ecr = client!(aws_sdk_ecr, running, session);
    let policy = ecr.get_repository_policy().repository_name("team/trainer").send().await.expect("seeded");
    assert!(policy.policy_text().is_some_and(|text| text.contains("ByHand")));
    let unknown = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/no"},"Action":"ecr:BatchGetImage"}]}"#;
    let refused = ecr.set_repository_policy().repository_name("team/trainer").policy_text(unknown).send().await;
    let refused = refused.expect_err("nobody of that name").into_service_error();
    assert!(
        refused.is_invalid_parameter_exception() && refused.to_string().contains("Principal not found"),
        "{refused}"
    );
    let absent = ecr.get_repository_policy().repository_name("team/no").send().await.expect_err("no such repository");
    assert!(absent.into_service_error().is_repository_not_found_exception());
    let secrets = client!(aws_sdk_secretsmanager, running, keys(ACCOUNT));
    let absent = secrets.describe_secret().secret_id("no").send().await.expect_err("no such secret");
    assert!(absent.into_service_error().is_resource_not_found_exception());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_retries_what_goes_wrong_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = serve(folder.path(), "throttle=0.2,errors=0.1,drop=0.1,seed=1").await;
    let retries = aws_sdk_iam::config::retry::RetryConfig::standard()
        .with_max_attempts(10)
        .with_initial_backoff(std::time::Duration::from_millis(1));
    let iam = client!(aws_sdk_iam, running, keys(ACCOUNT));
    let config = iam.config().to_builder().retry_config(retries).build();
    let iam = aws_sdk_iam::Client::from_conf(config);
    for _ in 0..20 {
        iam.list_roles().send().await.expect("one of ten attempts succeeds");
    }
    assert!(running.counts().total > 20, "some were retried: {:?}", running.counts());
    running.stop().await;
}
