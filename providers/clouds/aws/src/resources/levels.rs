//! The table from (resource kind, level) to the exact actions.
//!
//! Source: the Service Authorization Reference for Amazon S3, AWS KMS, AWS Secrets Manager and Amazon ECR;
//! requirements 28, 31 and 38.

use cloudgrant_core::{Access, Capabilities, ResourceKind, ScopeKind};

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(&ScopeKind::ALL, "")
    .task_access(&[
        (ResourceKind::ObjectStore, &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage]),
        (ResourceKind::Secret, &[Access::Read]),
        (ResourceKind::Registry, &[Access::Pull, Access::Push]),
    ])
    .registry(&[Access::Pull]);

/// Whether a level includes seeing which objects there are. `s3:ListBucket` is for the bucket's own ARN.
pub(crate) fn lists(access: Access) -> bool {
    match access {
        Access::List | Access::Read | Access::ReadWrite | Access::Manage => true,
        Access::Write | Access::Pull | Access::Push => false,
    }
}

/// Whether a level includes reading what is there, whoever wrote it and whenever.
pub(crate) fn reads(access: Access) -> bool {
    match access {
        Access::Read | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Write | Access::Pull | Access::Push => false,
    }
}

/// Whether a level includes writing objects.
pub(crate) fn writes(access: Access) -> bool {
    match access {
        Access::Write | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Read | Access::Pull | Access::Push => false,
    }
}

/// What a level allows on objects.
pub(crate) fn on_objects(access: Access) -> &'static [&'static str] {
    match access {
        Access::Read => &["s3:GetObject"],
        // Whoever begins an upload of several parts ends it, one way or the other: parts that nobody takes back are paid for.
        Access::Write => &["s3:AbortMultipartUpload", "s3:PutObject"],
        Access::ReadWrite => {
            &["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        }
        Access::Manage => &[
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        Access::List | Access::Pull | Access::Push => &[],
    }
}

/// What a level needs of the customer-managed key that encrypts a bucket. Uploads of several parts decrypt what they
/// uploaded. Source: Amazon S3 user guide, "Multipart upload API and permissions".
pub(crate) fn on_key(access: Access) -> &'static [&'static str] {
    match access {
        Access::Read => &[DECRYPT],
        Access::Write | Access::ReadWrite | Access::Manage => &[DECRYPT, "kms:GenerateDataKey"],
        Access::List | Access::Pull | Access::Push => &[],
    }
}

/// Pulling images from one repository (requirement 31).
pub(crate) const PULL: [&str; 3] =
    ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// Pushing images to one repository, and pulling them. Source: Amazon ECR user guide, "IAM permissions for pushing
/// an image".
pub(crate) const PUSH: [&str; 7] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];

/// What a level allows on one repository.
pub(crate) fn on_repository(access: Access) -> &'static [&'static str] {
    match access {
        Access::Pull => &PULL,
        Access::Push => &PUSH,
        Access::List | Access::Read | Access::Write | Access::ReadWrite | Access::Manage => &[],
    }
}

/// The token for `docker login`: it can't be narrowed to a repository.
pub(crate) const LOGIN: &str = "ecr:GetAuthorizationToken";

/// Reading a secret's value (requirement 38).
pub(crate) const READ_SECRET: &str = "secretsmanager:GetSecretValue";

/// Seeing which objects there are.
pub(crate) const LIST_OBJECTS: &str = "s3:ListBucket";

/// Decrypting what was encrypted under a customer-managed key (requirement 37).
pub(crate) const DECRYPT: &str = "kms:Decrypt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_as_documents_have_them() {
        for level in [Access::Read, Access::Write, Access::ReadWrite, Access::Manage, Access::Pull, Access::Push] {
            for actions in [on_objects(level), on_repository(level), on_key(level)] {
                assert!(actions.is_sorted(), "{level}: {actions:?}");
            }
        }
    }
}
