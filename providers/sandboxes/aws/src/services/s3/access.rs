//! Who owns what others write into a bucket, and what S3 does about public policies.
//!
//! Source: Amazon S3 user guide, "Controlling ownership of objects" and "Blocking public access to your Amazon S3 storage".

use http::Method;
use serde_json::Value;

use super::{Body, NAMESPACE, between, malformed};
use crate::authorization::policy::statement::texts;
use crate::protocol::errors::{Answer, ApiError};
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{Bucket, PublicAccess};

/// The owner of the bucket owns all that is in it. Source: as above, "Default settings for new S3 buckets FAQ".
pub(super) const ENFORCED: &str = "BucketOwnerEnforced";

const OWNERSHIPS: [&str; 3] = [ENFORCED, "BucketOwnerPreferred", "ObjectWriter"];

/// All of it is on for new buckets.
pub(super) const NEW: PublicAccess = PublicAccess { blocks: true, restricts: true };

/// The operation on one of these settings, and the permission for it.
pub(super) fn operation(method: &Method, sub: &str) -> Option<(&'static str, &'static str)> {
    Some(match (method, sub) {
        (&Method::GET, "ownershipControls") => ("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls"),
        (&Method::PUT, "ownershipControls") => ("PutBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        (&Method::DELETE, "ownershipControls") => ("DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls"),
        (&Method::GET, "policyStatus") => ("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus"),
        (&Method::GET, "publicAccessBlock") => ("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        (&Method::PUT, "publicAccessBlock") => ("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        (&Method::DELETE, "publicAccessBlock") => ("DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        _ => return None,
    })
}

pub(super) fn call(state: &mut State, mut bucket: Bucket, operation: &str, body: &str) -> Answer<Body> {
    match operation {
        "GetBucketOwnershipControls" => {
            let ownership = bucket.ownership.as_ref().ok_or_else(|| {
                let message = "The bucket ownership controls were not found";
                ApiError::new("OwnershipControlsNotFoundError", 404, message)
            })?;
            Ok(answer("OwnershipControls", &format!("<Rule><ObjectOwnership>{ownership}</ObjectOwnership></Rule>")))
        }
        "PutBucketOwnershipControls" => {
            let ownership = between(body, "ObjectOwnership").filter(|ownership| OWNERSHIPS.contains(ownership));
            bucket.ownership = Some(ownership.ok_or_else(malformed)?.to_owned());
            state.save_bucket(bucket).map(|()| Body::Xml(String::new()))
        }
        "DeleteBucketOwnershipControls" => {
            bucket.ownership = None;
            state.save_bucket(bucket).map(|()| Body::Nothing)
        }
        "GetBucketPolicyStatus" => {
            let policy = bucket
                .policy
                .as_ref()
                .ok_or_else(|| ApiError::new("NoSuchBucketPolicy", 404, "The bucket policy does not exist"))?;
            Ok(answer("PolicyStatus", &format!("<IsPublic>{}</IsPublic>", is_public(&policy.text))))
        }
        "GetPublicAccessBlock" => {
            let PublicAccess { blocks, restricts } = bucket.public_access.ok_or_else(|| {
                let message = "The public access block configuration was not found";
                ApiError::new("NoSuchPublicAccessBlockConfiguration", 404, message)
            })?;
            let settings = [("BlockPublicPolicy", blocks), ("RestrictPublicBuckets", restricts)];
            let settings = settings.map(|(name, is_on)| format!("<{name}>{is_on}</{name}>"));
            Ok(answer("PublicAccessBlockConfiguration", &settings.concat()))
        }
        "PutPublicAccessBlock" => {
            let is_on = |name| between(body, name) == Some("true");
            bucket.public_access =
                Some(PublicAccess { blocks: is_on("BlockPublicPolicy"), restricts: is_on("RestrictPublicBuckets") });
            state.save_bucket(bucket).map(|()| Body::Xml(String::new()))
        }
        _ => {
            bucket.public_access = None;
            state.save_bucket(bucket).map(|()| Body::Nothing)
        }
    }
}

fn answer(element: &str, inside: &str) -> Body {
    Body::Xml(format!("<{element} xmlns=\"{NAMESPACE}\">{inside}</{element}>"))
}

/// Refuses a public policy where the bucket blocks those.
pub(super) fn check(bucket: &Bucket, caller: &Caller, policy: &str) -> Answer<()> {
    if bucket.public_access.is_some_and(|access| access.blocks) && is_public(policy) {
        let message = format!(
            "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public policies are \
             prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            caller.arn,
            bucket.arn()
        );
        return Err(ApiError::new("AccessDenied", 403, message));
    }
    Ok(())
}

/// Whether a policy allows everybody something. Conditions with fixed values make it not public; here, any condition does.
fn is_public(policy: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        one => std::slice::from_ref(one),
    };
    statements.iter().any(|statement| {
        let principal = &statement["Principal"];
        let named = principal.get("AWS").and_then(texts).unwrap_or_default();
        statement["Effect"] == "Allow"
            && statement.get("Condition").is_none()
            && (*principal == "*" || named.contains(&"*"))
    })
}
