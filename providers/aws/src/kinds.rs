//! The kinds of objects, and the names by which they refer to each other.

use cloudgrant_core::ObjectId;

use crate::locator::Repository;

pub(crate) const POLICY: &str = "iam-policy";
pub(crate) const ROLE: &str = "iam-role";
pub(crate) const ATTACHMENT: &str = "iam-role-attachment";
pub(crate) const STATEMENT: &str = "ecr-policy-statement";
pub(crate) const BINDING: &str = "platform-binding";

pub(crate) fn policy(name: &str) -> ObjectId {
    ObjectId::new(POLICY, name)
}

pub(crate) fn role(name: &str) -> ObjectId {
    ObjectId::new(ROLE, name)
}

/// Neither name can have a slash.
pub(crate) fn attachment(role: &str, policy: &str) -> ObjectId {
    ObjectId::new(ATTACHMENT, format!("{role}/{policy}"))
}

pub(crate) fn statement(repository: &Repository, sid: &str) -> ObjectId {
    ObjectId::new(STATEMENT, format!("{}#{sid}", repository.arn()))
}
