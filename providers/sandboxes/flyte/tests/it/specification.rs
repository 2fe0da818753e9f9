//! Every answer, and every body that is accepted, against Flyte's own specification.
//!
//! `admin.swagger.json` (flyteorg/flyte, `flyteidl/gen/pb-go/gateway/flyteidl/service`) is in the folder that FLYTE_SPECS names, or
//! in `../shared/specs/flyte` beside the repository; where it isn't, this test says so and checks nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cloudgrant_flyte_sandbox::Seed;
use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::client::{Flyte, Reply};

/// The specification, if it is there.
fn specification() -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let named = std::env::var_os("FLYTE_SPECS").map(|folder| root.join(folder));
    let file = named.unwrap_or_else(|| root.join("../shared/specs/flyte")).join("admin.swagger.json");
    let text = std::fs::read_to_string(&file).ok()?;
    Some(serde_json::from_str(&text).expect("a specification"))
}

/// What is asked of the sandbox, and of the specification beside it.
struct Checked {
    flyte: Flyte,
    specification: Value,
    paths: BTreeSet<String>,
    /// What was made of each schema: that takes a while.
    validators: BTreeMap<String, Validator>,
}

impl Checked {
    /// Sends a request, and holds its accepted body and its answer against the specification.
    async fn send(&mut self, method: Method, template: &str, path: &str, body: Value) -> Reply {
        self.paths.insert(format!("{method} {template}"));
        let operation = self.specification["paths"][template][method.as_str().to_lowercase()].clone();
        assert!(operation.is_object(), "the specification has no {method} {template}");
        let reply = self.flyte.send(method.clone(), path, &body).await;
        let told = format!("{method} {path}");
        if reply.status == 200 && !body.is_null() {
            let parameters = operation["parameters"].as_array().expect("parameters");
            let parameter = parameters.iter().find(|one| one["in"] == "body").expect("a body");
            self.hold(&parameter["schema"], &body, &format!("the body of {told}"));
        }
        let responses = &operation["responses"];
        let response = if reply.status == 200 { &responses["200"] } else { &responses["default"] };
        self.hold(&response["schema"], &reply.body, &format!("the answer of {told}"));
        reply
    }

    fn hold(&mut self, schema: &Value, value: &Value, what: &str) {
        let definitions = &self.specification["definitions"];
        let validator = self
            .validators
            .entry(schema.to_string())
            .or_insert_with(|| jsonschema::validator_for(&strict(schema, definitions)).expect("a schema"));
        let wrong: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:?}\n{value}");
    }
}

/// A schema in which a definition has no other fields than it names, and may be absent: `null` is how the gateway writes a message
/// that isn't set, which Swagger 2.0 can't say.
fn strict(schema: &Value, definitions: &Value) -> Value {
    let mut schema = closed(schema);
    let definitions = definitions.as_object().expect("definitions");
    let closed = definitions.iter().map(|(name, definition)| {
        let mut definition = closed(definition);
        // A message without fields is empty. Only these are for anything.
        if definition["type"] == "object" && !["protobufAny", "protobufStruct"].contains(&name.as_str()) {
            definition.as_object_mut().expect("an object").entry("additionalProperties").or_insert(json!(false));
        }
        (name.clone(), definition)
    });
    schema["definitions"] = Value::Object(closed.collect());
    schema
}

fn closed(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    // Beside a reference, other keywords count for nothing.
    if let Some(reference) = members.get("$ref") {
        return json!({"$ref": reference});
    }
    let mut members: Map<String, Value> = members.clone();
    members.remove("default");
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        for property in properties.values_mut() {
            *property = json!({"anyOf": [closed(property), {"type": "null"}]});
        }
    }
    for inside in ["items", "additionalProperties"] {
        if let Some(schema) = members.get_mut(inside) {
            *schema = closed(schema);
        }
    }
    // An object that names no fields is a `Struct`.
    if members.contains_key("properties") {
        members.entry("additionalProperties").or_insert(json!(false));
    }
    Value::Object(members)
}

