//! A key without a value never means anything wider than the key that isn't written: it is refused, wherever it stands.
//!
//! The manifest below has every key that there is. That it has is checked as well: a key that is added to a section and not
//! here fails the test.

use std::path::Path;

use cloudgrant_aws as _;
use cloudgrant_azure as _;
use cloudgrant_azureml as _;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Diagnostic, Error, Registration, providers};
use serde_json::{Value, json};

/// Every key of the core's sections and of both providers'.
fn every_key() -> Value {
    json!({
        "version": 1,
        "stack": "acme-ml",
        "provider": "aws",
        "platform": {
            "kind": "union", "organization": "acme", "projects": ["forecasting", "vision"],
            "domains": ["staging", "production"], "namespace": "{project}-{domain}", "service_account": "default",
            "delivery": ["admin", "kubernetes"], "attribute": "defaultUserRoleValue", "deployment": "flyte.example.com",
            "low_privilege": false,
        },
        "aws": {
            "region": "us-west-2", "account": "111122223333",
            "binding": "pod-identity",
            "cluster": {
                "name": ["blue", "green"], "oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE", "audience": "sts.amazonaws.com",
            },
            "task_role": "tasks", "task_policy": "policy", "node_role": "nodes", "protected": ["admin*"],
            "platform_buckets": ["union-*"], "profile": "work", "endpoint": "http://127.0.0.1:4566",
            "accounts": {
                "444455556666": { "assume_role": "arn:aws:iam::444455556666:role/registry-admin" },
                "777788889999": { "profile": "other" },
                "888899990000": {
                    "assume_role": { "role": "arn:aws:iam::888899990000:role/x", "external_id": "deploy", "session_name": "deploy", "duration": 900 },
                },
            },
            "permissions_boundary": "arn:aws:iam::111122223333:policy/boundary", "tags": { "owner": "data" }, "settle_timeout": 60,
            "home": "account",
            "request_timeout": 30, "credentials": "sandbox", "inspect_secrets": false,
            "actions": { "data": { "read": ["kinesis:GetRecords"] } },
            "policies": { "data": { "write": "arn:aws:iam::111122223333:policy/data-writer" } }, "keys": { "data": "1234" },
        },
        "azure": {
            "tenant": "00000000-0000-0000-0000-00000000000a", "subscription": "00000000-0000-0000-0000-00000000000b",
            "resource_group": "acme-dataplane", "location": "westeurope",
            "cluster": { "name": "acme", "resource_group": "acme-clusters", "oidc_issuer": ["https://oidc.example/a/b/", "https://oidc.example/a/c/"], "audience": "api://AzureADTokenExchange" },
            "task_identity": "tasks", "identities": { "production": "union-production" },
            "kubelet_identity": "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kubelet",
            "roles": { "data": { "read": "Reader" } }, "protected": ["admin*"], "platform_accounts": ["union*"],
            "cloud": "public", "credentials": "sandbox", "endpoint": "https://127.0.0.1:1", "authority": "https://127.0.0.1:2",
            "ca_certificate": "ca.pem", "request_timeout": 30, "tags": { "owner": "data" }, "settle_timeout": 60,
        },
        "resources": {
            "data": { "aws": "s3://acme-training/inputs/", "azure": "https://acme.blob.core.windows.net/inputs", "force": false },
        },
        "grants": [
            { "name": "one", "scope": { "project": "vision", "domain": "production" }, "access": { "data": "read" }, "precise": false },
            { "name": "all", "scope": "global", "access": { "data": "read" }, "precise": false },
        ],
        "registries": [
            { "name": "images", "access": "pull", "aws": "111122223333.dkr.ecr.us-west-2.amazonaws.com/base", "azure": "acmeimages.azurecr.io" },
        ],
        "bindings": [{ "scope": { "project": "forecasting", "domain": "staging" } }],
        "audit": "audit.jsonl",
        "profiles": {},
    })
}

/// The same with those of a platform whose scopes are workloads in the place of a platform with projects and domains.
fn every_key_with_workloads() -> Value {
    let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/ml/providers";
    let identity = format!("{group}/Microsoft.ManagedIdentity/userAssignedIdentities/acme-workspace");
    let mut manifest = every_key();
    manifest["provider"] = json!("azure");
    manifest["platform"] = json!({
        "kind": "azureml",
        "workspace": format!("{group}/Microsoft.MachineLearningServices/workspaces/acme"),
        "computes": { "training": "cpu-cluster" }, "endpoints": { "scoring": "churn" },
        "workspace_identity": {
            "user_assigned": [identity], "primary": identity, "system_datastores": "identity", "roles": false,
        },
    });
    manifest["grants"] = json!([
        { "name": "one", "scope": { "workload": "training" }, "access": { "data": "read" }, "precise": false },
        { "name": "all", "scope": "global", "access": { "data": "read" }, "precise": false },
    ]);
    manifest["bindings"] = json!([{ "scope": { "workload": "scoring" } }]);
    // No nodes pull for workloads. The clouds' own keys are in the other one.
    manifest.as_object_mut().map(|manifest| manifest.remove("registries"));
    manifest["azure"] = json!({
        "tenant": "00000000-0000-0000-0000-00000000000a", "subscription": "00000000-0000-0000-0000-00000000000b",
        "resource_group": "acme-dataplane",
    });
    manifest
}

