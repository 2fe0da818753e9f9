//! An object without some of its fields.

use serde_json::{Map, Value};

use super::path::{Element, Set};
use super::schema::{Type, is_empty};

/// Takes away what a set names. What becomes empty by that goes, too.
pub(crate) fn remove(of: &'static Type, value: &Value, fields: &Set) -> Value {
    walk(of, value, &mut Vec::new(), fields).unwrap_or_default()
}

fn walk(of: &'static Type, value: &Value, path: &mut Vec<Element>, fields: &Set) -> Option<Value> {
    // What is taken as a whole goes as a whole, by its own path; if a path leads into it, nothing is left of it.
    if of.is_leaf() {
        let whole = matches!(of, Type::AtomicRecord(_) | Type::AtomicList(_));
        return (!whole).then(|| value.clone());
    }
    if is_empty(Some(value)) {
        return None;
    }
    let mut left = Vec::new();
    for (element, child) in of.children(value) {
        path.push(element.clone());
        if !fields.has(path) {
            let kept = match of.below(&element) {
                Some(below) if fields.goes_beyond(path) => walk(below, child, path, fields),
                _ => Some(child.clone()),
            };
            // A field whose contents are gone is null, which decoding leaves out.
            left.push((element, kept.unwrap_or_default()));
        }
        path.pop();
    }
    if left.is_empty() {
        return None;
    }
    Some(match of {
        Type::Set | Type::ListBy(..) => Value::Array(left.into_iter().map(|(_, item)| item).collect()),
        _ => {
            let named = left.into_iter().filter_map(|(element, value)| match element {
                Element::Field(name) => Some((name, value)),
                _ => None,
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
    })
}
