//! ECR repository policies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parse::parse;
use super::principals::{self, Problem};
use super::statement::{statements, texts};
use super::trust::rename;
use crate::protocol::errors::ApiError;
use crate::protocol::pretty::pretty;
use crate::state::State;
use crate::state::model::Document;

/// Checks a repository policy, resolves the roles that it names, and writes it as ECR shows it.
pub(crate) fn check(state: &State, text: &str) -> Result<Document, ApiError> {
    let malformed = || invalid("Invalid repository policy provided");
    let document = parse(text).ok_or_else(malformed)?;
    if !matches!(document.get("Version").map(Value::as_str), None | Some(Some("2012-10-17" | "2008-10-17"))) {
        return Err(malformed());
    }
    let (mut resolved, mut renamed) = (BTreeMap::new(), BTreeMap::new());
    for statement in statements(&document).map_err(|_| malformed())? {
        // The repository itself is the resource, so none may be named.
        if statement.contains_key("Resource") || statement.contains_key("NotResource") {
            return Err(malformed());
        }
        let actions =
            statement.get("Action").or_else(|| statement.get("NotAction")).and_then(texts).unwrap_or_default();
        if !actions.iter().all(|action| *action == "*" || action.to_ascii_lowercase().starts_with("ecr:")) {
            return Err(malformed());
        }
        let principal = statement.get("Principal").or_else(|| statement.get("NotPrincipal")).ok_or_else(malformed)?;
        principals::check(state, principal, &mut resolved, &mut renamed).map_err(|problem| match problem {
            Problem::Syntax => malformed(),
            // Source: terraform-provider-aws, issues 1164 and 26622 (the older words), 39064 (the newer ones).
            Problem::Unknown { .. } if state.older_wording => malformed(),
            Problem::Unknown { .. } => invalid("Principal not found"),
        })?;
    }
    Ok(Document { text: rename(&pretty(&document), &renamed), principals: resolved })
}

fn invalid(constraint: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterException",
        400,
        format!("Invalid parameter at 'PolicyText' failed to satisfy constraint: '{constraint}'"),
    )
}
