//! What the sandbox says that it answers of the AWS CLI's commands: each is one of a service that is there.

use serde_json::json;

use crate::client::Client;
use crate::{ACCOUNT, serve};

#[test]
fn every_service_whose_commands_are_printed_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let running = runtime.block_on(serve(folder.path(), ""));
    let mut client = Client::new(running.endpoint(), ACCOUNT);
    assert!(!running.commands().is_empty());
    for command in running.commands() {
        let reply = match *command {
            "aws ecr" => client.ecr("DescribeRepositories", json!({})),
            "aws eks" => client.clusters(),
            "aws iam" => client.iam("ListRoles", &[]),
            "aws kms" => client.kms("ListKeys", json!({})),
            "aws s3api" => client.buckets(),
            "aws secretsmanager" => client.secrets("ListSecrets", json!({})),
            "aws sts" => client.sts("GetCallerIdentity", &[]),
            other => panic!("nothing is known of `{other}`: ask its service here"),
        };
        assert_eq!(reply.status, 200, "{command}: {}", reply.body);
    }
    runtime.block_on(running.stop());
}
