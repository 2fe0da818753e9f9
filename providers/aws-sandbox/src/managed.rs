//! The few policies of AWS's own that the sandbox offers. Source: AWS managed policy reference guide.

use std::collections::BTreeMap;

use crate::model::{Policy, Tags, Version};
use crate::partition::Partition;

/// The account that AWS's own policies are written under.
pub(crate) const OWNER: &str = "aws";

const ECR_READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]}"#;
const S3_READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#;

/// AWS's own policies, by ARN.
pub(crate) fn policies(partition: Partition) -> BTreeMap<String, Policy> {
    let policies = [
        ("AmazonEC2ContainerRegistryReadOnly", "ANPAZKAPJZG4IVNDAX7FM", ECR_READ_ONLY, 1_450_720_924_000),
        ("AmazonS3ReadOnlyAccess", "ANPAIZTJ4DXE7G6AGAE6M", S3_READ_ONLY, 1_423_248_019_000),
    ];
    policies
        .into_iter()
        .map(|(name, id, document, created)| {
            let policy = Policy {
                partition,
                account: OWNER.to_owned(),
                name: name.to_owned(),
                path: "/".to_owned(),
                id: id.to_owned(),
                description: Some(format!("{name}, as AWS offers it.")),
                created,
                updated: created,
                default_version: 1,
                last_version: 1,
                versions: BTreeMap::from([(1, Version { document: document.to_owned(), created })]),
                tags: Tags::new(),
            };
            (policy.arn(), policy)
        })
        .collect()
}
