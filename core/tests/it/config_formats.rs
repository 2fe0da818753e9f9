//! YAML, TOML and JSON mean the same.

use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};

const YAML: &str = r#"version: 1
stack: acme-ml
provider: fake
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains: [development, production]
fake: { region: north, retries: 3 }
aws: { account: "011122223333" }
resources:
  data: { fake: "store://data", force: true }
grants:
  - { name: all, scope: global, access: { data: read } }
  - name: one
    scope: { project: vision, domain: production }
    access: { data: write }
    precise: true
registries:
  - { name: images, access: pull, fake: "registry://images" }
bindings:
  - scope: { domain: development }
"#;

const TOML: &str = r#"
version = 1
stack = "acme-ml"
provider = "fake"
fake = { region = "north", retries = 3 }
aws.account = "011122223333"

[platform]
kind = "union"
organization = "acme"
projects = ["forecasting", "vision"]
domains = ["development", "production"]

[resources.data]
fake = "store://data"
force = true

[[grants]]
name = "all"
scope = "global"
access = { data = "read" }

[[grants]]
name = "one"
scope = { project = "vision", domain = "production" }
access.data = "write"
precise = true

[[registries]]
name = "images"
access = "pull"
fake = "registry://images"

[[bindings]]
scope.domain = "development"
"#;

const JSON: &str = r#"{
  "version": 1, "stack": "acme-ml", "provider": "fake",
  "platform": {
    "kind": "union", "organization": "acme",
    "projects": ["forecasting", "vision"], "domains": ["development", "production"]
  },
  "fake": { "region": "north", "retries": 3 },
  "aws": { "account": "011122223333" },
  "resources": { "data": { "fake": "store://data", "force": true } },
  "grants": [
    { "name": "all", "scope": "global", "access": { "data": "read" } },
    { "name": "one", "scope": { "project": "vision", "domain": "production" }, "access": { "data": "write" }, "precise": true }
  ],
  "registries": [{ "name": "images", "access": "pull", "fake": "registry://images" }],
  "bindings": [{ "scope": { "domain": "development" } }]
}"#;

fn load(text: &str, file: &str) -> Result<Loaded, cloudgrant_core::Error> {
    Loaded::from_text(text, Path::new(file), &Overrides::default())
}

/// A manifest in a form that can be compared: everything but the order of the providers' sections.
fn seen(text: &str, file: &str) -> String {
    let manifest = load(text, file).expect(file).manifest;
    let sections = ["aws", "azure", "fake"].map(|provider| manifest.section(provider).to_string());
    let all = format!("{manifest:?}");
    let (rest, _) = all.split_once("sections:").expect("sections come last");
    format!("{rest}{sections:?}")
}

#[test]
fn the_three_notations_mean_the_same() {
    let yaml = seen(YAML, "m.yaml");
    assert_eq!(yaml, seen(TOML, "m.toml"));
    assert_eq!(yaml, seen(JSON, "m.json"));
    // JSON is YAML, and a file without a known ending is taken for that.
    assert_eq!(yaml, seen(JSON, "manifest"));
    // Tabs, which YAML doesn't allow, are fine in JSON.
    assert_eq!(yaml, seen(&JSON.replace("  ", "\t"), "m.json"));
    assert_eq!(yaml, seen(&JSON.replace('\n', "\r\n"), "m.json"));
}

#[test]
fn problems_have_places_in_each_notation() {
    for (text, file, line) in [
        (YAML.replace("domains:", "domians:"), "m.yaml", 8),
        (TOML.replace("domains =", "domians ="), "m.toml", 12),
        (JSON.replace("\"domains\":", "\"domians\":"), "m.json", 5),
    ] {
        let error = load(&text, file).expect_err(file);
        let unknown = error.problems().iter().find(|problem| problem.message.contains("domians")).expect("reported");
        assert_eq!(unknown.place.as_ref().map(|place| place.line), Some(line), "{file}: {error}");
        assert!(unknown.hint.as_ref().is_some_and(|hint| hint.contains("did you mean `domains`?")), "{error}");
    }
}

#[test]
fn duplicates_are_refused_in_each_notation() {
    for (text, file) in [
        (YAML.replace("provider: fake\n", "provider: fake\nstack: other\n"), "m.yaml"),
        (TOML.replace("provider = \"fake\"\n", "provider = \"fake\"\nstack = \"other\"\n"), "m.toml"),
        (JSON.replace("\"provider\": \"fake\",", "\"provider\": \"fake\", \"stack\": \"other\","), "m.json"),
        (JSON.replace("\"provider\": \"fake\",", "\t\"provider\": \"fake\", \"stack\": \"other\","), "tabs.json"),
    ] {
        let error = load(&text, file).expect_err(file);
        let said = error.to_string();
        assert!(said.contains("stack") && (said.contains("twice") || said.contains("duplicate key")), "{file}: {said}");
    }
}

#[test]
fn all_problems_come_in_one_go() {
    let text = YAML
        .replace("stack: acme-ml", "stack: Acme")
        .replace("kind: union", "kind: onion")
        .replace("access: { data: read }", "access: { data: reed }")
        .replace("registries:", "registrys:");
    let error = load(&text, "m.yaml").expect_err("four problems");
    let paths: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    for path in ["stack", "platform.kind", "grants[0].access.data", "registrys"] {
        assert!(paths.contains(&path), "{path} is missing from {paths:?}");
    }
}

#[test]
fn what_is_no_manifest_is_refused_in_words() {
    for (text, file, says) in [
        ("", "m.yaml", "is empty"),
        ("  \n", "m.json", "is empty"),
        ("[]", "m.json", "no mapping"),
        ("- a\n- b\n", "m.yaml", "no mapping"),
        ("just words", "m.yaml", "no mapping"),
        ("a: [", "m.yaml", "isn't valid YAML"),
        ("a = ", "m.toml", "isn't valid TOML"),
        ("{\"a\": 1,}", "m.json", "isn't valid JSON"),
        ("stack: acme\n---\nstack: other\n", "m.yaml", "m.yaml:2:1: this isn't valid YAML: a second document"),
    ] {
        let error = load(text, file).map(drop).expect_err(text);
        assert!(error.to_string().contains(says), "{text:?} in {file}: {error}");
    }
}
