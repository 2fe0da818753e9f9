//! The policies of AWS's own that the sandbox offers: those that people reach for when they attach one by hand, or bound a
//! role with. Nobody can change or delete them.
//!
//! Source: AWS managed policy reference guide. The longest are in short here: they allow the same kinds of actions of fewer
//! services.

use std::collections::BTreeMap;

use crate::partition::Partition;
use crate::state::model::{Policy, Tags, Version};

/// The account that AWS's own policies are written under.
pub(crate) const OWNER: &str = "aws";

const ECR_READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings"],"Resource":"*"}]}"#;
const S3_READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#;

const ECR_POWER_USER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","ecr:DescribeImageScanFindings","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload","ecr:PutImage"],"Resource":"*"}]}"#;
const ECR_FULL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:*","cloudtrail:LookupEvents"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole"],"Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":["replication.ecr.amazonaws.com"]}}}]}"#;
const ECR_PULL_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","ecr:BatchImportUpstreamImage"],"Resource":"*"}]}"#;
const S3_FULL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#;
const ADMINISTRATOR: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const POWER_USER: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}]}"#;
const READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"ReadOnlyActions","Effect":"Allow","Action":["ec2:Describe*","ec2:Get*","ecr:BatchCheck*","ecr:BatchGet*","ecr:Describe*","ecr:Get*","ecr:List*","eks:Describe*","eks:List*","iam:Generate*","iam:Get*","iam:List*","iam:Simulate*","kms:Describe*","kms:Get*","kms:List*","s3:DescribeJob","s3:Get*","s3:List*","secretsmanager:Describe*","secretsmanager:GetResourcePolicy","secretsmanager:List*","sts:GetAccessKeyInfo","sts:GetCallerIdentity","sts:GetSessionToken"],"Resource":"*"}]}"#;
const VIEW_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"ViewOnlyActions","Effect":"Allow","Action":["ec2:Describe*","ecr:DescribeRepositories","ecr:ListImages","eks:ListClusters","iam:Get*","iam:List*","kms:ListAliases","kms:ListKeys","s3:ListAllMyBuckets","s3:ListBucket","secretsmanager:ListSecrets"],"Resource":"*"}]}"#;
const SECURITY_AUDIT: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"BaseSecurityAuditStatement","Effect":"Allow","Action":["ec2:Describe*","ecr:DescribeRepositories","ecr:GetRepositoryPolicy","eks:DescribeCluster","eks:ListClusters","iam:GenerateCredentialReport","iam:Get*","iam:List*","iam:SimulatePrincipalPolicy","kms:Describe*","kms:GetKeyPolicy","kms:List*","s3:GetBucket*","s3:GetEncryptionConfiguration","s3:ListAllMyBuckets","secretsmanager:DescribeSecret","secretsmanager:GetResourcePolicy","secretsmanager:ListSecrets"],"Resource":"*"}]}"#;
const IAM_FULL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}"#;
const IAM_READ_ONLY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#;
const SECRETS_READ_WRITE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"BasePermissions","Effect":"Allow","Action":["secretsmanager:*","cloudformation:CreateChangeSet","cloudformation:DescribeChangeSet","cloudformation:DescribeStackResource","cloudformation:DescribeStacks","cloudformation:ExecuteChangeSet","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcs","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions","rds:DescribeDBClusters","rds:DescribeDBInstances","tag:GetResources"],"Resource":"*"}]}"#;
const CLOUDWATCH_AGENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:PutMetricData","ec2:DescribeVolumes","ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy","logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup"],"Resource":"*"}]}"#;
const SSM_CORE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:DescribeAssociation","ssm:GetDeployablePatchSnapshotForInstance","ssm:GetDocument","ssm:DescribeDocument","ssm:GetManifest","ssm:GetParameter","ssm:GetParameters","ssm:ListAssociations","ssm:ListInstanceAssociations","ssm:PutInventory","ssm:PutComplianceItems","ssm:UpdateInstanceInformation"],"Resource":"*"},{"Effect":"Allow","Action":["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],"Resource":"*"}]}"#;
const EKS_WORKER_NODE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"WorkerNodePermissions","Effect":"Allow","Action":["ec2:DescribeInstances","ec2:DescribeInstanceTypes","ec2:DescribeRouteTables","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVolumes","ec2:DescribeVpcs","eks:DescribeCluster","eks-auth:AssumeRoleForPodIdentity"],"Resource":"*"}]}"#;

