//! Strategic merge patches: as merge patches, but lists whose items are told apart are merged item by item.
//!
//! Source: "Update API Objects in Place Using kubectl patch"; "Strategic Merge Patch" of the API conventions, with its
//! directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`). Which lists these are, the schema
//! says: those of the kinds here are merged by the same keys as by an apply.

use serde_json::{Map, Value};

use crate::fields::path::Element;
use crate::fields::schema::Type;

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Lays a patch over an object.
///
/// # Errors
/// Why it is no such patch.
pub(super) fn merge(of: &'static Type, live: &Value, patch: &Map<String, Value>) -> Result<Value, String> {
    let none = Map::new();
    let live = live.as_object().unwrap_or(&none);
    match patch.get(PATCH).map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => return Ok(Value::Object(without(patch, &[PATCH]))),
        Some(Some("delete")) => return Ok(Value::Object(Map::new())),
        Some(directive) => return Err(format!("unknown patch type {:?}", directive.unwrap_or_default())),
    }
    let mut merged = live.clone();
    if let Some(retained) = patch.get(RETAIN) {
        let retained = retained.as_array().ok_or("invalid patch format of retainKeys")?;
        merged.retain(|name, _| retained.iter().any(|one| one == name));
    }
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix(DELETE_FROM) {
            let deleted = value.as_array().ok_or("invalid patch format of primitive list")?;
            if let Some(Value::Array(items)) = merged.get_mut(list) {
                items.retain(|item| !deleted.contains(item));
            }
        }
    }
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        if value.is_null() {
            merged.shift_remove(name);
            continue;
        }
        let below = of.below(&Element::Field(name.clone()));
        let was = merged.get(name).cloned().unwrap_or_default();
        let is = match (below, value) {
            (Some(of @ (Type::Set | Type::ListBy(..))), Value::Array(items)) => list(of, &was, items)?,
            (Some(of), Value::Object(entries)) => merge(of, &was, entries)?,
            _ => value.clone(),
        };
        merged.insert(name.clone(), is);
    }
    for (name, value) in patch {
        let Some(list) = name.strip_prefix(ORDER) else { continue };
        let order = value.as_array().ok_or("invalid patch format of setElementOrder list")?;
        let of = of.below(&Element::Field(list.to_owned()));
        if let (Some(of), Some(Value::Array(items))) = (of, merged.get_mut(list)) {
            *items = ordered(of, items, live.get(list), order);
        }
    }
    Ok(Value::Object(merged))
}

/// Lays the items of a patch over a list whose items are told apart.
fn list(of: &'static Type, live: &Value, patch: &[Value]) -> Result<Value, String> {
    let directive = |item: &Value| item.get(PATCH).and_then(Value::as_str).map(str::to_owned);
    let is_replaced = patch.iter().any(|item| directive(item).as_deref() == Some("replace"));
    let mut items: Vec<Value> = if is_replaced { Vec::new() } else { live.as_array().cloned().unwrap_or_default() };
    for item in patch {
        let directive = directive(item);
        if directive.as_deref() == Some("replace") {
            continue;
        }
        let Some(element) = of.element(item) else {
            return Err(match of {
                Type::ListBy(key, _) => format!("map: {item} does not contain declared merge key: {key}"),
                _ => format!("invalid item of a list of texts: {item}"),
            });
        };
        let at = items.iter().position(|known| of.element(known).as_ref() == Some(&element));
        match (at, item.as_object()) {
            (Some(at), _) if directive.as_deref() == Some("delete") => {
                items.remove(at);
            }
            (None, _) if directive.as_deref() == Some("delete") => {}
            (Some(at), Some(entries)) => {
                let below = of.below(&element).unwrap_or(&Type::Any);
                items[at] = merge(below, &items[at], entries)?;
            }
            (None, Some(entries)) => items.push(Value::Object(without(entries, &[PATCH]))),
            // A text that is there already stays where it is.
            (Some(_), None) => {}
            (None, None) => items.push(item.clone()),
        }
    }
    Ok(Value::Array(items))
}

