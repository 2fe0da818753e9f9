//! What a platform was told, from its sandbox's files, in a form in which equal worlds are equal.

use serde_json::{Map, Value, json};

use crate::cloud::State;

/// The state from the files: their path in the sandbox's folder, and what is in them.
pub(super) fn canonical(files: Vec<(String, Value)>) -> State {
    files.into_iter().flat_map(|(name, value)| of_file(&name, &value)).collect()
}

fn of_file(name: &str, value: &Value) -> Vec<(String, Value)> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match name.split('/').next().unwrap_or_default() {
        "serviceaccounts" => {
            let metadata = &value["metadata"];
            let key = format!("service account {}/{}", text(metadata, "namespace"), text(metadata, "name"));
            let entries = metadata["managedFields"].as_array().into_iter().flatten();
            let mut managers: Vec<_> = entries.map(without_time).collect();
            // They come in the order of their times.
            managers.sort_by_cached_key(Value::to_string);
            vec![(key, json!({ "annotations": present(&metadata["annotations"]), "managers": managers }))]
        }
        "attributes" => {
            let kind = text(value, "resource_type");
            let records = value["records"].as_array().into_iter().flatten();
            let of_record = |record: &Value| {
                let place = ["project", "domain", "workflow"].map(|key| text(record, key)).join("/");
                (format!("{kind} {place}"), record["attributes"].clone())
            };
            records.map(of_record).collect()
        }
        // What has no settings is as if nobody had ever set any: the service keeps its version.
        "settings" if value["settings"].as_object().is_some_and(|settings| !settings.is_empty()) => {
            let key = format!("settings {}/{}", text(value, "project"), text(value, "domain"));
            vec![(key, value["settings"].clone())]
        }
        _ => Vec::new(),
    }
}

/// Nothing, and an empty map, are the same.
fn present(annotations: &Value) -> Map<String, Value> {
    annotations.as_object().cloned().unwrap_or_default()
}

fn without_time(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Some(entry) = entry.as_object_mut() {
        entry.remove("time");
    }
    entry
}