fn load(manifest: &Value, file: &str, overrides: &Overrides) -> Result<Loaded, Error> {
    Loaded::from_text(&serde_json::to_string_pretty(manifest).expect("JSON"), Path::new(file), overrides)
}

/// What a manifest comes to, or everything that is wrong with it.
fn outcome(manifest: &Value, file: &str, overrides: &Overrides) -> Result<String, Vec<Diagnostic>> {
    let loaded = load(manifest, file, overrides).map_err(|error| error.problems().to_vec())?;
    let (mut problems, mut said) = (Vec::new(), String::new());
    for registration in providers().expect("providers") {
        let section = loaded.manifest.section(registration.id);
        problems.extend((registration.check_config)(&section));
        let (intents, refused) = cloudgrant_core::intents(&loaded.manifest, registration);
        // Azure has no single projects; what is compared is what there is of them.
        problems.extend(refused.into_iter().filter(|problem| !problem.path.ends_with(".scope")));
        said.push_str(&format!("{}: {section} {intents:?}\n", registration.id));
    }
    if problems.is_empty() { Ok(said) } else { Err(problems) }
}

/// The paths of all that is in a value, as JSON pointers, and as key paths.
fn places(value: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    let inner: Vec<(String, String, &Value)> = match value {
        Value::Object(map) => {
            let dot = if path.is_empty() { "" } else { "." };
            map.iter().map(|(key, inner)| (key.replace('/', "~1"), format!("{path}{dot}{key}"), inner)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, inner)| (at.to_string(), format!("{path}[{at}]"), inner)).collect()
        }
        _ => Vec::new(),
    };
    for (step, path, inner) in inner {
        let pointer = format!("{pointer}/{step}");
        found.push((pointer.clone(), path.clone()));
        places(inner, &pointer, &path, found);
    }
}

fn all_places(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    places(value, "", "", &mut found);
    found
}

fn with_null(manifest: &Value, pointer: &str) -> Value {
    let mut changed = manifest.clone();
    *changed.pointer_mut(pointer).expect("a place") = Value::Null;
    changed
}

/// The same without the key or the entry.
fn without(manifest: &Value, pointer: &str) -> Value {
    let mut changed = manifest.clone();
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
    match changed.pointer_mut(parent).expect("a place") {
        Value::Object(map) => drop(map.remove(&last.replace("~1", "/"))),
        Value::Array(items) => drop(items.remove(last.parse().expect("an index"))),
        _ => unreachable!("only these have something in them"),
    }
    changed
}

#[test]
fn the_manifests_of_this_test_have_every_key() {
    let (all, of_workloads) =
        (has_every_key(&every_key(), ""), has_every_key(&every_key_with_workloads(), "/platform"));
    assert!(all >= 11 && of_workloads >= 1, "only {all} and {of_workloads} mappings said what they take");
}

/// How many mappings in a part of a manifest said which keys they take.
fn has_every_key(manifest: &Value, part: &str) -> usize {
    let mut asked = 0;
    let mut mappings: Vec<_> = all_places(manifest).into_iter().map(|(pointer, _)| pointer).collect();
    mappings.push(String::new());
    mappings.retain(|pointer| pointer.starts_with(part) && manifest.pointer(pointer).is_some_and(Value::is_object));
    for pointer in &mappings {
        let mut changed = manifest.clone();
        changed.pointer_mut(pointer).expect("a place")["zzzzzzzz"] = json!("x");
        let Err(problems) = outcome(&changed, "m.json", &Overrides::default()) else { continue };
        let unknown = problems.iter().find(|problem| problem.message.contains("unknown key"));
        let Some(known) = unknown.and_then(|problem| problem.hint.as_deref()?.split("possible: ").nth(1)) else {
            continue;
        };
        asked += 1;
        assert!(!known.contains(" more"), "{known}");
        for key in known.split(", ") {
            // A scope is a workload, or a domain with or without a project: a platform has one or the other.
            if pointer.ends_with("/scope") && key == "workload" {
                continue;
            }
            let here = manifest.pointer(pointer).expect("a place");
            assert!(!here[key].is_null(), "`{key}` in `{pointer}` isn't in the manifest of this test");
        }
    }
    asked
}

#[test]
fn every_key_without_a_value_is_refused_where_it_stands() {
    refuses_nulls(&every_key(), 80);
}

#[test]
fn every_key_of_a_platform_with_workloads_is_refused_without_a_value_too() {
    refuses_nulls(&every_key_with_workloads(), 60);
}

