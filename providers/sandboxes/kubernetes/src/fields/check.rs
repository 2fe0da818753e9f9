//! Whether what is applied fits its schema.

use serde_json::Value;

use super::path::{Element, shown};
use super::schema::Type;

/// What is wrong with an applied configuration, in the words of a server; nothing if it fits.
pub(crate) fn check(of: &'static Type, value: &Value) -> Option<String> {
    let mut wrong = Vec::new();
    walk(of, value, &mut Vec::new(), &mut wrong);
    match wrong.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("errors:\n  {}", several.join("\n  "))),
    }
}

fn walk(of: &'static Type, value: &Value, path: &mut Vec<Element>, wrong: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let at = |path: &[Element], why: String| if path.is_empty() { why } else { format!("{}: {why}", shown(path)) };
    match (of, value) {
        (Type::Any, _)
        | (Type::Text | Type::Time, Value::String(_))
        | (Type::Boolean, Value::Bool(_))
        | (Type::Integer | Type::Number, Value::Number(_)) => {}
        (Type::Text, other) => {
            wrong.push(at(path, format!("expected string, got &value.valueUnstructured{{Value:{}}}", in_go(other))));
        }
        (Type::Time, Value::Bool(_) | Value::Number(_)) => {}
        (Type::Time, other) => wrong.push(at(path, format!("expected any scalar, got &{{{}}}", plainly(other)))),
        (Type::Boolean, other) => wrong.push(at(path, format!("expected boolean, got &{{{}}}", plainly(other)))),
        (Type::Integer | Type::Number, other) => {
            wrong.push(at(path, format!("expected numeric (int or float), got {}", go_type(other))));
        }
        (Type::Map | Type::BytesMap | Type::Record(_) | Type::AtomicRecord(_), Value::Object(entries)) => {
            for (name, entry) in entries {
                path.push(Element::Field(name.clone()));
                let below = match of {
                    Type::Record(record) | Type::AtomicRecord(record) => record.field(name).map(|field| &field.of),
                    _ => Some(&Type::Text),
                };
                match below {
                    Some(below) => walk(below, entry, path, wrong),
                    None => wrong.push(at(path, "field not declared in schema".to_owned())),
                }
                path.pop();
            }
        }
        (Type::Map | Type::BytesMap | Type::Record(_) | Type::AtomicRecord(_), other) => {
            wrong.push(at(path, format!("expected map, got &{{{}}}", plainly(other))));
        }
        (Type::AtomicList(item), Value::Array(items)) => {
            for value in items {
                walk(item, value, path, wrong);
            }
        }
        (Type::Set | Type::ListBy(..), Value::Array(items)) => list(of, items, path, wrong),
        (_, other) => wrong.push(at(path, format!("expected list, got &{{{}}}", plainly(other)))),
    }
}

/// A list whose items are told apart: each has a key, and none comes twice.
fn list(of: &'static Type, items: &[Value], path: &mut Vec<Element>, wrong: &mut Vec<String>) {
    let mut seen = Vec::new();
    for (number, value) in items.iter().enumerate() {
        let Some(element) = of.element(value) else {
            let why = match of {
                Type::ListBy(key, _) => {
                    format!("associative list with keys has an element that omits key field {key:?}")
                }
                _ => "unexpected value type for a set".to_owned(),
            };
            wrong.push(format!("{}: element {number}: {why}", shown(path)));
            return;
        };
        if seen.contains(&element) {
            wrong.push(format!("{}: duplicate entries for key {}", shown(path), shown(std::slice::from_ref(&element))));
        }
        if let Some(below) = of.below(&element) {
            path.push(element.clone());
            walk(below, value, path, wrong);
            path.pop();
        }
        seen.push(element);
    }
}

/// A value as Go writes it in its own syntax.
fn in_go(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(name, value)| format!("{name:?}:{}", in_go(value))).collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        Value::Array(items) => {
            format!("[]interface {{}}{{{}}}", items.iter().map(in_go).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A value as Go writes it for people.
fn plainly(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(name, value)| format!("{name}:{}", plainly(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(plainly).collect::<Vec<_>>().join(" ")),
        plain => plain.to_string(),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::SERVICE_ACCOUNT;
    use super::*;

    #[test]
    fn what_does_not_fit_is_named() {
        for (applied, why) in [
            (json!({"metadata": {"annotations": {"a": "b", "c": null}}, "secrets": [{"name": "x"}]}), None),
            (
                json!({"metadata": {"annotations": {"a.example/b": 5}}}),
                Some(".metadata.annotations.a.example/b: expected string, got &value.valueUnstructured{Value:5}"),
            ),
            (json!({"spec": {}}), Some(".spec: field not declared in schema")),
            (json!({"metadata": {"labels": ["a"]}}), Some(".metadata.labels: expected map, got &{[a]}")),
            (
                json!({"secrets": [{"kind": "x"}]}),
                Some(".secrets: element 0: associative list with keys has an element that omits key field \"name\""),
            ),
            (
                json!({"secrets": [{"name": "x"}, {"name": "x"}]}),
                Some(".secrets: duplicate entries for key [name=\"x\"]"),
            ),
        ] {
            assert_eq!(check(&SERVICE_ACCOUNT, &applied).as_deref(), why, "{applied}");
        }
    }
}
