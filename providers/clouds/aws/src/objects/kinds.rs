//! The kinds of objects, and the names by which they refer to each other.

use cloudgrant_core::ObjectId;

use crate::resources::kinds::repository::Repository;

pub(crate) const POLICY: &str = "iam-policy";
pub(crate) const ROLE: &str = "iam-role";
pub(crate) const ATTACHMENT: &str = "iam-role-attachment";
pub(crate) const STATEMENT: &str = "ecr-policy-statement";
pub(crate) const BUCKET_STATEMENT: &str = "s3-policy-statement";
pub(crate) const KEY_STATEMENT: &str = "kms-key-policy-statement";
/// In the policy of a resource of another account, for somebody else to add.
pub(crate) const RESOURCE_STATEMENT: &str = "resource-policy-statement";
pub(crate) const PULL_THROUGH: &str = "ecr-pull-through";
pub(crate) const ASSOCIATION: &str = "eks-pod-identity-association";

pub(crate) fn policy(name: &str) -> ObjectId {
    ObjectId::new(POLICY, name)
}

pub(crate) fn role(name: &str) -> ObjectId {
    ObjectId::new(ROLE, name)
}

/// The name in a policy's ARN, behind its path.
pub(crate) fn policy_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Neither name can have a slash.
pub(crate) fn attachment(role: &str, policy: &str) -> ObjectId {
    ObjectId::new(ATTACHMENT, format!("{role}/{policy}"))
}

pub(crate) fn statement(repository: &Repository, sid: &str) -> ObjectId {
    ObjectId::new(STATEMENT, format!("{}#{sid}", repository.arn()))
}

/// None of the names has a slash.
pub(crate) fn association(cluster: &str, namespace: &str, service_account: &str) -> ObjectId {
    ObjectId::new(ASSOCIATION, format!("{cluster}/{namespace}/{service_account}"))
}

pub(crate) fn pull_through(repository: &Repository) -> ObjectId {
    ObjectId::new(PULL_THROUGH, repository.arn())
}

pub(crate) fn bucket_statement(bucket: &str, sid: &str) -> ObjectId {
    ObjectId::new(BUCKET_STATEMENT, format!("{bucket}#{sid}"))
}

pub(crate) fn key_statement(key: &str, sid: &str) -> ObjectId {
    ObjectId::new(KEY_STATEMENT, format!("{key}#{sid}"))
}

pub(crate) fn resource_statement(arn: &str, sid: &str) -> ObjectId {
    ObjectId::new(RESOURCE_STATEMENT, format!("{arn}#{sid}"))
}
