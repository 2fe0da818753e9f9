//! The sandbox as programs see it: requests over HTTP.

mod attributes;
mod client;
mod faults;
mod gateway;
mod lifetime;
mod plugin_overrides;
mod projects;
mod settings;
mod signing_in;
mod specification;
mod synced;

use serde_json::{Value, json};

/// The path of a pair's attributes.
const PAIR: &str = "/api/v1/project_domain_attributes/flytesnacks/development";

/// The query of a read of cluster resources.
const CLUSTER: &str = "?resource_type=CLUSTER_RESOURCE";

/// The body of an update that sets cluster resources.
fn cluster(values: Value) -> Value {
    json!({"attributes": {"matching_attributes": {"cluster_resource_attributes": {"attributes": values}}}})
}

/// The body of a deletion of cluster resources.
fn of_cluster() -> Value {
    json!({"resource_type": "CLUSTER_RESOURCE"})
}

/// The values that an answer has.
fn values(answer: &Value) -> &Value {
    &answer["attributes"]["matching_attributes"]["cluster_resource_attributes"]["attributes"]
}
