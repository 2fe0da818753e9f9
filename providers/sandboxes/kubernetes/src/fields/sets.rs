//! The fields that an applied configuration names.

use serde_json::Value;

use super::path::{Element, Set};
use super::schema::{Type, is_empty};

/// The set of a configuration's fields: its leaves, its empty maps and structs, the items of its lists.
pub(crate) fn field_set(of: &'static Type, value: &Value) -> Set {
    let mut set = Set::default();
    walk(of, value, &mut Vec::new(), &mut set);
    set
}

fn walk(of: &'static Type, value: &Value, path: &mut Vec<Element>, set: &mut Set) {
    if of.is_leaf() {
        set.insert(path.clone());
        return;
    }
    let is_list = matches!(of, Type::Set | Type::ListBy(..));
    for (element, child) in of.children(value) {
        let Some(below) = of.below(&element) else { continue };
        path.push(element);
        walk(below, child, path, set);
        // An empty list says nothing; an empty map or struct, and nothing at all, are said.
        let says_empty = child.is_null() || (child.is_object() && is_empty(Some(child)));
        if is_list || says_empty || matches!(of, Type::Map | Type::BytesMap) {
            set.insert(path.clone());
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::SERVICE_ACCOUNT;
    use super::*;

    #[test]
    fn leaves_count_and_empty_maps() {
        let applied = json!({
            "metadata": {"name": "x", "annotations": {"a": "b"}, "labels": {}, "finalizers": ["f"]},
            "secrets": [{"name": "s", "kind": "k"}],
            "imagePullSecrets": [],
        });
        assert_eq!(
            field_set(&SERVICE_ACCOUNT, &applied).written(),
            json!({
                "f:imagePullSecrets": {},
                "f:metadata": {
                    "f:annotations": {"f:a": {}},
                    "f:finalizers": {"v:\"f\"": {}},
                    "f:labels": {},
                    "f:name": {},
                },
                "f:secrets": {"k:{\"name\":\"s\"}": {}},
            })
        );
    }
}
