//! Who a document names, and whether AWS knows them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::statement::{SYNTAX, texts};
use crate::server::auth::{self, is_account};
use crate::state::{State, iam_arn};

/// What is wrong with a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The element has no shape that AWS knows.
    Syntax,
    /// A principal that does not exist, or is not known yet: its type as AWS writes it, and the value.
    Unknown {
        /// `AWS`, `SERVICE` or `FEDERATED`.
        kind: String,
        /// As it was sent.
        value: String,
    },
}

/// Checks the `Principal` of one statement. Roles that it names go to `resolved` with their unique ids, and unique ids
/// of roles go to `renamed` with the ARNs that AWS replaces them by.
pub(crate) fn check(
    state: &State,
    principal: &Value,
    resolved: &mut BTreeMap<String, String>,
    renamed: &mut BTreeMap<String, String>,
) -> Result<(), Problem> {
    if principal.as_str() == Some("*") {
        return Ok(());
    }
    let kinds = principal.as_object().filter(|kinds| !kinds.is_empty()).ok_or(Problem::Syntax)?;
    for (kind, values) in kinds {
        for value in texts(values).filter(|values| !values.is_empty()).ok_or(Problem::Syntax)? {
            let known = match kind.as_str() {
                "AWS" => aws(state, value, resolved, renamed),
                "Service" => service(value),
                // AWS does not look whether a provider exists.
                "Federated" => !value.is_empty(),
                "CanonicalUser" => value.len() == 64,
                _ => return Err(Problem::Syntax),
            };
            if !known {
                let kind = if kind == "AWS" { kind.clone() } else { kind.to_uppercase() };
                return Err(Problem::Unknown { kind, value: value.to_owned() });
            }
        }
    }
    Ok(())
}

fn aws(
    state: &State,
    value: &str,
    resolved: &mut BTreeMap<String, String>,
    renamed: &mut BTreeMap<String, String>,
) -> bool {
    if value == "*" || is_account(value) {
        return true;
    }
    if value.starts_with("AROA") {
        let Some(role) = state.role_by_id(value).filter(|role| state.is_replicated(role)) else { return false };
        resolved.insert(role.arn(), role.id.clone());
        renamed.insert(value.to_owned(), role.arn());
        return true;
    }
    if let Some(["sts", "", account, rest]) = state.partition.split(value) {
        // The session itself need not exist, but its role must.
        let role = rest.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')).map(|(role, _)| role);
        return match role {
            Some(role) => state.accounts.get(account).is_some_and(|account| account.role(role).is_some()),
            None => is_account(account) && rest.starts_with("federated-user/"),
        };
    }
    let Some((account, resource)) = iam_arn(state.partition, value).filter(|(account, _)| is_account(account)) else {
        return false;
    };
    if resource == "root" {
        return true;
    }
    if resource.starts_with("role/") {
        // Names are compared exactly here, unlike elsewhere in IAM.
        let Some(role) = state.role_by_arn(value).filter(|role| state.is_replicated(role)) else { return false };
        resolved.insert(value.to_owned(), role.id.clone());
        return true;
    }
    value == auth::user_arn(state.partition, account)
}

/// A service principal looks like `ec2.amazonaws.com`, or has a region or another partition in it.
fn service(value: &str) -> bool {
    let name = value.strip_suffix(".amazonaws.com.cn").or_else(|| value.strip_suffix(".amazonaws.com"));
    let name = name.or_else(|| value.strip_suffix(".aws.internal")).or_else(|| value.strip_suffix(".aws.com"));
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    })
}

impl Problem {
    /// How IAM says it.
    pub(crate) fn iam(&self) -> String {
        match self {
            Self::Syntax => SYNTAX.to_owned(),
            Self::Unknown { kind, value } => format!("Invalid principal in policy: \"{kind}\":\"{value}\""),
        }
    }
}