const PROJECTS: &str = "/api/v1/projects";
const LEVELS: [(&str, &str, &str, &str); 3] = [
    (
        "/api/v1/project_attributes/{attributes.project}",
        "/api/v1/project_attributes/{project}",
        "/api/v1/project_attributes/vision",
        "/api/v1/project_attributes/none",
    ),
    (
        "/api/v1/project_domain_attributes/{attributes.project}/{attributes.domain}",
        "/api/v1/project_domain_attributes/{project}/{domain}",
        "/api/v1/project_domain_attributes/vision/production",
        "/api/v1/project_domain_attributes/vision/none",
    ),
    (
        "/api/v1/workflow_attributes/{attributes.project}/{attributes.domain}/{attributes.workflow}",
        "/api/v1/workflow_attributes/{project}/{domain}/{workflow}",
        "/api/v1/workflow_attributes/vision/production/train.main",
        "/api/v1/workflow_attributes/none/production/train.main",
    ),
];

/// Attributes of every type that can be set, with every field.
fn attributes() -> Vec<(&'static str, Value)> {
    let spec = json!({"cpu": "1", "gpu": "1", "memory": "1Gi", "storage": "1Gi", "ephemeral_storage": "1Gi"});
    let secret = json!({"group": "g", "group_version": "1", "key": "k", "mount_requirement": "FILE", "env_var": "E"});
    let client = json!({"client_id": "c", "client_secret": secret});
    let config = json!({
        "max_parallelism": 5,
        "security_context": {
            "run_as": {
                "iam_role": "r", "k8s_service_account": "s", "oauth2_client": client, "execution_identity": "e",
            },
            "secrets": [secret],
            "tokens": [{
                "name": "n", "type": "CLIENT_CREDENTIALS", "client": client, "idp_discovery_endpoint": "i",
                "token_endpoint": "t",
            }],
        },
        "raw_output_data_config": {"output_location_prefix": "s3://x"},
        "labels": {"values": {"a": "b"}},
        "annotations": {"values": {"a": "b"}},
        "interruptible": false,
        "overwrite_cache": true,
        "envs": {"values": [{"key": "k", "value": "v"}]},
        "execution_env_assignments": [{
            "node_ids": ["n"], "task_type": "t",
            "execution_env": {"name": "n", "type": "t", "spec": {"any": [1, {"thing": null}]}, "version": "1"},
        }],
    });
    vec![
        ("TASK_RESOURCE", json!({"task_resource_attributes": {"defaults": spec, "limits": spec}})),
        ("CLUSTER_RESOURCE", json!({"cluster_resource_attributes": {"attributes": {"defaultIamRole": "a"}}})),
        ("CLUSTER_RESOURCE", json!({"cluster_resource_attributes": {"attributes": {}}})),
        ("EXECUTION_QUEUE", json!({"execution_queue_attributes": {"tags": ["a", "b"]}})),
        ("EXECUTION_CLUSTER_LABEL", json!({"execution_cluster_label": {"value": "a"}})),
        ("WORKFLOW_EXECUTION_CONFIG", json!({"workflow_execution_config": config})),
        ("WORKFLOW_EXECUTION_CONFIG", json!({"workflow_execution_config": {}})),
        ("CLUSTER_ASSIGNMENT", json!({"cluster_assignment": {"cluster_pool_name": "a"}})),
    ]
}

/// Says why a test doesn't run here: on standard error, and in the file from which `tests/run` makes its summary.
fn say_skipped(why: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("notice: {why}\n").as_bytes()).expect("standard error");
    if let Some(file) = std::env::var_os("SKIP_NOTICES") {
        let mut notices =
            std::fs::OpenOptions::new().append(true).open(file).expect("the file that SKIP_NOTICES names");
        notices.write_all(format!("{why}\n").as_bytes()).expect("a notice");
    }
}

#[tokio::test]
async fn answers_and_accepted_bodies_are_as_the_specification_has_them() {
    let Some(specification) = specification() else {
        return say_skipped("FLYTE_SPECS names no folder with admin.swagger.json, and ../shared/specs/flyte has none");
    };
    let seed = Seed { projects: vec!["flytesnacks".to_owned(), "archived".to_owned()], ..Seed::default() };
    let mut checked =
        Checked { flyte: Flyte::with(seed).await, specification, paths: BTreeSet::new(), validators: BTreeMap::new() };
    projects(&mut checked).await;
    for level in LEVELS {
        records(&mut checked, level).await;
    }
    assert_eq!(checked.paths.len(), 16, "{:?}", checked.paths);
}

