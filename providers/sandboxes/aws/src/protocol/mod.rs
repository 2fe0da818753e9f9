//! The two wire protocols: awsQuery with XML answers for IAM and STS, JSON 1.1 for ECR and Secrets Manager. What both
//! have: answers, errors, and lists in pages.

pub(crate) mod answers;
pub(crate) mod errors;
pub(crate) mod json;
pub(crate) mod paging;
pub(crate) mod pretty;
pub(crate) mod query;
pub(crate) mod xml;
