//! Projects, as every service that lists them answers.

use serde_json::Value;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Whether it is neither archived nor in any other state than the usual one.
    pub is_active: bool,
    /// Its domains, as ids and as names.
    pub domains: Vec<(String, String)>,
}

impl Project {
    /// Reads one of `flyteidl.admin.Project`, or of `flyteidl2.project.Project`, whose states have a prefix.
    pub fn read(project: &Value) -> Self {
        let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
        let domains = project["domains"].as_array().into_iter().flatten();
        // What is left out is the first of the states.
        let state = project.get("state").and_then(Value::as_str).unwrap_or("ACTIVE");
        Self {
            id: text(project, "id"),
            is_active: matches!(state, "ACTIVE" | "PROJECT_STATE_ACTIVE"),
            domains: domains.map(|domain| (text(domain, "id"), text(domain, "name"))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_are_read_with_a_prefix_and_without_and_the_first_may_be_left_out() {
        let is_active = |state: Value| Project::read(&json!({ "id": "vision", "state": state })).is_active;
        assert!(Project::read(&json!({ "id": "vision" })).is_active);
        for state in ["ACTIVE", "PROJECT_STATE_ACTIVE"] {
            assert!(is_active(json!(state)), "{state}");
        }
        for state in ["ARCHIVED", "PROJECT_STATE_ARCHIVED", "PROJECT_STATE_SYSTEM_ARCHIVED"] {
            assert!(!is_active(json!(state)), "{state}");
        }
    }
}
