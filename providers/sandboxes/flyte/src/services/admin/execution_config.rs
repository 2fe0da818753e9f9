//! A project's execution configuration, which is always there: what the record leaves open comes from Flyte admin's own
//! configuration. Nothing else is completed in this way, and it is for projects only.

use serde_json::{Map, Value, json};

use super::set;

/// Flyte admin's `maxParallelism`.
const MAX_PARALLELISM: i32 = 25;

const FIELD: &str = "workflow_execution_config";

/// What a read of a project's record answers.
pub(super) fn with_defaults(kind: &str, found: Option<Map<String, Value>>) -> Option<Map<String, Value>> {
    if kind != "WORKFLOW_EXECUTION_CONFIG" {
        return found;
    }
    let mut attributes = found.unwrap_or_else(|| set(json!({FIELD: {}})));
    if let Some(config) = attributes.get_mut(FIELD).and_then(Value::as_object_mut) {
        config.entry("max_parallelism").or_insert(json!(MAX_PARALLELISM));
    }
    Some(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_a_configuration_in_any_case() {
        let kind = "WORKFLOW_EXECUTION_CONFIG";
        assert_eq!(with_defaults(kind, None), Some(set(json!({FIELD: {"max_parallelism": 25}}))));
        let record = set(json!({FIELD: {"max_parallelism": 3, "overwrite_cache": true}}));
        assert_eq!(with_defaults(kind, Some(record.clone())), Some(record));
        assert_eq!(with_defaults("CLUSTER_RESOURCE", None), None);
    }
}
