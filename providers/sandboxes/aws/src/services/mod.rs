//! The services, one file or folder each.

pub(crate) mod ecr;
pub(crate) mod eks;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod s3;
pub(crate) mod secretsmanager;
pub(crate) mod sts;
