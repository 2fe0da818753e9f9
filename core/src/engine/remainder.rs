//! What is left of an object's attributes when some of what it is for is taken away, and all else stays as it is.

use serde_json::{Map, Value};

/// What is there, less what the baseline has and what is wanted has not. Where the two are the same, what is there stays,
/// also where it differs from them: that is for an apply to change.
///
/// Lists of lists and of maps are taken as they are wanted: which of their elements stand for the same thing, only the
/// provider knows.
pub(super) fn remainder(there: &Value, baseline: &Value, wanted: &Value) -> Value {
    if baseline == wanted {
        return there.clone();
    }
    match (there, baseline, wanted) {
        (Value::Object(there), Value::Object(baseline), Value::Object(wanted)) => {
            Value::Object(of_maps(there, baseline, wanted))
        }
        (Value::Array(there), Value::Array(baseline), Value::Array(wanted)) if is_flat(there) && is_flat(wanted) => {
            let stays = |element: &&Value| there.contains(element) || !baseline.contains(element);
            wanted.iter().filter(stays).cloned().collect()
        }
        _ => wanted.clone(),
    }
}

fn of_maps(
    there: &Map<String, Value>,
    baseline: &Map<String, Value>,
    wanted: &Map<String, Value>,
) -> Map<String, Value> {
    let mut left = Map::new();
    for (key, value) in there {
        match (baseline.get(key), wanted.get(key)) {
            (Some(baseline), Some(wanted)) => drop(left.insert(key.clone(), remainder(value, baseline, wanted))),
            (Some(_), None) => {}
            (None, Some(wanted)) => drop(left.insert(key.clone(), wanted.clone())),
            (None, None) => drop(left.insert(key.clone(), value.clone())),
        }
    }
    for (key, wanted) in wanted {
        // What the baseline has as well, and what isn't there, is for an apply to make.
        if !there.contains_key(key) && !baseline.contains_key(key) {
            left.insert(key.clone(), wanted.clone());
        }
    }
    left
}

fn is_flat(list: &[Value]) -> bool {
    !list.iter().any(|element| element.is_array() || element.is_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is left; and nothing more is taken away when it is asked again.
    fn left(there: &Value, baseline: &Value, wanted: &Value) -> Value {
        let left = remainder(there, baseline, wanted);
        assert_eq!(remainder(&left, baseline, wanted), left, "asked again");
        left
    }

    #[test]
    fn what_is_as_the_baseline_has_it_becomes_what_is_wanted() {
        for (baseline, wanted) in [
            (json!({"a": 1, "b": [1, 2]}), json!({"a": 1, "b": [2]})),
            (json!({"a": {"b": 1}}), json!({"a": {}})),
            (json!([{"a": 1}, {"b": 1}]), json!([{"b": 1}])),
            (json!("one"), json!("other")),
        ] {
            assert_eq!(left(&baseline, &baseline, &wanted), wanted);
        }
    }

    #[test]
    fn what_was_edited_and_never_applied_stays_as_it_is() {
        let there = json!({"actions": ["pull"], "who": ["a", "b", "by hand"], "old": 1});
        let baseline = json!({"actions": ["pull", "push"], "who": ["a", "b", "new"], "more": 1});
        let wanted = json!({"actions": ["pull", "push"], "who": ["a", "new"], "more": 1});
        // What nothing names any more goes with the rest of a list that is changed.
        assert_eq!(left(&there, &baseline, &wanted), json!({"actions": ["pull"], "who": ["a"], "old": 1}));
    }

    #[test]
    fn what_takes_the_place_of_what_goes_is_added() {
        let (there, baseline, wanted) =
            (json!({"who": ["all"]}), json!({"who": ["all"]}), json!({"who": ["few"], "if": 1}));
        assert_eq!(left(&there, &baseline, &wanted), wanted);
    }

    #[test]
    fn lists_of_maps_are_the_provider_s() {
        let (there, baseline) = (json!([{"sid": "a"}]), json!([{"sid": "a"}, {"sid": "b"}, {"sid": "c"}]));
        assert_eq!(left(&there, &baseline, &json!([{"sid": "b"}])), json!([{"sid": "b"}]));
    }
}
