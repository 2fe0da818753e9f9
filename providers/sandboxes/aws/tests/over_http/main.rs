//! The sandbox as programs see it: raw requests over HTTP.

mod accounts;
mod client;
mod commands;
mod faults;
mod iam;
mod principals;

use std::path::Path;

use client::{Client, Reply};
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const SERVICE_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;

fn manifest() -> serde_json::Value {
    json!({
        "platform": {"organization": "acme"},
        "aws": {
            "region": "us-west-2",
            "account": ACCOUNT,
            "cluster": {"oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"},
            "accounts": {OTHER: {"assume_role": "arn:aws:iam::444455556666:role/registry-admin"}},
        },
        "resources": {"token": {"aws": "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf"}},
        "registries": [{"name": "images", "aws": "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer"}],
    })
}

async fn serve(folder: &Path, knobs: &str) -> Running {
    let start = Start::new(folder).config(manifest()).knobs(knobs.parse().expect("valid knobs"));
    cloudgrant_aws_sandbox::start(start).await.expect("the sandbox starts")
}

/// Serves from an empty folder and runs a test against it in a thread that may block.
fn with_sandbox(knobs: &str, test: impl FnOnce(&str) + Send + 'static) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let running = runtime.block_on(serve(folder.path(), knobs));
    test(running.endpoint());
    runtime.block_on(running.stop());
}

fn create_role(client: &mut Client, name: &str, trust: &str) -> Reply {
    client.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", trust)])
}

fn assume(client: &mut Client, endpoint: &str, role: &str) -> Client {
    let reply = client.sts("AssumeRole", &[("RoleArn", role), ("RoleSessionName", "test")]).ok();
    let key = reply.element("AccessKeyId").expect("a key");
    Client::with_key(endpoint, key, reply.element("SessionToken"))
}
