//! What the server has: its version, its API groups and their resources.

use serde_json::{Value, json};

use crate::state::resources::{RESOURCES, Resource, SERVICE_ACCOUNTS};

/// What objects can be asked for: what a real server lists, without what the sandbox leaves out (`deletecollection`).
const VERBS: [&str; 7] = ["create", "delete", "get", "list", "patch", "update", "watch"];

/// The groups beside the core's, each with its resources.
const GROUPS: [(&str, &[(&str, &str)]); 1] = [(
    "authorization.k8s.io",
    &[("selfsubjectaccessreviews", "SelfSubjectAccessReview"), ("subjectaccessreviews", "SubjectAccessReview")],
)];

/// `/version`. The build says that it is no real server.
pub(crate) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2+cloudgrant.sandbox",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// `/api`. `address` is the one that the client used.
pub(crate) fn core_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `/api/v1`.
pub(crate) fn core() -> Value {
    let mut resources = Vec::new();
    for resource in RESOURCES {
        let mut described = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if !resource.short_names.is_empty() {
            described["shortNames"] = json!(resource.short_names);
        }
        described["storageVersionHash"] = json!(resource.storage_hash);
        resources.push(described);
        if resource.plural == SERVICE_ACCOUNTS.plural {
            resources.push(token());
        }
    }
    json!({"kind": "APIResourceList", "groupVersion": "v1", "resources": resources})
}

fn token() -> Value {
    json!({
        "name": "serviceaccounts/token",
        "singularName": "",
        "namespaced": true,
        "group": "authentication.k8s.io",
        "version": "v1",
        "kind": "TokenRequest",
        "verbs": ["create"],
    })
}

/// `/apis`.
pub(crate) fn groups() -> Value {
    let groups: Vec<Value> = GROUPS.iter().map(|(name, _)| described(name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(crate) fn group(name: &str) -> Option<Value> {
    GROUPS.iter().find(|(known, _)| *known == name)?;
    let mut group = described(name);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Some(group)
}

fn described(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

/// `/apis/GROUP/v1`.
pub(crate) fn resources(name: &str) -> Option<Value> {
    let (_, kinds) = GROUPS.iter().find(|(known, _)| *known == name)?;
    let all = kinds.iter().map(|(plural, kind)| {
        let singular = kind.to_lowercase();
        json!({"name": plural, "singularName": singular, "namespaced": false, "kind": kind, "verbs": ["create"]})
    });
    let all: Vec<Value> = all.collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{name}/v1"), "resources": all})
        .into()
}

/// `/api`, where the discovery of all versions at once is asked for.
pub(crate) fn aggregated_core() -> Value {
    let resources: Vec<Value> = RESOURCES.iter().map(|resource| aggregated_resource(resource)).collect();
    let version = json!({"version": "v1", "resources": resources, "freshness": "Current"});
    aggregated(vec![json!({"metadata": {}, "versions": [version]})])
}

/// `/apis`, where the discovery of all groups at once is asked for.
pub(crate) fn aggregated_groups() -> Value {
    let groups = GROUPS.iter().map(|(name, kinds)| {
        let resources = kinds.iter().map(|(plural, kind)| {
            json!({
                "resource": plural,
                "responseKind": {"group": name, "version": "v1", "kind": kind},
                "scope": "Cluster",
                "singularResource": kind.to_lowercase(),
                "verbs": ["create"],
            })
        });
        let resources: Vec<Value> = resources.collect();
        let version = json!({"version": "v1", "resources": resources, "freshness": "Current"});
        json!({"metadata": {"name": name}, "versions": [version]})
    });
    aggregated(groups.collect())
}

fn aggregated(items: Vec<Value>) -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let mut one = json!({
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "v1", "kind": resource.kind},
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": VERBS,
    });
    if !resource.short_names.is_empty() {
        one["shortNames"] = json!(resource.short_names);
    }
    if resource.plural == SERVICE_ACCOUNTS.plural {
        let kind = json!({"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"});
        one["subresources"] = json!([{"subresource": "token", "responseKind": kind, "verbs": ["create"]}]);
    }
    one
}
