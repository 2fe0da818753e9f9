//! Manifests from before platforms were plugins make the objects that they made then. README.md in the folder beside this file says
//! where the plans come from, and explains the two differences.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Folder;

/// A manifest with the plan that the earlier program made of it in an empty sandbox.
struct Case {
    file: &'static str,
    manifest: &'static str,
    provider: &'static str,
    profile: Option<&'static str>,
    before: &'static str,
}

macro_rules! case {
    ($file:literal, $provider:literal) => {
        case!(@ $file, $provider, None, "")
    };
    ($file:literal, $provider:literal, $profile:literal) => {
        case!(@ $file, $provider, Some($profile), concat!(".", $profile))
    };
    (@ $file:literal, $provider:literal, $profile:expr, $suffix:expr) => {
        Case {
            file: $file,
            manifest: include_str!(concat!("old_manifests/", $file)),
            provider: $provider,
            profile: $profile,
            before: include_str!(concat!("old_manifests/plans/", $file, ".", $provider, $suffix, ".json")),
        }
    };
}

const CASES: [Case; 8] = [
    case!("domains.yaml", "azure"),
    case!("embedding.yaml", "aws"),
    case!("first.yaml", "aws"),
    case!("profiles.toml", "aws", "staging"),
    case!("profiles.toml", "aws", "production"),
    case!("project-domain.yaml", "aws"),
    case!("quickstart.yaml", "aws"),
    case!("quickstart.yaml", "azure"),
];

/// The kind by which a platform is told: the one that a platform's plugin words by now.
const PLATFORM_BINDING: &str = "platform-binding";

#[test]
fn an_old_manifest_makes_the_same_objects() {
    for case in CASES {
        let name = format!("{} on {} {}", case.file, case.provider, case.profile.unwrap_or_default());
        let before = by_name(&serde_json::from_str(case.before).expect("JSON"));
        let after = by_name(&plan(&case)["changes"]);
        assert_eq!(Vec::from_iter(before.keys()), Vec::from_iter(after.keys()), "{name}");
        for (key, before) in &before {
            let after = &after[key];
            for field in ["action", "after"] {
                assert_eq!(before[field], after[field], "{name}: {field} of {key:?}");
            }
            if key.0 != PLATFORM_BINDING {
                assert_eq!(before["because"], after["because"], "{name}: {key:?}");
                assert_eq!(before.get("handoff"), after.get("handoff"), "{name}: {key:?}");
                continue;
            }
            for reason in before["because"].as_array().expect("reasons") {
                assert!(after["because"].as_array().expect("reasons").contains(reason), "{name}: {reason} of {key:?}");
            }
            for field in ["to", "task"] {
                assert_eq!(before["handoff"][field], after["handoff"][field], "{name}: {field} of {key:?}");
            }
            let document = |change: &Value| change["handoff"]["document"].as_str().map(lines).expect("a document");
            assert_eq!(document(before), document(after), "{name}: {key:?}");
        }
    }
}

fn plan(case: &Case) -> Value {
    let folder = Folder::with_file(case.file, case.manifest);
    let mut arguments = vec!["plan", "--sandbox", "-o", "json", "--file", case.file, "--provider", case.provider];
    arguments.extend(case.profile.into_iter().flat_map(|profile| ["--profile", profile]));
    let output = folder.output(&arguments);
    assert!(output.status.success(), "{}: {}", case.file, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn by_name(changes: &Value) -> BTreeMap<(String, String), Value> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let changes = changes.as_array().expect("changes").iter();
    changes.map(|change| ((text(&change["kind"]), text(&change["name"])), change.clone())).collect()
}

/// A document's lines, in whatever order, and without quotes: a value of YAML is the same with quotes.
fn lines(document: &str) -> Vec<String> {
    let mut lines: Vec<_> = document.lines().map(|line| line.replace('"', "")).collect();
    lines.sort();
    lines
}