/// Items in the order that a patch asks for. Those of which it says nothing keep their places before those that stood behind
/// them.
fn ordered(of: &'static Type, items: &[Value], live: Option<&Value>, order: &[Value]) -> Vec<Value> {
    let place = |all: &[Value], item: &Value| all.iter().position(|known| of.element(known) == of.element(item));
    let live = live.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (mut named, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    let mut all = Vec::new();
    let mut others = others.into_iter().peekable();
    for item in named {
        let stood = place(live, item);
        while let Some(other) = others.next_if(|other| stood.is_some() && place(live, other) < stood) {
            all.push(other.clone());
        }
        all.push(item.clone());
    }
    all.extend(others.cloned());
    all
}

fn without(entries: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let kept = entries.iter().filter(|(name, value)| !names.contains(&name.as_str()) && !value.is_null());
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields::kinds::SERVICE_ACCOUNT;

    fn merged(live: &Value, patch: &Value) -> Result<Value, String> {
        merge(&SERVICE_ACCOUNT, live, patch.as_object().expect("a map"))
    }

    #[test]
    fn maps_are_merged_and_lists_by_their_keys() {
        let live = json!({
            "metadata": {"annotations": {"a": "1", "b": "2"}, "finalizers": ["x", "y"]},
            "secrets": [{"name": "s", "kind": "k"}, {"name": "t"}],
            "imagePullSecrets": [{"name": "p"}],
        });
        let patch = json!({
            "metadata": {
                "annotations": {"a": null, "c": "3"},
                "finalizers": ["z"],
                "$deleteFromPrimitiveList/finalizers": ["x"],
            },
            "secrets": [{"name": "t", "$patch": "delete"}, {"name": "s", "uid": "u"}, {"name": "n"}],
            "imagePullSecrets": [{"name": "q"}],
        });
        assert_eq!(
            merged(&live, &patch).expect("a patch"),
            json!({
                "metadata": {"annotations": {"b": "2", "c": "3"}, "finalizers": ["y", "z"]},
                "secrets": [{"name": "s", "kind": "k", "uid": "u"}, {"name": "n"}],
                "imagePullSecrets": [{"name": "q"}],
            })
        );
    }

    #[test]
    fn an_order_is_that_of_the_patch_and_others_keep_their_places() {
        let live = json!({"secrets": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]});
        let patch = json!({
            "$setElementOrder/secrets": [{"name": "d"}, {"name": "n"}, {"name": "b"}],
            "secrets": [{"name": "n"}],
        });
        let names = |value: &Value| {
            let all = value["secrets"].as_array().expect("a list").iter();
            all.map(|one| one["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>().join("")
        };
        assert_eq!(names(&merged(&live, &patch).expect("a patch")), "acdnb");
    }

    #[test]
    fn directives_replace_delete_and_retain() {
        let live = json!({"metadata": {"annotations": {"a": "1"}, "labels": {"l": "1", "m": "2"}}, "secrets": [{"name": "s"}]});
        let patch = json!({
            "metadata": {"annotations": {"$patch": "replace", "b": "2"}, "labels": {"$retainKeys": ["m"], "m": "3"}},
            "secrets": [{"$patch": "replace"}, {"name": "t"}],
        });
        assert_eq!(
            merged(&live, &patch).expect("a patch"),
            json!({"metadata": {"annotations": {"b": "2"}, "labels": {"m": "3"}}, "secrets": [{"name": "t"}]})
        );
        for (patch, why) in [
            (json!({"metadata": {"$patch": "other"}}), "unknown patch type"),
            (json!({"secrets": [{"kind": "k"}]}), "does not contain declared merge key: name"),
            (json!({"metadata": {"$deleteFromPrimitiveList/finalizers": "x"}}), "primitive list"),
        ] {
            assert!(merged(&live, &patch).is_err_and(|told| told.contains(why)), "{patch}");
        }
    }
}
