//! A statement of what whoever runs cloudgrant may do.

use serde_json::{Value, json};

/// One that allows actions on resources, under a condition.
pub(super) fn statement(sid: &str, actions: &[&str], resources: Vec<String>, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}
