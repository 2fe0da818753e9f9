//! No platform is told of a principal that isn't there: a revoke makes none.

use serde_json::Value;

use crate::support::Folder;

const EXAMPLE: &str = include_str!("../../../examples/flyte/cloudgrant.yaml");

const DOMAIN: &str = "- { name: of-domain, scope: { domain: production }, access: { models: read } }\n";
const PROJECT: &str =
    "- { name: of-project, scope: { project: vision, domain: production }, access: { training-data: read } }\n";

fn manifest(delivery: &str, grants: &[&str]) -> String {
    let (head, _) = EXAMPLE.split_once("grants:\n").expect("grants");
    let mut head = head.replace("delivery: admin", &format!("delivery: {delivery}"));
    if delivery != "admin" {
        head = head.lines().filter(|line| !line.contains("  deployment:")).map(|line| format!("{line}\n")).collect();
    }
    format!("{head}grants:\n{}", grants.concat())
}

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("text"))
}

#[test]
fn no_platform_is_told_of_a_role_that_is_not_there() {
    for delivery in ["admin", "kubernetes", "settings", "handoff"] {
        // The domain's grant was revoked before, and is still listed; or was added since, and is nowhere.
        for was_revoked in [true, false] {
            let all = manifest(delivery, &[DOMAIN, PROJECT]);
            let folder = Folder::with(&if was_revoked { all.clone() } else { manifest(delivery, &[PROJECT]) });
            assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
            if was_revoked {
                assert_eq!(run(&folder, &["revoke", "of-domain", "--yes", "-q"]).0, Some(0));
            }
            std::fs::write(folder.path().join("cloudgrant.yaml"), &all).expect("written");
            let answer = folder.output(&["revoke", "of-project", "--dry-run", "-o", "json", "--sandbox"]);
            let plan: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
            let changes = plan["changes"].as_array().expect("changes");
            assert!(!changes.is_empty(), "{plan:#}");
            for change in changes {
                assert_eq!(change["action"], "delete", "{delivery}, {was_revoked}: {plan:#}");
            }
            let told = |change: &&Value| change["kind"].as_str().is_some_and(|kind| KINDS.contains(&kind));
            assert_eq!(changes.iter().any(|change| told(&change)), delivery != "handoff", "{plan:#}");
            assert_eq!(run(&folder, &["revoke", "of-project", "--yes", "-q"]).0, Some(0));
            assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
            assert_eq!(run(&folder, &["revoke", "--all", "--yes", "-q"]).0, Some(0));
        }
    }
}

const AZURE: &str = include_str!("../../../examples/domains/cloudgrant.yaml");
const KINDS: [&str; 3] = ["cluster-resource-attribute", "service-account-annotation", "service-account-setting"];

/// The manifest of a grant at a scope, beside another one or none.
fn moved(cloud: &str, delivery: &str, scope: &str, beside: Option<&str>) -> String {
    let head = match cloud {
        "aws" => manifest(delivery, &[]).replacen("aws:\n", "aws:\n  task_role: flyte-tasks\n", 1),
        _ => {
            let (head, _) = AZURE.split_once("grants:\n").expect("grants");
            let keys = format!("kind: flyte\n  delivery: {delivery}\n");
            let attribute = if delivery == "admin" { "  attribute: clientId\n" } else { "" };
            head.replacen("kind: flyte\n", &format!("{keys}{attribute}"), 1) + "grants:\n"
        }
    };
    let grant = |name: &str, scope: &str, resource: &str| {
        format!("- {{ name: {name}, scope: {scope}, access: {{ {resource}: read }} }}\n")
    };
    let beside = beside.map(|scope| grant("other", scope, "models")).unwrap_or_default();
    format!("{head}{}{beside}", grant("moved", scope, "training-data"))
}

/// The principals that the only stack has.
fn principals(folder: &Folder) -> Vec<String> {
    let output = folder.output(&["stacks", "--sandbox", "-o", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let objects = document["stacks"][0]["objects"].as_array().into_iter().flatten();
    let principals = objects.filter(|one| one["kind"] == "iam-role" || one["kind"] == "managed-identity");
    principals.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
}

/// A grant was moved, nobody applied that, and it is revoked: what the platform is told of its principal goes with that, and stays
/// where that stays.
#[test]
fn what_the_platform_is_told_follows_the_principal_of_a_grant_that_was_moved() {
    const PAIR: &str = "{ project: vision, domain: production }";
    const DOMAIN: &str = "{ domain: production }";
    const OTHER: &str = "{ domain: development }";
    const SIDEWAYS: &str = "{ project: forecasting, domain: production }";
    const ALL: &str = "global";
    let on_aws = [(DOMAIN, PAIR), (PAIR, DOMAIN), (PAIR, SIDEWAYS), (DOMAIN, ALL), (ALL, PAIR)];
    let on_azure = [(DOMAIN, OTHER), (ALL, DOMAIN)];
    let mut wrong = Vec::new();
    for (cloud, moves) in [("aws", &on_aws[..]), ("azure", &on_azure)] {
        let ways = [
            ("kubernetes", None),
            ("admin", Some(ALL)),
            ("kubernetes", Some(ALL)),
            ("settings", None),
            ("settings", Some(ALL)),
        ];
        for (delivery, beside) in ways {
            for (from, to) in moves {
                let case = format!("{cloud} {delivery} {from} > {to} beside {beside:?}");
                let folder = Folder::with(&moved(cloud, delivery, from, beside));
                let (code, said) = run(&folder, &["apply", "--yes", "-q"]);
                assert_eq!(code, Some(0), "{case}: {said}");
                folder.write("cloudgrant.yaml", moved(cloud, delivery, to, beside));
                let before = principals(&folder);
                let answer = folder.output(&["revoke", "moved", "--dry-run", "-o", "json", "--sandbox"]);
                let plan: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
                let changes = plan["changes"].as_array().unwrap_or_else(|| panic!("{case}: {plan:#}"));
                let told = changes.iter().filter(|one| KINDS.contains(&one["kind"].as_str().unwrap_or_default()));
                let told = told.count();
                let (code, said) = run(&folder, &["revoke", "moved", "--yes"]);
                let after = principals(&folder);
                if (told > 0) != (after.len() < before.len()) {
                    wrong.push(format!("{case}: {before:?} > {after:?}, {told} of what is told"));
                }
                assert!(after.is_empty() || beside.is_some() || code == Some(1), "{case}: {said}");
                let (again, said) = run(&folder, &["revoke", "moved", "--yes"]);
                assert_eq!((again, principals(&folder)), (code, after), "{case}: {said}");
                assert_eq!(run(&folder, &["revoke", "--all", "--yes", "-q"]).0, Some(0), "{case}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
