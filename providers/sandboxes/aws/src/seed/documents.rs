//! The policy documents that are seeded: as a platform, an organization and other teams write them.

use serde_json::{Value, json};

use super::wishes::Wishes;
use crate::partition::Partition;

pub(super) const ECR_READ_ONLY: &str = "AmazonEC2ContainerRegistryReadOnly";

/// As an organization has it: its own administration is out of reach.
pub(super) const BOUNDARY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Most","Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}]}"#;

pub(super) const BYSTANDER: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Metrics","Effect":"Allow","Action":"cloudwatch:PutMetricData","Resource":"*"}]}"#;

pub(super) fn root(partition: Partition, account: &str) -> String {
    format!("arn:{}:iam::{account}:root", partition.id())
}

pub(super) fn read_only(partition: Partition) -> String {
    format!("arn:{}:iam::aws:policy/{ECR_READ_ONLY}", partition.id())
}

/// EC2's service principal, which has another name in China.
pub(super) fn ec2(partition: Partition) -> String {
    let china = partition == Partition::China;
    if china { "ec2.amazonaws.com.cn".to_owned() } else { "ec2.amazonaws.com".to_owned() }
}

pub(super) fn metadata_document(partition: Partition, organization: &str) -> String {
    let bucket = format!("arn:{}:s3:::unionai-{organization}-metadata", partition.id());
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Metadata", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": format!("{bucket}/*")},
        {"Sid": "MetadataList", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
    ]})
    .to_string()
}

/// As the platform makes it: every project's default service account, by a wildcard.
pub(super) fn task_trust(partition: Partition, wishes: &Wishes) -> Value {
    let Some(issuer) = wishes.issuers.first() else { return service_trust(&ec2(partition)) };
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:{}:iam::{}:oidc-provider/{issuer}", partition.id(), wishes.account)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {format!("{issuer}:aud"): wishes.audience},
            "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:*:default"},
        },
    }]})
}

pub(super) fn service_trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]})
}