fn refuses_nulls(manifest: &Value, least: usize) {
    outcome(manifest, "m.json", &Overrides::default()).expect("the whole manifest is right");
    let places = all_places(manifest);
    assert!(places.len() > least, "{}", places.len());
    for file in ["m.json", "m.yaml"] {
        for (pointer, path) in &places {
            if path == "platform.kind" && !manifest["platform"]["workspace"].is_null() {
                // Which keys there are, it says: without it, those of most platforms are missing as well.
                continue;
            }
            let changed = with_null(manifest, pointer);
            let problems = outcome(&changed, file, &Overrides::default()).map_or_else(
                |problems| problems,
                |wide| {
                    // As if it weren't written would be right too; anything else would be wider, or narrower.
                    let narrow = outcome(&without(manifest, pointer), file, &Overrides::default());
                    assert_eq!(Ok(wide), narrow, "{path}");
                    Vec::new()
                },
            );
            let is_of_workloads = ["platform.computes", "platform.endpoints"].iter().any(|key| path.starts_with(key));
            // Who is granted something under a name that can't be read is told as well, and a primary identity that isn't listed any more.
            let identity = "platform.workspace_identity";
            let follows = |problem: &Diagnostic| {
                is_of_workloads && problem.path.ends_with(".scope.workload")
                    || path.starts_with(&format!("{identity}.user_assigned")) && problem.path == identity
            };
            let problems: Vec<_> = problems.into_iter().filter(|problem| !follows(problem)).collect();
            assert_eq!(problems.len(), 1, "{file} {path}: {problems:?}");
            assert_eq!(&problems[0].path, path);
            assert!(problems[0].place.is_some() && problems[0].hint.is_some(), "{problems:?}");
            assert!(problems[0].message.contains("value"), "{problems:?}");
        }
    }
}

/// A profile can't take a value away by leaving its place empty, whether it is selected or not.
#[test]
fn a_profile_takes_nothing_away_with_null() {
    let manifest = every_key();
    for (pointer, path) in all_places(&manifest).iter().filter(|(pointer, _)| !pointer.starts_with("/profiles")) {
        // What a profile would be that has only this: the mappings around it, and in lists, the list itself.
        if path.contains('[') {
            continue;
        }
        let key = |step: &str| step.replace("~1", "/");
        let layer = pointer[1..].rsplit('/').fold(Value::Null, |inner, step| json!({ key(step): inner }));
        let mut changed = manifest.clone();
        changed["profiles"] = json!({ "staging": layer });
        for profile in [None, Some("staging".to_owned())] {
            let overrides = Overrides { profile, ..Overrides::default() };
            let problems = outcome(&changed, "m.yaml", &overrides).expect_err(path);
            assert!(
                problems.iter().any(|problem| problem.path == format!("profiles.staging.{path}")),
                "{path}: {problems:?}"
            );
        }
    }
}

#[test]
fn neither_does_a_variable_nor_a_flag() {
    let manifest = every_key();
    for (name, value, path) in [
        ("AWS", r#"{"cluster": null}"#, "aws.cluster"),
        ("PLATFORM__PROJECTS", r#"["vision", null]"#, "platform.projects[1]"),
        ("BINDINGS", r#"[{"scope": {"project": null, "domain": "production"}}]"#, "bindings[0].scope.project"),
    ] {
        let environment = vec![(format!("CLOUDGRANT_{name}"), value.to_owned())];
        let overrides = Overrides { environment, ..Overrides::default() };
        let problems = outcome(&manifest, "m.yaml", &overrides).expect_err(path);
        assert_eq!(problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>(), [path]);
        assert!(problems[0].layer.as_deref().is_some_and(|layer| layer.contains(name)), "{problems:?}");
    }
    let flags = vec![("aws.cluster".to_owned(), Value::Null, "--x".to_owned())];
    let problems = outcome(&manifest, "m.yaml", &Overrides { flags, ..Overrides::default() }).expect_err("null");
    assert_eq!(problems[0].path, "aws.cluster");
    let loaded = load(&manifest, "m.yaml", &Overrides::default()).expect("right");
    let over = loaded.overlaid(&json!({ "aws": { "cluster": null } }), "a layer").expect_err("null");
    assert_eq!(over.problems()[0].path, "aws.cluster");
}

/// What started it: a scope whose project has no value isn't the whole domain, by whichever way it is read.
#[test]
fn a_scope_without_its_projects_name_is_no_domain() {
    for text in [
        "{ project: , domain: production }",
        "{ project: ~, domain: production }",
        "{ project: null, domain: production }",
    ] {
        let manifest = crate::support::MANIFEST.replace("{ project: forecasting, domain: production }", text);
        let folder = crate::support::Folder::with(&manifest);
        let output = folder.output(&["plan", "--sandbox"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cloudgrant.yaml:23:"), "{said}");
        assert!(said.contains("`project` has no value"), "{said}");
    }
    let section: Vec<&Registration> = providers().expect("providers");
    assert_eq!(section.len(), 2);
}
