//! The two wire protocols: awsQuery with XML answers for IAM and STS, JSON 1.1 for ECR and Secrets Manager.

pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod xml;
