//! KMS key policies.

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::wildcard::matches;
use serde_json::Value;

use super::parse::parse;
use super::principals;
use super::statement::{statements, texts};
use super::trust::{names_caller, rename};
use crate::protocol::errors::ApiError;
use crate::protocol::pretty::pretty;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::Document;

/// The most bytes of a key policy. Source: AWS KMS developer guide, "Resource quotas": 32 KB.
const LARGEST: usize = 32 * 1024;

/// Checks a key policy, resolves the roles that it names, and writes it as KMS shows it. `locks_out` says whether a policy
/// that keeps its writer from writing the next one is taken.
pub(crate) fn check(state: &State, caller: &Caller, text: &str, locks_out: bool) -> Result<Document, ApiError> {
    if text.len() > LARGEST {
        return Err(ApiError::new("LimitExceededException", 400, "The key policy document exceeds the size limit."));
    }
    let document = parse(text).ok_or_else(|| malformed("This policy contains invalid Json"))?;
    if !matches!(document.get("Version").map(Value::as_str), None | Some(Some("2012-10-17" | "2008-10-17"))) {
        return Err(malformed("Invalid policy version"));
    }
    let (mut resolved, mut renamed) = (BTreeMap::new(), BTreeMap::new());
    let mut is_kept = locks_out;
    for statement in statements(&document).map_err(malformed)? {
        let principal =
            statement.get("Principal").ok_or_else(|| malformed("Policy contains a statement with no principal."))?;
        principals::check(state, principal, &mut resolved, &mut renamed)
            .map_err(|_| malformed("Policy contains a statement with one or more invalid principals."))?;
        if statement.get("Resource").and_then(texts).is_none_or(|resources| resources.is_empty()) {
            return Err(malformed("Policy contains a statement with no resource."));
        }
        let actions = statement.get("Action").and_then(texts).unwrap_or_default();
        is_kept |= statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && actions.iter().any(|action| matches(action, "kms:PutKeyPolicy"))
            && names_caller(statement, caller);
    }
    if !is_kept {
        return Err(malformed("The new key policy will not allow you to update the key policy in the future."));
    }
    Ok(Document { text: rename(&pretty(&document), &renamed), principals: resolved })
}

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("MalformedPolicyDocumentException", 400, message)
}
