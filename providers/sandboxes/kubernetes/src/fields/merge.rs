//! What is applied, laid over what is there.

use serde_json::{Map, Value};

use super::path::Element;
use super::schema::{Type, is_empty};

/// Merges an applied configuration into an object.
pub(crate) fn merge(of: &'static Type, live: &Value, applied: &Value) -> Value {
    both(of, Some(live), Some(applied)).unwrap_or_default()
}

fn both(of: &'static Type, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    if of.is_leaf() || (is_empty(live) && is_empty(applied)) {
        return applied.or(live).cloned();
    }
    match of {
        Type::Set | Type::ListBy(..) => {
            let items = lists(of, live.and_then(Value::as_array), applied.and_then(Value::as_array));
            (!items.is_empty()).then_some(Value::Array(items))
        }
        _ => {
            let (live, applied) = (live.and_then(Value::as_object), applied.and_then(Value::as_object));
            let names = [live, applied].into_iter().flatten().flat_map(Map::keys);
            let mut merged = Map::new();
            for name in names {
                if merged.contains_key(name) {
                    continue;
                }
                let find = |map: Option<&'_ Map<String, Value>>| map.and_then(|map| map.get(name)).cloned();
                let Some(below) = of.below(&Element::Field(name.clone())) else { continue };
                if let Some(value) = both(below, find(live).as_ref(), find(applied).as_ref()) {
                    merged.insert(name.clone(), value);
                }
            }
            (!merged.is_empty()).then_some(Value::Object(merged))
        }
    }
}

/// Two lists whose items are told apart. What both have stands in the order of what is applied; what only the live one
/// has stays where it is between those.
fn lists(of: &'static Type, live: Option<&Vec<Value>>, applied: Option<&Vec<Value>>) -> Vec<Value> {
    let keyed = |items: Option<&Vec<Value>>| -> Vec<(Element, Value)> {
        items.into_iter().flatten().filter_map(|item| Some((of.element(item)?, item.clone()))).collect()
    };
    let (live, applied) = (keyed(live), keyed(applied));
    let find = |all: &[(Element, Value)], key: &Element| {
        all.iter().find(|(known, _)| known == key).map(|(_, item)| item.clone())
    };
    let mut shared = applied.iter().map(|(key, _)| key).filter(|key| find(&live, key).is_some()).peekable();
    let mut merged: Vec<(Element, Value)> = Vec::new();
    let (mut left, mut right) = (live.iter().peekable(), applied.iter().peekable());
    loop {
        let (next_live, next_applied) = (left.peek().map(|(key, _)| key), right.peek().map(|(key, _)| key));
        let (take, from_live) = match (next_live, next_applied) {
            (None, None) => break,
            (Some(live_key), Some(applied_key)) if live_key == applied_key => (applied_key, false),
            // Shared, but not the one whose turn it is.
            (Some(live_key), Some(_))
                if find(&applied, live_key).is_some() && shared.peek().is_some_and(|turn| *turn != live_key) =>
            {
                left.next();
                continue;
            }
            (Some(live_key), _) if find(&applied, live_key).is_none() => (live_key, true),
            // It was merged with its other half.
            (Some(_), None) => {
                left.next();
                continue;
            }
            (Some(live_key), Some(_)) if merged.iter().any(|(key, _)| key == live_key) => {
                left.next();
                continue;
            }
            (_, Some(applied_key)) => (applied_key, false),
        };
        let key = take.clone();
        if from_live {
            left.next();
        } else {
            if next_live == Some(&key) {
                left.next();
            }
            right.next();
            if shared.peek() == Some(&&key) {
                shared.next();
            }
        }
        let below = of.below(&key);
        let item = below.and_then(|below| both(below, find(&live, &key).as_ref(), find(&applied, &key).as_ref()));
        merged.extend(item.map(|item| (key, item)));
    }
    merged.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::SERVICE_ACCOUNT;
    use super::*;

    #[test]
    fn maps_are_merged_and_lists_as_their_schema_says() {
        let live = json!({
            "metadata": {"annotations": {"a": "1", "b": "2"}, "finalizers": ["x", "y", "z"]},
            "secrets": [{"name": "s", "kind": "k"}, {"name": "t"}],
            "imagePullSecrets": [{"name": "p"}],
        });
        let applied = json!({
            "metadata": {"annotations": {"b": "3", "c": "4"}, "finalizers": ["z", "x", "n"]},
            "secrets": [{"name": "s", "uid": "u"}],
            "imagePullSecrets": [{"name": "q"}],
        });
        assert_eq!(
            merge(&SERVICE_ACCOUNT, &live, &applied),
            json!({
                "metadata": {"annotations": {"a": "1", "b": "3", "c": "4"}, "finalizers": ["y", "z", "x", "n"]},
                "secrets": [{"name": "s", "uid": "u"}, {"name": "t"}],
                "imagePullSecrets": [{"name": "q"}],
            })
        );
    }

    #[test]
    fn nothing_leaves_maps_and_takes_leaves() {
        let live = json!({"metadata": {"annotations": {"a": "1"}}, "automountServiceAccountToken": true});
        let applied = json!({"metadata": {"annotations": null}, "automountServiceAccountToken": null});
        assert_eq!(
            merge(&SERVICE_ACCOUNT, &live, &applied),
            json!({"metadata": {"annotations": {"a": "1"}}, "automountServiceAccountToken": null})
        );
    }
}
