//! What is left of an object's attributes when some of what it is for is taken away, and all else stays as it is.

use serde_json::{Map, Value};

/// What is there, less what the baseline has and what is wanted has not. Where the two are the same, what is there stays,
/// also where it differs from them: that is for an apply to change. `None` where a list loses all that it has: then nothing
/// is left of the whole, as what names nobody and nothing gives nothing.
///
/// What is in a list and neither wanted nor revoked may be what others had before they were edited: then it stays.
///
/// Lists of lists and of maps are taken as they are wanted: which of their elements stand for the same thing, only the
/// provider knows.
pub(crate) fn remainder(
    there: &Value,
    baseline: &Value,
    wanted: &Value,
    revoked: Option<&Value>,
    are_others_edited: bool,
) -> Option<Value> {
    if baseline == wanted {
        return Some(there.clone());
    }
    match (there, baseline, wanted) {
        (Value::Object(there), Value::Object(baseline), Value::Object(wanted)) => {
            of_maps(there, baseline, wanted, revoked, are_others_edited).map(Value::Object)
        }
        (Value::Array(there), Value::Array(baseline), Value::Array(wanted)) if is_flat(there) && is_flat(wanted) => {
            let revoked = revoked.and_then(Value::as_array);
            let is_revoked = |element: &Value| revoked.is_some_and(|revoked| revoked.contains(element));
            let is_others = |element: &Value| {
                are_others_edited && !wanted.contains(element) && !baseline.contains(element) && !is_revoked(element)
            };
            let stays = |element: &&Value| there.contains(element) || !baseline.contains(element);
            let kept = wanted.iter().filter(stays);
            let others: Vec<_> = there.iter().filter(|element| is_others(element)).collect();
            let mut left: Vec<_> = kept.chain(others.iter().copied()).cloned().collect();
            if !others.is_empty() && is_sorted(there) {
                left.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
            (!left.is_empty() || there.is_empty() || wanted.is_empty()).then_some(Value::Array(left))
        }
        _ => Some(wanted.clone()),
    }
}

fn of_maps(
    there: &Map<String, Value>,
    baseline: &Map<String, Value>,
    wanted: &Map<String, Value>,
    revoked: Option<&Value>,
    are_others_edited: bool,
) -> Option<Map<String, Value>> {
    let mut left = Map::new();
    for (key, value) in there {
        let remainder = match (baseline.get(key), wanted.get(key)) {
            (Some(baseline), Some(wanted)) => {
                let revoked = revoked.and_then(|revoked| revoked.get(key));
                remainder(value, baseline, wanted, revoked, are_others_edited)?
            }
            (Some(_), None) => continue,
            (None, Some(wanted)) => wanted.clone(),
            (None, None) => value.clone(),
        };
        left.insert(key.clone(), remainder);
    }
    for (key, wanted) in wanted {
        // What the baseline has as well, and what isn't there, is for an apply to make.
        if !there.contains_key(key) && !baseline.contains_key(key) {
            left.insert(key.clone(), wanted.clone());
        }
    }
    Some(left)
}

/// Whether a list is in the order of its texts: what is added to it comes in its place then.
fn is_sorted(list: &[Value]) -> bool {
    list.is_sorted_by_key(|element| element.as_str())
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
        let left = remainder(there, baseline, wanted, None, false).expect("something is left");
        assert_eq!(remainder(&left, baseline, wanted, None, false).as_ref(), Some(&left), "asked again");
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

    #[test]
    fn what_others_may_have_had_before_they_were_edited_stays() {
        let there = json!({"who": ["a", "former", "revoked"]});
        let (baseline, wanted) = (json!({"who": ["a", "b", "revoked"]}), json!({"who": ["a", "b"]}));
        let left = |are_others_edited| remainder(&there, &baseline, &wanted, None, are_others_edited);
        assert_eq!(left(true), Some(json!({"who": ["a", "former"]})));
        assert_eq!(left(false), Some(json!({"who": ["a"]})));
        let revoked = json!({"who": ["former", "revoked"]});
        assert_eq!(remainder(&there, &baseline, &wanted, Some(&revoked), true), Some(json!({"who": ["a"]})));
    }

    /// A statement for nobody is refused by the cloud.
    #[test]
    fn a_list_without_its_last_element_leaves_nothing() {
        let (baseline, wanted) = (json!({"who": ["a", "new"], "may": 1}), json!({"who": ["new"], "may": 1}));
        assert_eq!(remainder(&json!({"who": ["a"], "may": 1}), &baseline, &wanted, None, false), None);
        // What has no elements anyway is no such list.
        let (baseline, wanted) = (json!({"not": [], "who": ["a"]}), json!({"not": [], "who": []}));
        assert_eq!(remainder(&baseline, &baseline, &wanted, None, false), Some(wanted));
    }
}
