//! A data plane in a sandbox.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::clients::Clients;

/// The data plane's account.
pub(crate) const ACCOUNT: &str = "111122223333";
/// An account with credentials.
pub(crate) const OTHER: &str = "444455556666";
/// A bucket of that account.
pub(crate) const THEIRS: &str = "acme-theirs";
/// An account without.
pub(crate) const UNREACHABLE: &str = "777788889999";
pub(crate) const ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
/// Another cluster's.
pub(crate) const OTHER_ISSUER: &str = "oidc.eks.us-west-2.amazonaws.com/id/OTHER";
/// The value of the secret: it must never be seen.
pub(crate) const SECRET: &str = "value-that-nobody-may-see";

/// Every write that the provider sends.
pub(crate) const WRITES: [&str; 17] = [
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicyVersion",
    "iam:DeletePolicy",
    "iam:CreateRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:DeleteRole",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "ecr:SetRepositoryPolicy",
    "ecr:DeleteRepositoryPolicy",
    "ecr:TagResource",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "kms:PutKeyPolicy",
];

/// A resource of a kind that the provider doesn't know.
pub(crate) fn stream() -> String {
    format!("arn:aws:kinesis:us-west-2:{ACCOUNT}:stream/events")
}

/// A policy that others maintain, and that gives what reading the stream is to give.
pub(crate) fn existing_policy() -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/data/events-reader")
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) running: Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = |account: &str, name: &str| format!("{account}.dkr.ecr.us-west-2.amazonaws.com/{name}");
        let config = json!({
            "platform": { "organization": "acme" },
            "aws": {
                "account": ACCOUNT,
                "region": "us-west-2",
                "cluster": { "oidc_provider": ISSUER },
                "accounts": { OTHER: { "assume_role": format!("arn:aws:iam::{OTHER}:role/registry-admin") } },
            },
            "resources": {
                "data": { "aws": "s3://acme-data/inputs/" },
                "models": { "aws": "s3://acme-models" },
                "own": { "aws": repository(ACCOUNT, "team/own") },
                "other": { "aws": repository(OTHER, "team/other") },
            },
            "registries": [
                { "name": "pulled", "aws": repository(OTHER, "team/pulled") },
                { "name": "far", "aws": format!("{OTHER}.dkr.ecr.eu-west-1.amazonaws.com/team/far") },
            ],
        });
        let start = Start::new(folder.path()).config(config);
        let running = cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts");
        let world = Self { _folder: folder, running };
        let secret = world.secrets().create_secret().name("token-AbCdEf").secret_string(SECRET);
        secret.send().await.expect("a secret");
        let provider = world.iam().create_open_id_connect_provider().url(format!("https://{OTHER_ISSUER}"));
        provider.client_id_list("sts.amazonaws.com").send().await.expect("another cluster's provider");
        world.bucket_of_others().await;
        let document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": ["kinesis:GetRecords", "kinesis:GetShardIterator"], "Resource": stream() }],
        });
        let policy = world.iam().create_policy().path("/data/").policy_name("events-reader");
        policy.policy_document(document.to_string()).send().await.expect("a policy of others");
        world
    }

    /// A bucket of another account, under a key of that account.
    async fn bucket_of_others(&self) {
        let (s3, kms) = (self.s3(OTHER), self.kms(OTHER));
        let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::UsWest2).build();
        s3.create_bucket().bucket(THEIRS).create_bucket_configuration(place).send().await.expect("a bucket");
        let key = kms.create_key().send().await.expect("a key").key_metadata.and_then(|key| key.arn).expect("an ARN");
        let rule = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms);
        let rule = rule.kms_master_key_id(&key).build().expect("a rule");
        let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(rule).build();
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("rules");
        let request = s3.put_bucket_encryption().bucket(THEIRS).server_side_encryption_configuration(rules);
        request.send().await.expect("encrypted");
    }

    /// The key of that bucket.
    pub(crate) async fn key_of_others(&self) -> String {
        let answer = self.s3(OTHER).get_bucket_encryption().bucket(THEIRS).send().await.expect("how it is encrypted");
        let rules = answer.server_side_encryption_configuration.expect("a configuration").rules;
        let by_default = rules[0].apply_server_side_encryption_by_default.as_ref().expect("a rule");
        by_default.kms_master_key_id.clone().expect("a key")
    }

    pub(crate) fn section(&self, more: Value) -> Value {
        let mut section = json!({
            "region": "us-west-2",
            "account": ACCOUNT,
            "cluster": { "oidc_provider": ISSUER },
            "accounts": { OTHER: { "assume_role": format!("arn:aws:iam::{OTHER}:role/registry-admin") } },
            "endpoint": self.running.endpoint(),
            "credentials": "sandbox",
        });
        if let (Some(section), Value::Object(more)) = (section.as_object_mut(), more) {
            section.extend(more);
        }
        section
    }

    /// Somebody else's clients.
    fn clients(&self) -> Clients<'_> {
        Clients { endpoint: self.running.endpoint() }
    }

    pub(crate) fn iam(&self) -> aws_sdk_iam::Client {
        self.clients().iam()
    }

    pub(crate) fn ecr(&self, account: &str) -> aws_sdk_ecr::Client {
        self.clients().ecr(account)
    }

    pub(crate) fn s3(&self, account: &str) -> aws_sdk_s3::Client {
        self.clients().s3(account, "us-west-2")
    }

    pub(crate) fn kms(&self, account: &str) -> aws_sdk_kms::Client {
        self.clients().kms(account)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        self.clients().secrets()
    }

    /// Turns the sandbox's knobs while it runs.
    pub(crate) async fn turn(&self, knobs: &str) {
        let address = self.running.endpoint().trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("the sandbox");
        let length = knobs.len();
        let request = format!(
            "POST /_sandbox/knobs HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{knobs}"
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("answered");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
