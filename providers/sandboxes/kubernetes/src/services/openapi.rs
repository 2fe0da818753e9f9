//! The schemas of what the server has, as clients read them: OpenAPI, version 3.
//!
//! It has what clients look for: the kinds, their fields with how lists and maps are merged, and which parameters writes
//! take. `kubectl` leaves checking fields to the server where it finds `fieldValidation` among them.

use serde_json::{Map, Value, json};

use crate::fields::schema::{Record, Type};
use crate::state::resources::{RESOURCES, Resource};

/// `/openapi/v3`.
pub(crate) fn index() -> Value {
    json!({"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}})
}

/// `/openapi/v3/api/v1`.
pub(crate) fn core() -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in RESOURCES {
        let collection = if resource.namespaced {
            format!("/api/v1/namespaces/{{namespace}}/{}", resource.plural)
        } else {
            format!("/api/v1/{}", resource.plural)
        };
        let one = format!("{collection}/{{name}}");
        paths.insert(
            collection,
            json!({"get": operation(resource, "list", false), "post": operation(resource, "post", true)}),
        );
        paths.insert(
            one,
            json!({
                "get": operation(resource, "get", false),
                "put": operation(resource, "put", true),
                "patch": operation(resource, "patch", true),
                "delete": operation(resource, "delete", false),
            }),
        );
        let mut schema = schema(resource.of);
        schema["x-kubernetes-group-version-kind"] = json!([{"group": "", "version": "v1", "kind": resource.kind}]);
        schemas.insert(component(resource), schema);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn component(resource: &Resource) -> String {
    format!("io.k8s.api.core.v1.{}", resource.kind)
}

fn operation(resource: &Resource, action: &str, writes: bool) -> Value {
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let mut names = vec!["pretty"];
    if writes {
        names.extend(["dryRun", "fieldManager", "fieldValidation"]);
    }
    if action == "patch" {
        names.push("force");
    }
    let content = json!({
        "application/json": {"schema": {"$ref": format!("#/components/schemas/{}", component(resource))}},
    });
    json!({
        "operationId": format!("{action}CoreV1{}", resource.kind),
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": "", "version": "v1", "kind": resource.kind},
        "parameters": names.into_iter().map(parameter).collect::<Vec<_>>(),
        "responses": {"200": {"description": "OK", "content": content}},
    })
}

fn schema(of: &Type) -> Value {
    let list = |items: Value, kind: &str| json!({"type": "array", "items": items, "x-kubernetes-list-type": kind});
    match of {
        Type::Text => json!({"type": "string"}),
        Type::Time => json!({"type": "string", "format": "date-time"}),
        Type::Boolean => json!({"type": "boolean"}),
        Type::Integer | Type::Number => json!({"type": "integer", "format": "int64"}),
        Type::Any => json!({"type": "object"}),
        Type::Map => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Type::BytesMap => json!({"type": "object", "additionalProperties": {"type": "string", "format": "byte"}}),
        Type::Record(record) => fields(record),
        Type::AtomicRecord(record) => {
            let mut schema = fields(record);
            schema["x-kubernetes-map-type"] = json!("atomic");
            schema
        }
        Type::AtomicList(of) => list(schema(of), "atomic"),
        Type::Set => list(json!({"type": "string"}), "set"),
        Type::ListBy(key, of) => {
            let mut list = list(schema(of), "map");
            list["x-kubernetes-list-map-keys"] = json!([key]);
            list
        }
    }
}

fn fields(record: &Record) -> Value {
    let properties: Map<String, Value> =
        record.fields.iter().map(|field| (field.name.to_owned(), schema(&field.of))).collect();
    json!({"type": "object", "properties": properties})
}
