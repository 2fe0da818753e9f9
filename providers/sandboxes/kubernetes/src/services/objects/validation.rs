//! Whether an object may be stored.

use serde_json::{Map, Value};

use super::{meta, names, secrets};
use crate::protocol::errors::FieldError;
use crate::state::resources::{NAMESPACES, Resource};

/// Annotations may be this long, all together.
const LONGEST_ANNOTATIONS: usize = 256 * 1024;

/// What can't be changed once an object is there.
const IMMUTABLE: [&str; 6] =
    ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

/// What is wrong with a new object.
pub(super) fn of_new(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut errors = metadata(resource, object);
    if secrets::is_secret(resource.plural) {
        errors.extend(secrets::of_all(object));
    }
    errors
}

/// What is wrong with a changed object. A server looks four times at what holds for every object, twice of these at what
/// holds for changes, and says each time what it finds.
pub(super) fn of_changed(resource: &Resource, object: &Value, live: &Value) -> Vec<FieldError> {
    let of_all = metadata(resource, object);
    let mut errors = of_all.clone();
    for _ in 0..2 {
        errors.extend(changes(object, live));
        errors.extend(maps(object));
    }
    errors.extend(of_all);
    if secrets::is_secret(resource.plural) {
        errors.extend(secrets::of_change(object, live));
        errors.extend(secrets::of_all(object));
    }
    errors
}

fn changes(object: &Value, live: &Value) -> Vec<FieldError> {
    let changed = IMMUTABLE.iter().filter(|name| object["metadata"][**name] != live["metadata"][**name]);
    changed
        .map(|name| FieldError::invalid(&format!("metadata.{name}"), meta(object, name), "field is immutable"))
        .collect()
}

fn metadata(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let form = if resource.plural == NAMESPACES.plural { names::label } else { names::subdomain };
    let (name, prefix) = (meta(object, "name"), meta(object, "generateName"));
    if !prefix.is_empty() {
        // What is generated behind it may follow a dash.
        let wrong = form(prefix.strip_suffix('-').unwrap_or(prefix));
        errors.extend(wrong.iter().map(|why| FieldError::invalid("metadata.generateName", prefix, why)));
    }
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        errors.extend(form(name).iter().map(|why| FieldError::invalid("metadata.name", name, why)));
    }
    errors.extend(maps(object));
    errors
}

/// What is wrong with labels, annotations, owners and finalizers.
fn maps(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let entries = |name: &str| object["metadata"][name].as_object().into_iter().flat_map(Map::iter);
    for (key, value) in entries("labels") {
        errors.extend(names::qualified(key).iter().map(|why| FieldError::invalid("metadata.labels", key, why)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(names::label_value(value).iter().map(|why| FieldError::invalid("metadata.labels", value, why)));
    }
    let mut length = 0;
    for (key, value) in entries("annotations") {
        length += key.len() + value.as_str().map_or(0, str::len);
        let wrong = names::qualified(&key.to_lowercase());
        errors.extend(wrong.iter().map(|why| FieldError::invalid("metadata.annotations", key, why)));
    }
    if length > LONGEST_ANNOTATIONS {
        errors.push(FieldError::too_long("metadata.annotations", LONGEST_ANNOTATIONS));
    }
    for (at, owner) in object["metadata"]["ownerReferences"].as_array().into_iter().flatten().enumerate() {
        for name in ["apiVersion", "kind", "name", "uid"] {
            if owner[name].as_str().unwrap_or_default().is_empty() {
                let field = format!("metadata.ownerReferences[{at}].{name}");
                errors.push(FieldError::required(&field, "must not be empty"));
            }
        }
    }
    for finalizer in object["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let wrong = names::qualified(finalizer);
        errors.extend(wrong.iter().map(|why| FieldError::invalid("metadata.finalizers", finalizer, why)));
    }
    errors
}
