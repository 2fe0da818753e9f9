//! Who calls, what is seeded, and what outlives the process.

use crate::client::Client;
use crate::{ACCOUNT, OTHER, SERVICE_TRUST, assume, create_role, manifest, serve, with_sandbox};
use cloudgrant_sandbox_kit::Start;
use serde_json::json;

#[test]
fn callers_are_told_apart() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let reply = client.sts("GetCallerIdentity", &[]).ok();
        assert_eq!(reply.element("Arn"), Some("arn:aws:iam::111122223333:user/sandbox"));
        assert!(reply.headers.contains("x-amzn-requestid: "), "{}", reply.headers);
        assert!(reply.element("RequestId").is_some());

        let mut session = assume(&mut client, endpoint, "arn:aws:iam::444455556666:role/registry-admin");
        let reply = session.sts("GetCallerIdentity", &[]).ok();
        assert_eq!(reply.element("Arn"), Some("arn:aws:sts::444455556666:assumed-role/registry-admin/test"));
        assert_eq!(reply.element("Account"), Some(OTHER));

        let denied =
            client.sts("AssumeRole", &[("RoleArn", "arn:aws:iam::444455556666:role/no"), ("RoleSessionName", "test")]);
        denied.fails(
            403,
            "AccessDenied",
            "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/no",
        );
        let mut stranger = Client::new(endpoint, "777788889999");
        let denied = stranger.sts(
            "AssumeRole",
            &[("RoleArn", "arn:aws:iam::444455556666:role/registry-admin"), ("RoleSessionName", "test")],
        );
        denied.fails(403, "AccessDenied", "");

        let mut unknown = Client::with_key(endpoint, "AKIAIOSFODNN7EXAMPLE", None);
        unknown.iam("ListRoles", &[]).fails(403, "InvalidClientTokenId", "security token");
        unknown.ecr("DescribeRepositories", json!({})).fails(400, "UnrecognizedClientException", "security token");
        Client::with_key(endpoint, "", None).iam("ListRoles", &[]).fails(403, "MissingAuthenticationToken", "");
    });
}

#[test]
fn a_hundred_repositories_can_be_named_at_once() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let names = |count: usize| (0..count).map(|i| format!("team/no{i}")).collect::<Vec<_>>();
        let mut fails = |parameters, code, said| {
            client.ecr("DescribeRepositories", parameters).fails(400, code, said);
        };
        fails(json!({"repositoryNames": names(100)}), "RepositoryNotFoundException", "'team/no0' does not exist");
        fails(json!({"repositoryNames": names(101)}), "InvalidParameterException", "less than or equal to 100");
        fails(json!({"repositoryNames": []}), "InvalidParameterException", "greater than or equal to 1");
        fails(json!({"repositoryNames": names(1), "maxResults": 5}), "InvalidParameterException", "'maxResults'");
    });
}