async fn projects(checked: &mut Checked) {
    let vision = json!({"project": {
        "id": "vision", "name": "Vision", "description": "pictures", "labels": {"values": {"team": "a"}}, "state": "ACTIVE",
        "org": "",
    }});
    checked.send(Method::POST, PROJECTS, PROJECTS, vision.clone()).await.ok();
    checked.send(Method::POST, PROJECTS, PROJECTS, vision).await.fails(409, 6, "already exists");
    let (one, archived) = ("/api/v1/projects/{id}", "/api/v1/projects/archived");
    checked.send(Method::PUT, one, archived, json!({"state": "ARCHIVED"})).await.ok();
    for path in ["/api/v1/projects/vision", archived, "/api/v1/projects/none"] {
        checked.send(Method::GET, one, path, Value::Null).await;
    }
    for query in ["", "?limit=1&filters=ne(state,1)", "?limit=x"] {
        checked.send(Method::GET, PROJECTS, &format!("{PROJECTS}{query}"), Value::Null).await;
    }
    for path in ["/api/v1/domains", "/api/v1/version"] {
        checked.send(Method::GET, path, path, Value::Null).await.ok();
    }
    let (read, pair) = (LEVELS[1].1, "/api/v1/project_domain_attributes/archived/production");
    checked.send(Method::GET, read, pair, Value::Null).await.fails(400, 3, "is not active");
}

async fn records(checked: &mut Checked, (update, read, path, nowhere): (&str, &str, &str, &str)) {
    let list = "/api/v1/matchable_attributes";
    let plugins = json!({"plugin_overrides": {"overrides": [
        {"task_type": "t", "plugin_id": ["p"], "missing_plugin_behavior": "USE_DEFAULT"},
    ]}});
    // A project's overrides of plugins can't be set.
    let is_project = path.contains("/project_attributes/");
    let all = attributes().into_iter().chain((!is_project).then_some(("PLUGIN_OVERRIDE", plugins)));
    for (kind, attributes) in all {
        let body = json!({"attributes": {"matching_attributes": attributes, "org": ""}});
        checked.send(Method::PUT, update, path, body).await.ok();
        let query = format!("?resource_type={kind}");
        let answer = checked.send(Method::GET, read, &format!("{path}{query}"), Value::Null).await.ok();
        holds(&answer["attributes"]["matching_attributes"], &attributes);
        checked.send(Method::GET, list, &format!("{list}{query}"), Value::Null).await.ok();
        checked.send(Method::DELETE, read, path, json!({"resource_type": kind, "org": ""})).await.ok();
        checked.send(Method::GET, list, &format!("{list}{query}"), Value::Null).await.ok();
    }
    checked
        .send(Method::GET, read, &format!("{path}?resource_type=CLUSTER_RESOURCE"), Value::Null)
        .await
        .fails(404, 5, "");
    checked.send(Method::PUT, update, nowhere, json!({"attributes": {}})).await.fails(400, 3, "");
    checked.send(Method::GET, read, nowhere, Value::Null).await.fails(400, 3, "");
    checked.send(Method::DELETE, read, nowhere, json!({})).await.fails(400, 3, "");
}

/// That all that was sent came back, whatever is added to it.
#[track_caller]
fn holds(answer: &Value, sent: &Value) {
    match sent {
        Value::Object(members) => members.iter().for_each(|(name, value)| holds(&answer[name], value)),
        Value::Array(values) => values.iter().enumerate().for_each(|(at, value)| holds(&answer[at], value)),
        value => assert_eq!(answer, value),
    }
}

#[test]
fn the_check_sees_what_is_wrong() {
    let definitions =
        json!({"a": {"type": "object", "properties": {"b": {"type": "string"}, "c": {"$ref": "#/definitions/a"}}}});
    let schema = strict(&json!({"$ref": "#/definitions/a"}), &definitions);
    let is_valid = |value: Value| jsonschema::is_valid(&schema, &value);
    assert!(is_valid(json!({"b": "", "c": {"b": "x", "c": null}})));
    assert!(!is_valid(json!({"b": 1})) && !is_valid(json!({"c": {"d": ""}})) && !is_valid(json!({"camelCase": ""})));
}