/// Name, path, document, and since when there is one of that name.
const TABLE: &[(&str, &str, &str, u64)] = &[
    ("AdministratorAccess", "/", ADMINISTRATOR, 1_423_247_986_000),
    ("AmazonEC2ContainerRegistryFullAccess", "/", ECR_FULL, 1_450_717_708_000),
    ("AmazonEC2ContainerRegistryPowerUser", "/", ECR_POWER_USER, 1_450_717_945_000),
    ("AmazonEC2ContainerRegistryPullOnly", "/", ECR_PULL_ONLY, 1_728_597_600_000),
    ("AmazonEC2ContainerRegistryReadOnly", "/", ECR_READ_ONLY, 1_450_720_924_000),
    ("AmazonEKSWorkerNodePolicy", "/", EKS_WORKER_NODE, 1_527_457_741_000),
    ("AmazonS3FullAccess", "/", S3_FULL, 1_423_248_018_000),
    ("AmazonS3ReadOnlyAccess", "/", S3_READ_ONLY, 1_423_248_019_000),
    ("AmazonSSMManagedInstanceCore", "/", SSM_CORE, 1_552_671_062_000),
    ("CloudWatchAgentServerPolicy", "/", CLOUDWATCH_AGENT, 1_520_384_284_000),
    ("IAMFullAccess", "/", IAM_FULL, 1_423_247_998_000),
    ("IAMReadOnlyAccess", "/", IAM_READ_ONLY, 1_423_247_999_000),
    ("PowerUserAccess", "/", POWER_USER, 1_423_247_987_000),
    ("ReadOnlyAccess", "/", READ_ONLY, 1_423_247_988_000),
    ("SecretsManagerReadWrite", "/", SECRETS_READ_WRITE, 1_522_866_270_000),
    ("SecurityAudit", "/", SECURITY_AUDIT, 1_423_248_061_000),
    ("ViewOnlyAccess", "/job-function/", VIEW_ONLY, 1_478_795_116_000),
];

/// AWS's own policies, by ARN.
pub(crate) fn policies(partition: Partition) -> BTreeMap<String, Policy> {
    let policy = |(at, (name, path, document, created)): (usize, &(&str, &str, &str, u64))| {
        let policy = Policy {
            partition,
            account: OWNER.to_owned(),
            name: (*name).to_owned(),
            path: (*path).to_owned(),
            // Of no meaning, and none of AWS's.
            id: format!("ANPASANDBOX0AWS{at:06}"),
            description: Some(format!("{name}, as AWS offers it.")),
            created: *created,
            updated: *created,
            default_version: 1,
            last_version: 1,
            versions: BTreeMap::from([(1, Version { document: (*document).to_owned(), created: *created })]),
            tags: Tags::new(),
        };
        (policy.arn(), policy)
    };
    TABLE.iter().enumerate().map(policy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::policy::identity;

    #[test]
    fn each_is_there_in_every_partition_with_a_document_that_iam_takes() {
        for (partition, id) in
            [(Partition::Commercial, "aws"), (Partition::China, "aws-cn"), (Partition::GovCloud, "aws-us-gov")]
        {
            let policies = policies(partition);
            assert_eq!(policies.len(), TABLE.len());
            assert!(policies.contains_key(&format!("arn:{id}:iam::aws:policy/AdministratorAccess")));
            assert!(policies.contains_key(&format!("arn:{id}:iam::aws:policy/job-function/ViewOnlyAccess")));
            for policy in policies.values() {
                let checked = identity::check(&policy.versions[&1].document, partition);
                assert_eq!(checked.map_err(|error| format!("{}: {error}", policy.name)), Ok(()));
            }
        }
    }
}