#[test]
fn what_the_manifest_takes_for_granted_is_there() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let attached = client.iam("ListAttachedRolePolicies", &[("RoleName", "acme-userflyterole")]).ok();
        assert!(
            attached.body.contains(":policy/userflyterole<") && attached.body.contains(":policy/acme-observability<")
        );
        let node = client.iam("ListAttachedRolePolicies", &[("RoleName", "unionai-acme-flyteworker-node-group")]).ok();
        assert!(node.body.contains("arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"));
        client.iam("GetRole", &[("RoleName", "acme-adminflyterole")]).ok();
        let provider = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
        let provider = client.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", provider)]).ok();
        assert!(provider.body.contains("<member>sts.amazonaws.com</member>"));
        let secret = "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf";
        assert_eq!(client.secrets("DescribeSecret", json!({"SecretId": secret})).ok().json()["Name"], "labels-token");
        let policy =
            Client::new(endpoint, OTHER).ecr("GetRepositoryPolicy", json!({"repositoryName": "team/trainer"})).ok();
        assert!(policy.json()["policyText"].as_str().expect("a text").contains("\"Sid\" : \"ByHand\""));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn state_outlives_the_process_and_what_was_deleted_stays_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = serve(folder.path(), "").await;
    let mut client = Client::new(running.endpoint(), ACCOUNT);
    create_role(&mut client, "kept", SERVICE_TRUST).ok();
    for policy in ["userflyterole", "acme-observability"] {
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{policy}");
        client.iam("DetachRolePolicy", &[("RoleName", "acme-userflyterole"), ("PolicyArn", &arn)]).ok();
    }
    client.iam("DeleteRole", &[("RoleName", "acme-userflyterole")]).ok();
    let session = client
        .sts("AssumeRole", &[("RoleArn", "arn:aws:iam::444455556666:role/registry-admin"), ("RoleSessionName", "test")])
        .ok();

    let start = Start::new(folder.path()).config(manifest());
    let error = cloudgrant_aws_sandbox::start(start).await.expect_err("the folder is in use").to_string();
    assert!(error.contains("another process is using it"), "{error}");
    running.stop().await;

    let running = serve(folder.path(), "").await;
    let mut client = Client::new(running.endpoint(), ACCOUNT);
    client.iam("GetRole", &[("RoleName", "kept")]).ok();
    client.iam("GetRole", &[("RoleName", "acme-userflyterole")]).fails(404, "NoSuchEntity", "");
    let key = session.element("AccessKeyId").expect("a key");
    Client::with_key(running.endpoint(), key, session.element("SessionToken")).sts("GetCallerIdentity", &[]).ok();
    assert!(running.settings()["aws"]["endpoint"].as_str().is_some_and(|endpoint| endpoint == running.endpoint()));
    assert_eq!(running.counts().total, 3);
    running.stop().await;
}

#[tokio::test]
async fn unknown_quotas_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = Start::new(folder.path()).knobs("quota.PolicySize=1".parse().expect("the kit knows no quota names"));
    let error = cloudgrant_aws_sandbox::start(start).await.expect_err("no such quota").to_string();
    assert!(error.contains("PolicySizeQuota"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// Two data planes in one folder: the profiles of a manifest.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_made_here_lets_in_every_data_plane_of_the_folder() {
    const STAGING: &str = "222233334444";
    const ROLE: [(&str, &str); 2] =
        [("RoleArn", "arn:aws:iam::444455556666:role/registry-admin"), ("RoleSessionName", "test")];
    let folder = tempfile::tempdir().expect("a folder");
    let of = |account: &str| {
        let mut config = manifest();
        config["aws"]["account"] = json!(account);
        let start = Start::new(folder.path()).config(config);
        async { cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts") }
    };
    for account in [STAGING, ACCOUNT, STAGING] {
        let running = of(account).await;
        Client::new(running.endpoint(), account).sts("AssumeRole", &ROLE).ok();
        running.stop().await;
    }
    let running = of(ACCOUNT).await;
    for account in [STAGING, ACCOUNT] {
        Client::new(running.endpoint(), account).sts("AssumeRole", &ROLE).ok();
    }
    // What its owner made of it stays.
    let nobody = [("RoleName", "registry-admin"), ("PolicyDocument", SERVICE_TRUST)];
    Client::new(running.endpoint(), OTHER).iam("UpdateAssumeRolePolicy", &nobody).ok();
    running.stop().await;
    let running = of(STAGING).await;
    Client::new(running.endpoint(), STAGING).sts("AssumeRole", &ROLE).fails(403, "AccessDenied", "");
    Client::new(running.endpoint(), OTHER).iam("DeleteRole", &[("RoleName", "registry-admin")]).ok();
    running.stop().await;
    let running = of(ACCOUNT).await;
    Client::new(running.endpoint(), OTHER).iam("GetRole", &[("RoleName", "registry-admin")]).fails(
        404,
        "NoSuchEntity",
        "",
    );
    running.stop().await;
}
