//! The lines of a manifest that are shown beside what is wrong with it: no value in them may be a credential.

use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};

const HEAD: &str = "version: 1\nstack: acme\nprovider: fake\n\
    platform: { kind: flyte, projects: [vision], domains: [production] }\n";

/// Everything that is said of a manifest with these lines in it.
fn told(lines: &str) -> (String, usize) {
    let text = format!("{HEAD}{lines}\n");
    let error = Loaded::from_text(&text, Path::new("m.yaml"), &Overrides::default()).expect_err("something is wrong");
    let said = |problem: &cloudgrant_core::Diagnostic| format!("{problem} {:?} {:?}", problem.hint, problem.line);
    let all: Vec<_> = error.problems().iter().map(said).collect();
    let shown = error.problems().iter().filter(|problem| problem.line.is_some()).count();
    (all.join("\n"), shown)
}

#[test]
fn no_value_of_a_key_that_is_unknown_is_shown() {
    for lines in [
        "client_secret: hunter2",
        "pass: hunter2",
        "pin: hunter2",
        "login: { user: hunter2, x: hunter2 }",
        "passphrase: 'hunter2 hunter2'",
        "endpoint: https://host.example/hook/hunter2",
        "endpoint: https://host.example/?token=hunter2",
        "resources: { data: { fake: store://x, pin: hunter2 } }",
        // Another problem of the same line shows no more of it, before and behind.
        "resources: { data: { fake: 5, pin: hunter2 } }",
        "resources: { data: { pin: hunter2, fake: 5 } }",
        "resources: { data: { pin: hunter2, forze: hunter2 } }",
        "platfrom: [hunter2, hunter2]",
    ] {
        let (said, shown) = told(lines);
        assert!(!said.contains("hunter2"), "{lines}: {said}");
        assert!(shown > 0, "{lines}: {said}");
    }
    // What is nearly another key holds what that one takes.
    let (said, _) = told("grants: [{ name: data, scpe: global, access: { data: read } }]");
    assert!(said.contains("scpe: global"), "{said}");
}

/// YAML takes a key and its value for one word where there is no space between them.
#[test]
fn no_value_is_shown_that_stands_right_behind_the_colon() {
    for lines in [
        "resources: { data: { fake: store://x, password:hunter2 } }",
        "resources: { data: { fake: store://x, pin:hunter2 } }",
        "resources: { data: { fake: store://x, pin:hunter2.hunter2 } }",
        "resources: { data: { fake: store://x, pin:hunter2: x } }",
        "resources: { data: { fake: store://x, pin=hunter2 } }",
        "resources: { data: { fake: 5, password:hunter2 } }",
        "resources: { data: { pin:hunter2, forze: 5 } }",
        "resources: { data: { pin:hunter2, pin:hunter2 } }",
        "fake: { password:hunter2 }",
        "password:hunter2:",
        "platform: { kind: flyte, projects: [a], domains: [b], password:hunter2 }",
        "grants: [{ name: data, scope: global, access: { data: read }, password:hunter2 }]",
        "profiles: { dev: { password:hunter2 } }",
    ] {
        let (said, _) = told(lines);
        assert!(!said.contains("hunter2"), "{lines}: {said}");
    }
    let (said, _) = told("grants: [{ name: data, scope: global, access: { data:read } }]");
    assert!(said.contains("`data:read` has no value") && said.contains("`data: read`"), "{said}");
}
