//! S3 bucket policies.

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::wildcard::matches;
use serde_json::{Map, Value};

use super::parse::parse;
use super::principals::{self, Problem};
use super::statement::{statements, texts};
use super::trust::rename;
use crate::protocol::errors::ApiError;
use crate::state::State;
use crate::state::model::Document;

/// The most bytes of a bucket policy. Source: Amazon S3 user guide, "Bucket policies and user policies": 20 KB.
const LARGEST: usize = 20 * 1024;

/// Checks a bucket policy, resolves the roles that it names, and writes it as S3 shows it.
pub(crate) fn check(state: &State, bucket: &str, text: &str) -> Result<Document, ApiError> {
    if text.len() > LARGEST {
        return Err(ApiError::new("PolicyTooLarge", 400, "Policy exceeds the maximum allowed document size."));
    }
    if !text.trim_start().starts_with('{') {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'"));
    }
    let document = parse(text).ok_or_else(|| malformed("This policy contains invalid Json"))?;
    if !matches!(document.get("Version").map(Value::as_str), None | Some(Some("2012-10-17" | "2008-10-17"))) {
        return Err(malformed("The policy must contain a valid version string"));
    }
    let (mut resolved, mut renamed) = (BTreeMap::new(), BTreeMap::new());
    for statement in statements(&document).map_err(malformed)? {
        let principal = statement
            .get("Principal")
            .or_else(|| statement.get("NotPrincipal"))
            .ok_or_else(|| malformed("Missing required field Principal"))?;
        principals::check(state, principal, &mut resolved, &mut renamed).map_err(|problem| match problem {
            Problem::Syntax => malformed("Invalid policy syntax."),
            Problem::Unknown { .. } => malformed("Invalid principal in policy"),
        })?;
        resources(statement, &format!("arn:{}:s3:::{bucket}", state.partition.id()))?;
    }
    Ok(Document { text: rename(&document.to_string(), &renamed), principals: resolved })
}

/// Each resource is the bucket or in it, and each action is for one of them.
fn resources(statement: &Map<String, Value>, arn: &str) -> Result<(), ApiError> {
    let listed = statement.get("Resource").or_else(|| statement.get("NotResource"));
    let listed = listed.and_then(texts).ok_or_else(|| malformed("Missing required field Resource"))?;
    let is_within = |resource: &&str| {
        *resource == "*" || *resource == arn || resource.strip_prefix(arn).is_some_and(|rest| rest.starts_with('/'))
    };
    if !listed.iter().all(is_within) {
        return Err(malformed("Policy has invalid resource"));
    }
    let any_bucket = listed.iter().any(|resource| !resource.contains('/'));
    let any_object = listed.iter().any(|resource| resource.contains('/') || *resource == "*");
    for action in statement.get("Action").and_then(texts).unwrap_or_default() {
        if action == "*" {
            continue;
        }
        let Some(name) = action.split_once(':').filter(|(service, _)| service.eq_ignore_ascii_case("s3")) else {
            return Err(malformed("Policy has invalid action"));
        };
        let applies = |known: &&str| matches(name.1, known);
        let (on_bucket, on_object) = (ON_BUCKETS.iter().any(&applies), ON_OBJECTS.iter().any(applies));
        if !on_bucket && !on_object {
            return Err(malformed("Policy has invalid action"));
        }
        if !(on_bucket && any_bucket || on_object && any_object) {
            return Err(malformed("Action does not apply to any resource(s) in statement"));
        }
    }
    Ok(())
}

/// Those actions that people put into bucket policies. Source: Service Authorization Reference, Amazon S3.
const ON_BUCKETS: [&str; 12] = [
    "DeleteBucket",
    "DeleteBucketPolicy",
    "GetBucketAcl",
    "GetBucketLocation",
    "GetBucketPolicy",
    "GetBucketVersioning",
    "GetEncryptionConfiguration",
    "GetLifecycleConfiguration",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "PutBucketPolicy",
];
const ON_OBJECTS: [&str; 14] = [
    "AbortMultipartUpload",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectTagging",
    "GetObjectVersion",
    "ListMultipartUploadParts",
    "PutObject",
    "PutObjectAcl",
    "PutObjectTagging",
    "RestoreObject",
];

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("MalformedPolicy", 400, message)
}
