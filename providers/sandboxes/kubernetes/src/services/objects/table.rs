//! Objects as the table that `kubectl get` shows.

use cloudgrant_sandbox_kit::clock;
use serde_json::{Value, json};

use super::secrets;
use crate::state::resources::{NAMESPACES, Resource, SECRETS};
use crate::state::time;

/// A table of objects. `revision` is the version of the whole, where there is one.
pub(super) fn table(resource: &Resource, objects: &[&Value], revision: &Value) -> Value {
    let column = |name: &str, of: &str, format: &str| json!({"name": name, "type": of, "format": format, "description": "", "priority": 0});
    let mut columns = vec![column("Name", "string", "name")];
    if resource.plural == NAMESPACES.plural {
        columns.push(column("Status", "string", ""));
    } else if resource.plural == SECRETS.plural {
        columns.extend([column("Type", "string", ""), column("Data", "string", "")]);
    } else {
        columns.push(column("Secrets", "string", ""));
    }
    columns.push(column("Age", "string", ""));
    let rows: Vec<Value> = objects.iter().map(|object| row(resource, object)).collect();
    let metadata = if revision.is_null() { json!({}) } else { json!({"resourceVersion": revision}) };
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    })
}

fn row(resource: &Resource, object: &Value) -> Value {
    let mut cells = vec![object["metadata"]["name"].clone()];
    if resource.plural == NAMESPACES.plural {
        cells.push(object["status"]["phase"].clone());
    } else if resource.plural == SECRETS.plural {
        cells.extend(secrets::cells(object));
    } else {
        cells.push(json!(object["secrets"].as_array().map_or(0, Vec::len).to_string()));
    }
    cells.push(json!(age(object["metadata"]["creationTimestamp"].as_str().unwrap_or_default())));
    json!({
        "cells": cells,
        "object": {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"],
        },
    })
}

/// How long ago that was, shortly: `12s`, `3m`, `5h`, `9d`.
fn age(created: &str) -> String {
    // Times are written in one way, in which their order is that of their texts.
    let now = clock::now();
    let before = |seconds: u64| time(now.saturating_sub(seconds.saturating_mul(1000)));
    let (mut least, mut most) = (0_u64, now / 1000);
    while least < most {
        let middle = least + (most - least) / 2;
        if before(middle).as_str() <= created { most = middle } else { least = middle + 1 }
    }
    match least {
        0..120 => format!("{least}s"),
        120..7200 => format!("{}m", least / 60),
        7200..172_800 => format!("{}h", least / 3600),
        _ => format!("{}d", least / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, shown) in [(0, "0s"), (119, "119s"), (180, "3m"), (3 * 3600, "3h"), (9 * 86_400, "9d")] {
            assert_eq!(age(&time(clock::now() - seconds * 1000)), shown);
        }
    }
}
