//! Patches in JSON: merge patches (RFC 7386) and lists of operations (RFC 6902).

use serde_json::{Map, Value};

/// Lays a merge patch over a value.
pub(super) fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(entries) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let Value::Object(fields) = value else { return };
    for (name, entry) in entries {
        if entry.is_null() {
            fields.shift_remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), entry);
        }
    }
}

/// Carries a list of operations out; nothing where one can't be carried out.
pub(super) fn operate(value: &mut Value, operations: &[Value]) -> Option<()> {
    for operation in operations {
        let path = operation.get("path")?.as_str()?;
        let given = || operation.get("value").cloned();
        let from = || operation.get("from").and_then(Value::as_str);
        match operation.get("op")?.as_str()? {
            "add" => add(value, path, given()?)?,
            "remove" => {
                remove(value, path)?;
            }
            "replace" => *value.pointer_mut(path)? = given()?,
            "move" => {
                let moved = remove(value, from()?)?;
                add(value, path, moved)?;
            }
            "copy" => {
                let copied = value.pointer(from()?)?.clone();
                add(value, path, copied)?;
            }
            "test" => (value.pointer(path).unwrap_or(&Value::Null) == &given()?).then_some(())?,
            _ => return None,
        }
    }
    Some(())
}

/// The value above a path, and the path's last part.
fn above<'a>(value: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (above, last) = path.rsplit_once('/')?;
    Some((value.pointer_mut(above)?, last.replace("~1", "/").replace("~0", "~")))
}

fn add(value: &mut Value, path: &str, added: Value) -> Option<()> {
    if path.is_empty() {
        *value = added;
        return Some(());
    }
    match above(value, path)? {
        (Value::Object(fields), name) => {
            fields.insert(name, added);
        }
        (Value::Array(items), at) => {
            let at = if at == "-" { items.len() } else { at.parse().ok()? };
            if at > items.len() {
                return None;
            }
            items.insert(at, added);
        }
        _ => return None,
    }
    Some(())
}

fn remove(value: &mut Value, path: &str) -> Option<Value> {
    match above(value, path)? {
        (Value::Object(fields), name) => fields.shift_remove(&name),
        (Value::Array(items), at) => {
            let at: usize = at.parse().ok()?;
            (at < items.len()).then(|| items.remove(at))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patches_are_laid_over() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(&mut value, &json!({"a": {"b": null, "e": {"f": null, "g": 3}}, "d": [2]}));
        assert_eq!(value, json!({"a": {"c": 2, "e": {"g": 3}}, "d": [2]}));
    }

    #[test]
    fn operations_are_carried_out_in_order() {
        let mut value = json!({"a": {"x/y": 1}, "l": [1, 3]});
        let operations = json!([
            {"op": "test", "path": "/a/x~1y", "value": 1},
            {"op": "add", "path": "/l/1", "value": 2},
            {"op": "add", "path": "/l/-", "value": 4},
            {"op": "remove", "path": "/a/x~1y"},
            {"op": "move", "from": "/l/0", "path": "/a/moved"},
            {"op": "copy", "from": "/a/moved", "path": "/copied"},
            {"op": "replace", "path": "/copied", "value": 9},
        ]);
        operate(&mut value, operations.as_array().expect("a list")).expect("all can be carried out");
        assert_eq!(value, json!({"a": {"moved": 1}, "l": [2, 3, 4], "copied": 9}));
        for refused in [
            json!([{"op": "test", "path": "/copied", "value": 1}]),
            json!([{"op": "remove", "path": "/none"}]),
            json!([{"op": "add", "path": "/none/a", "value": 1}]),
            json!([{"op": "add", "path": "/l/9", "value": 1}]),
            json!([{"op": "other", "path": "/l"}]),
        ] {
            assert!(operate(&mut value, refused.as_array().expect("a list")).is_none(), "{refused}");
        }
    }
}
