//! Roles as principals, and what belongs to others.

use crate::client::Client;
use crate::{ACCOUNT, OTHER, SERVICE_TRUST, create_role, with_sandbox};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn deleted_roles_appear_by_their_unique_ids() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let id = create_role(&mut client, "puller", SERVICE_TRUST).ok().element("RoleId").expect("an id").to_owned();
        let arn = "arn:aws:iam::111122223333:role/puller";
        let trust = SERVICE_TRUST.replace(r#"{"Service":"ec2.amazonaws.com"}"#, &format!(r#"{{"AWS":"{arn}"}}"#));
        create_role(&mut client, "trusting", &trust).ok();
        let mut registry = Client::new(endpoint, OTHER);
        let set = |policy: &str| json!({"repositoryName": "team/trainer", "policyText": policy});
        let policy = trust.replace("sts:AssumeRole", "ecr:BatchGetImage");
        registry.ecr("SetRepositoryPolicy", set(&policy)).ok();
        let shown = |registry: &mut Client| {
            let reply = registry.ecr("GetRepositoryPolicy", json!({"repositoryName": "team/trainer"})).ok();
            reply.json()["policyText"].as_str().expect("a text").to_owned()
        };
        assert!(shown(&mut registry).contains(arn));

        client.iam("DeleteRole", &[("RoleName", "puller")]).ok();
        create_role(&mut client, "puller", SERVICE_TRUST).ok();
        let text = shown(&mut registry);
        assert!(text.contains(&id) && !text.contains(arn), "a role of the same name is another role: {text}");
        let trusting = client.iam("GetRole", &[("RoleName", "trusting")]).ok();
        assert!(trusting.body.contains(&id) && !trusting.body.contains("role%2Fpuller"));
        registry.ecr("SetRepositoryPolicy", set(&text)).fails(
            400,
            "InvalidParameterException",
            "'Principal not found'",
        );
    });
}

#[test]
fn registries_and_secrets_of_others_are_closed() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let foreign = json!({"repositoryName": "team/trainer", "registryId": OTHER});
        client.ecr("GetRepositoryPolicy", foreign).fails(
            400,
            "AccessDeniedException",
            "arn:aws:ecr:us-west-2:444455556666:repository/team/trainer",
        );
        let absent = json!({"repositoryName": "team/trainer"});
        client.ecr("GetRepositoryPolicy", absent).fails(
            400,
            "RepositoryNotFoundException",
            "The repository with name 'team/trainer' does not exist in the registry with id '111122223333'",
        );
        client.secrets("GetSecretValue", json!({"SecretId": "no"})).fails(
            400,
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        );
        let mut elsewhere = Client::new(endpoint, ACCOUNT);
        elsewhere.region = "eu-central-1".into();
        elsewhere.secrets("DescribeSecret", json!({"SecretId": "labels-token"})).fails(
            400,
            "ResourceNotFoundException",
            "",
        );
        for text in ["{", r#"{"Statement":[]}"#] {
            Client::new(endpoint, OTHER)
                .ecr("SetRepositoryPolicy", json!({"repositoryName": "team/trainer", "policyText": text}))
                .fails(400, "InvalidParameterException", "'Invalid repository policy provided'");
        }
    });
}

#[test]
fn new_roles_take_their_time() {
    with_sandbox("replication=400ms", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        create_role(&mut client, "first", SERVICE_TRUST).ok();
        let trust = SERVICE_TRUST
            .replace(r#"{"Service":"ec2.amazonaws.com"}"#, r#"{"AWS":"arn:aws:iam::111122223333:role/first"}"#);
        create_role(&mut client, "second", &trust).fails(400, "MalformedPolicyDocument", "Invalid principal");
        let deadline = Instant::now() + Duration::from_secs(5);
        while create_role(&mut client, "second", &trust).status != 200 {
            assert!(Instant::now() < deadline, "the role never became known");
            std::thread::sleep(Duration::from_millis(50));
        }
    });
}
