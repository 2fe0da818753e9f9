//! What statements of all kinds of documents have in common.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Why a document is refused, in AWS's words.
pub(crate) type Refusal = String;

/// What AWS says to most shapes that it does not know.
pub(crate) const SYNTAX: &str = "Syntax errors in policy.";

/// A document's statements, after its own elements were checked. `Version` is left to the caller: what is accepted
/// differs between kinds of documents.
pub(crate) fn statements(document: &Value) -> Result<Vec<&Map<String, Value>>, Refusal> {
    let document = document.as_object().ok_or(SYNTAX)?;
    if !document.keys().all(|key| matches!(key.as_str(), "Version" | "Id" | "Statement")) {
        return Err(SYNTAX.to_owned());
    }
    if document.get("Id").is_some_and(|id| !id.is_string()) {
        return Err(SYNTAX.to_owned());
    }
    let statements: Vec<&Map<String, Value>> = match document.get("Statement") {
        Some(Value::Object(statement)) => vec![statement],
        Some(Value::Array(list)) => list.iter().map(Value::as_object).collect::<Option<_>>().ok_or(SYNTAX)?,
        _ => return Err(SYNTAX.to_owned()),
    };
    if statements.is_empty() {
        return Err(SYNTAX.to_owned());
    }
    let mut sids = BTreeSet::new();
    for statement in &statements {
        common(statement)?;
        // An empty Sid is as good as none.
        if let Some(sid) = statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty())
            && !sids.insert(sid)
        {
            return Err("Statement IDs (SID) in a single policy must be unique.".to_owned());
        }
    }
    Ok(statements)
}

fn common(statement: &Map<String, Value>) -> Result<(), Refusal> {
    const KNOWN: &[&str] =
        &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal", "NotPrincipal"];
    if !statement.keys().all(|key| KNOWN.contains(&key.as_str())) {
        return Err(SYNTAX.to_owned());
    }
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(SYNTAX.to_owned());
    }
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")] {
        if statement.contains_key(one) && statement.contains_key(other) {
            return Err(SYNTAX.to_owned());
        }
    }
    match statement.get("Sid") {
        None => {}
        Some(Value::String(_)) => {}
        Some(_) => return Err(SYNTAX.to_owned()),
    }
    actions(statement)?;
    conditions(statement.get("Condition"))
}

/// `Sid` in identity and trust policies; repository policies accept more.
pub(crate) fn strict_sid(statement: &Map<String, Value>) -> Result<(), Refusal> {
    match statement.get("Sid").and_then(Value::as_str) {
        Some(sid) if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Err("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
                .to_owned())
        }
        _ => Ok(()),
    }
}

fn actions(statement: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(actions) = statement.get("Action").or_else(|| statement.get("NotAction")) else {
        return Err("Policy statement must contain actions.".to_owned());
    };
    let actions = texts(actions).ok_or(SYNTAX)?;
    if actions.is_empty() {
        return Err("Policy statement must contain actions.".to_owned());
    }
    for action in actions {
        if action == "*" {
            continue;
        }
        let Some((vendor, name)) = action.split_once(':') else {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
        };
        if vendor.is_empty() || !vendor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(format!("Vendor {vendor} is not valid"));
        }
        if name.contains(':') {
            return Err("Actions/Condition can contain only one colon.".to_owned());
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?')) {
            return Err(SYNTAX.to_owned());
        }
    }
    Ok(())
}

/// Condition operators, without the set prefixes and `IfExists`.
/// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

fn conditions(condition: Option<&Value>) -> Result<(), Refusal> {
    let Some(condition) = condition else { return Ok(()) };
    for (operator, keys) in condition.as_object().ok_or(SYNTAX)? {
        let name = operator
            .strip_prefix("ForAllValues:")
            .or_else(|| operator.strip_prefix("ForAnyValue:"))
            .unwrap_or(operator);
        let name = name.strip_suffix("IfExists").unwrap_or(name);
        // Operators are not case-sensitive in practice, and neither is this.
        if !OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(SYNTAX.to_owned());
        }
        for (key, values) in keys.as_object().ok_or(SYNTAX)? {
            if !key.contains(':') {
                return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
            }
            let simple = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            if !simple(values) && !values.as_array().is_some_and(|values| values.iter().all(simple)) {
                return Err(SYNTAX.to_owned());
            }
        }
    }
    Ok(())
}

/// A text, or a list of texts.
pub(crate) fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
