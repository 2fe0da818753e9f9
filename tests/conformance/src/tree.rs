//! Comparing snapshots.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The first place where two trees differ, in words; none where they don't.
pub(crate) fn difference(before: &Value, after: &Value) -> Option<String> {
    differ("", before, after)
}

fn differ(path: &str, before: &Value, after: &Value) -> Option<String> {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("{path}/{key} is gone"));
            let come = new.keys().filter(|key| !old.contains_key(*key)).map(|key| format!("{path}/{key} is new"));
            let changed = old.iter().filter_map(|(key, value)| differ(&format!("{path}/{key}"), value, new.get(key)?));
            gone.chain(come).chain(changed).next()
        }
        _ if before == after => None,
        _ => Some(format!("{path} was {before} and is {after}")),
    }
}

/// What is missing of a part in the whole, in words; none if all of it is there. Mappings and lists may have grown;
/// an item of a list must be there exactly as it was.
pub(crate) fn missing(part: &Value, whole: &Value) -> Option<String> {
    lacks("", part, whole)
}

fn lacks(path: &str, part: &Value, whole: &Value) -> Option<String> {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part.iter().find_map(|(key, value)| match whole.get(key) {
            Some(other) => lacks(&format!("{path}/{key}"), value, other),
            None => Some(format!("{path}/{key} is gone")),
        }),
        (Value::Array(part), Value::Array(whole)) => {
            let mut rest: Vec<_> = whole.iter().collect();
            for item in part {
                match rest.iter().position(|other| *other == item) {
                    Some(at) => drop(rest.swap_remove(at)),
                    None => return Some(format!("{path} no longer has {item}")),
                }
            }
            None
        }
        _ if part == whole => None,
        _ => Some(format!("{path} was {part} and is {whole}")),
    }
}

/// What is in one tree and wasn't in an earlier one.
pub(crate) fn added(before: &Value, after: &Value) -> Value {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut fresh = Map::new();
            for (key, value) in new {
                match old.get(key) {
                    None => drop(fresh.insert(key.clone(), value.clone())),
                    Some(known) if known == value => {}
                    Some(known) => drop(fresh.insert(key.clone(), added(known, value))),
                }
            }
            Value::Object(fresh)
        }
        (Value::Array(old), Value::Array(new)) => {
            let mut known: Vec<_> = old.iter().collect();
            let fresh = new.iter().filter(|item| match known.iter().position(|other| other == item) {
                Some(at) => {
                    known.swap_remove(at);
                    false
                }
                None => true,
            });
            Value::Array(fresh.cloned().collect())
        }
        _ => after.clone(),
    }
}

/// Every text in a tree, keys included.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    walk(value, &mut |text| texts.push(text));
    texts
}

fn walk(value: &Value, see: &mut impl FnMut(String)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                see(key.clone());
                walk(value, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        Value::String(text) => see(text.clone()),
        other => see(other.to_string()),
    }
}

/// A text of one tree that the other lacks, each counted as often as it stands there: however a document was packed
/// anew, what only grew lacks nothing.
pub(crate) fn lost_text(before: &Value, after: &Value) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts(after) {
        *counts.entry(text).or_default() += 1;
    }
    texts(before).into_iter().find(|text| counts.get(text).is_none_or(|count| *count == 0))
}

/// The names, second from the top, of what was there before and is different now.
pub(crate) fn changed_names(before: &Value, after: &Value) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (kind, things) in before.as_object().into_iter().flatten() {
        for (name, thing) in things.as_object().into_iter().flatten() {
            if after.get(kind).and_then(|things| things.get(name)) != Some(thing) {
                names.push((kind.clone(), name.clone()));
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_may_be_surrounded_but_not_changed() {
        let part = json!({ "repository": { "a": [{ "sid": "x", "who": ["p"] }] } });
        assert_eq!(
            missing(&part, &json!({ "repository": { "a": [{ "sid": "y" }, { "who": ["p"], "sid": "x" }] } })),
            None
        );
        let grown = json!({ "repository": { "a": [{ "sid": "x", "who": ["p", "q"] }] } });
        assert!(missing(&part, &grown).is_some_and(|what| what.starts_with("/repository/a no longer has")));
        assert_eq!(missing(&part, &json!({ "repository": {} })).as_deref(), Some("/repository/a is gone"));
    }

    #[test]
    fn what_was_added_is_found() {
        let before = json!({ "role": { "a": { "has": [1, 2] } } });
        let after = json!({ "role": { "a": { "has": [2, 3, 1] }, "b": {} } });
        assert_eq!(added(&before, &after), json!({ "role": { "a": { "has": [3] }, "b": {} } }));
        assert_eq!(changed_names(&before, &after), [("role".to_owned(), "a".to_owned())]);
        assert_eq!(difference(&before, &before), None);
        assert_eq!(difference(&before, &after).as_deref(), Some("/role/b is new"));
    }

    #[test]
    fn growth_loses_no_text() {
        let before = json!({ "Resource": "a" });
        assert_eq!(lost_text(&before, &json!({ "Resource": ["a", "b"] })), None);
        assert_eq!(lost_text(&before, &json!({ "Resource": ["b"] })).as_deref(), Some("a"));
    }
}
