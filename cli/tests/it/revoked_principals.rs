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
    for delivery in ["admin", "kubernetes", "handoff"] {
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
            let told = |change: &&Value| {
                matches!(change["kind"].as_str(), Some("cluster-resource-attribute" | "service-account-annotation"))
            };
            assert_eq!(changes.iter().any(|change| told(&change)), delivery != "handoff", "{plan:#}");
            assert_eq!(run(&folder, &["revoke", "of-project", "--yes", "-q"]).0, Some(0));
            assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
            assert_eq!(run(&folder, &["revoke", "--all", "--yes", "-q"]).0, Some(0));
        }
    }
}
