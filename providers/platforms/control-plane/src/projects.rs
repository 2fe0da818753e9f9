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
    /// Reads one of `flyteidl.admin.Project`, or of `flyteidl2.project.Project`, whose states have a prefix. `None` where it is none: it
    /// or one of its domains has no id by which anything could be asked for.
    pub fn read(project: &Value) -> Option<Self> {
        let text = |of: &Value, key: &str| match of.get(key) {
            None | Some(Value::Null) => Some(String::new()),
            Some(text) => text.as_str().map(str::to_owned),
        };
        let id = |of: &Value| text(of, "id").filter(|id| !matches!(id.as_str(), "" | "." | ".."));
        let domains = match project.get("domains") {
            None | Some(Value::Null) => &Vec::new(),
            Some(domains) => domains.as_array()?,
        };
        // What is left out is the first of the states.
        let state = project.get("state").and_then(Value::as_str).unwrap_or("ACTIVE");
        Some(Self {
            id: id(project)?,
            is_active: matches!(state, "ACTIVE" | "PROJECT_STATE_ACTIVE"),
            domains: domains.iter().map(|domain| Some((id(domain)?, text(domain, "name")?))).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_are_read_with_a_prefix_and_without_and_the_first_may_be_left_out() {
        let is_active = |project: Value| Project::read(&project).expect("a project").is_active;
        assert!(is_active(json!({ "id": "vision" })));
        let is_active = |state: Value| is_active(json!({ "id": "vision", "state": state }));
        for state in ["ACTIVE", "PROJECT_STATE_ACTIVE"] {
            assert!(is_active(json!(state)), "{state}");
        }
        for state in ["ARCHIVED", "PROJECT_STATE_ARCHIVED", "PROJECT_STATE_SYSTEM_ARCHIVED"] {
            assert!(!is_active(json!(state)), "{state}");
        }
    }

    #[test]
    fn what_has_no_id_is_no_project() {
        let domains = json!([{ "id": "production" }]);
        let read = Project::read(&json!({ "id": "vision", "domains": domains })).expect("a project");
        assert_eq!(read.domains, [("production".to_owned(), String::new())]);
        for odd in [
            json!({ "name": "vision", "domains": domains }),
            json!({ "id": "", "domains": domains }),
            json!({ "id": "..", "domains": domains }),
            json!({ "id": 7, "domains": domains }),
            json!({ "id": "vision", "domains": [{ "name": "production" }] }),
            json!({ "id": "vision", "domains": [{ "id": null }] }),
            json!({ "id": "vision", "domains": ["production"] }),
            json!({ "id": "vision", "domains": "production" }),
            json!("vision"),
            json!(null),
        ] {
            assert_eq!(Project::read(&odd), None, "{odd}");
        }
    }
}
