//! Revokes beside what the manifest named before. What a grant that was moved to another scope, and not applied, has there is for an
//! apply, and nothing to a revoke that has nothing to do with it; and what is at the home from before gives what it gave.

use crate::support::Folder;

const AWS: &str = r#"version: 1
stack: acme-flyte
provider: aws
platform:
  kind: flyte
  projects: [forecasting, vision]
  domains: [development, production]
aws:
  region: us-west-2
  account: "111122223333"
  task_role: flyte-tasks
  node_role: flyte-nodes
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
  accounts:
    "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" }
resources:
  inputs: { aws: s3://acme-training/inputs/ }
  models: { aws: s3://acme-models/production/ }
  third: { aws: s3://acme-third/ }
registries:
  - { name: nodes, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/nodes }
"#;

const AZURE: &str = r#"version: 1
stack: acme-domains
provider: azure
platform:
  kind: flyte
  projects: [forecasting, vision]
  domains: [development, staging, production]
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
  task_identity: flyte-tasks
  cluster:
    oidc_issuer: https://westeurope.oic.prod-aks.azure.com/00000000-0000-0000-0000-00000000000a/00000000-0000-0000-0000-00000000000c/
resources:
  inputs: { azure: https://acmetraining.blob.core.windows.net/inputs }
  models: { azure: https://acmemodels.blob.core.windows.net/models }
  third: { azure: https://acmethird.blob.core.windows.net/third }
registries:
  - { name: nodes, azure: acmeimages.azurecr.io }
"#;

const PRODUCTION: &str = "{ domain: production }";
const DEVELOPMENT: &str = "{ domain: development }";

/// Grants by name, scope and resource.
fn manifest(head: &str, grants: &[(&str, &str, &str)]) -> String {
    let grant = |(name, scope, resource): &(&str, &str, &str)| {
        format!("  - {{ name: {name}, scope: {scope}, access: {{ {resource}: read }} }}\n")
    };
    format!("{head}grants:\n{}", grants.iter().map(grant).collect::<String>())
}

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What a revoke comes to where grants were applied and the manifest has others by now.
#[track_caller]
fn revoked(head: &str, had: &[(&str, &str, &str)], has: &[(&str, &str, &str)], what: &str) -> (Option<i32>, String) {
    let folder = Folder::with(&manifest(head, had));
    let (code, said) = run(&folder, &["apply", "--yes", "-q"]);
    assert_eq!(code, Some(0), "{said}");
    folder.write("cloudgrant.yaml", manifest(head, has));
    let looked = run(&folder, &["revoke", what, "--dry-run", "-v"]);
    assert!(looked.1.contains(" to delete"), "{what}: {}", looked.1);
    let done = run(&folder, &["revoke", what, "--yes", "-v"]);
    assert_eq!(done.0, looked.0, "{what}: {}", done.1);
    let again = run(&folder, &["revoke", what, "--yes", "-v"]);
    assert_eq!(again.0, looked.0, "{what}: {}", again.1);
    assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
    assert_eq!(run(&folder, &["revoke", "--all", "--yes", "-q"]).0, Some(0));
    looked
}

const NOTE: &str = "before it was edited, and isn't in the cloud";

#[test]
fn what_a_moved_grant_has_is_for_an_apply_and_no_failure_of_another_revoke() {
    let pair = "{ project: vision, domain: production }";
    for (head, to) in [(AWS, pair), (AWS, "global"), (AZURE, "{ domain: staging }"), (AZURE, "global")] {
        let had = [("moved", PRODUCTION, "inputs"), ("other", DEVELOPMENT, "models")];
        let has = [("moved", to, "inputs"), ("other", DEVELOPMENT, "models")];
        for what in ["nodes", "other"] {
            let (code, said) = revoked(head, &had, &has, what);
            // Azure's objects name no grant.
            if head == AZURE {
                assert!(code == Some(1) && !said.contains(NOTE), "{to} {what}: {said}");
                continue;
            }
            assert_eq!(code, Some(0), "{to} {what}: {said}");
            assert!(said.contains(NOTE) && said.contains("`cloudgrant apply"), "{to} {what}: {said}");
        }
    }
}

/// Who gives what a moved grant had is no reason to take that for the moved one's: it may be of what is revoked.
#[test]
fn a_new_grant_that_asks_for_the_same_makes_no_success_of_a_revoke() {
    let had = [("x", PRODUCTION, "inputs"), ("keep", PRODUCTION, "third"), ("other", DEVELOPMENT, "third")];
    let has = [
        ("x", DEVELOPMENT, "models"),
        ("keep", PRODUCTION, "third"),
        ("other", DEVELOPMENT, "third"),
        ("y", DEVELOPMENT, "inputs"),
    ];
    let folder = Folder::with(&manifest(AZURE, &had));
    assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
    folder.write("cloudgrant.yaml", manifest(AZURE, &has));
    let (code, said) = run(&folder, &["revoke", "x", "--yes"]);
    assert!(code == Some(1) && said.contains("stays: role-assignment") && said.contains("inputs"), "{said}");
}

/// A policy that something else needs stays, and what of it is by its Sids of what is revoked goes all the same.
#[test]
fn what_names_the_revoked_goes_from_a_policy_that_stays() {
    let pair = "{ project: vision, domain: production }";
    let had = [
        ("x", PRODUCTION, "inputs"),
        ("keep", PRODUCTION, "third"),
        ("other", DEVELOPMENT, "third"),
        ("pone", pair, "models"),
    ];
    let moved = [had[0], had[1], had[2], ("pone", "{ project: forecasting, domain: development }", "models")];
    for has in [&had[..3], &moved[..]] {
        let folder = Folder::with(&manifest(AWS, &had));
        assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
        folder.write("cloudgrant.yaml", manifest(AWS, has));
        let output = folder.output(&["revoke", "x", "--dry-run", "--sandbox", "-o", "json"]);
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let changes = plan["changes"].as_array().expect("changes");
        let is_policy = |change: &&serde_json::Value| {
            change["kind"] == "iam-policy" && change["name"] == "cloudgrant_acme-flyte.f29223cd_production"
        };
        let policy = changes.iter().find(is_policy).unwrap_or_else(|| panic!("{plan:#}"));
        assert_eq!(policy["action"], "update", "{plan:#}");
        let after = policy["after"].to_string();
        assert!(after.contains("KeepRead") && !after.contains("XRead") && !after.contains("XList"), "{after}");
        // All of x is gone then.
        assert_eq!(run(&folder, &["revoke", "x", "--yes", "-q"]).0, Some(1));
        folder.write("cloudgrant.yaml", manifest(AWS, &has[1..]));
        let drift = folder.output(&["drift", "--sandbox", "-o", "json"]);
        assert!(!String::from_utf8_lossy(&drift.stdout).contains("\"XRead\""));
    }
}

/// Nobody knows of it whose it was, or it is where the revoke takes something away.
#[test]
fn what_nobody_asks_for_and_may_be_for_what_is_revoked_is_no_success() {
    for head in [AWS, AZURE] {
        let other = ("other", DEVELOPMENT, "models");
        let moved = |scope: &'static str| ("moved", scope, "inputs");
        let taken_out = [moved(PRODUCTION), other];
        // It was taken out.
        for what in ["nodes", "other"] {
            let (code, said) = revoked(head, &taken_out, &[other, ("new", "global", "third")], what);
            assert!(code == Some(1) && !said.contains(NOTE), "{what}: {said}");
        }
        // It is on a principal of what is revoked.
        let beside = ("beside", PRODUCTION, "models");
        let (code, said) = revoked(head, &[moved(PRODUCTION), beside], &[moved("global"), beside], "beside");
        assert_eq!(code, Some(1), "{said}");
        // What is revoked was moved itself; on AWS, all of it says whose it was.
        let (had, has) = ([moved(PRODUCTION), other], [moved(DEVELOPMENT), other]);
        let (code, said) = revoked(head, &had, &has, "moved");
        assert!(code == Some(i32::from(head == AZURE)) && !said.contains(NOTE), "{said}");
        // Both were, from the same place, with the same.
        let (had, has) =
            ([moved(PRODUCTION), ("same", PRODUCTION, "inputs")], [moved(DEVELOPMENT), ("same", "global", "inputs")]);
        let (code, said) = revoked(head, &had, &has, "moved");
        assert_eq!(code, Some(1), "{said}");
    }
}

/// What is at the home from before gives what it gave. Whoever takes access away must not read that there is nothing.
#[test]
fn who_revokes_at_a_changed_home_is_told_where_the_stack_is() {
    let grants = [("g", PRODUCTION, "inputs"), ("h", DEVELOPMENT, "models")];
    for (head, from, to, has_registries) in [
        (AWS, "id/EXAMPLE", "id/OTHER", false),
        (AZURE, "resource_group: acme-dataplane", "resource_group: acme-other", true),
        (AWS, "stack: acme-flyte", "stack: acme-renamed", false),
        // By what both stacks share, and by what either has in its domains alone.
        (AZURE, "stack: acme-domains", "stack: acme-renamed", true),
        (AZURE, "stack: acme-domains", "stack: acme-renamed", false),
    ] {
        let head = if has_registries { head } else { head.split("registries:").next().unwrap_or_default() };
        let before = manifest(head, &grants);
        let after = before.replace(from, to);
        assert_ne!(before, after);
        let folder = Folder::with(&before);
        assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0));
        folder.write("cloudgrant.yaml", &after);
        for quiet in [&[][..], &["-q"]] {
            let (code, said) = run(&folder, &[&["revoke", "g", "--yes"], quiet].concat());
            assert!(code == Some(1) && !said.contains("Nothing to do"), "{to}: {said}");
            assert!(said.contains("nothing was taken away"), "{to}: {said}");
            if from.starts_with("stack") {
                let former = from.replace("stack: ", "stack ");
                assert!(said.contains(&format!("warning: {former}, at the same home")), "{to}: {said}");
            } else {
                // What was asked for and no more, in a line of its own.
                let command = "cloudgrant revoke g --yes --sandbox`".replace(" --yes", "");
                assert!(said.contains("take it away there: `CLOUDGRANT_") && said.contains(&command), "{to}: {said}");
                assert!(!said.contains("--all"), "{to}: {said}");
            }
        }
        // Whoever takes all away has an empty home afterwards, which is no failure; but they are told.
        if !from.starts_with("stack") {
            let (code, said) = run(&folder, &["revoke", "--all", "--yes", "-q"]);
            assert!(code == Some(0) && said.contains("what it gives stays given"), "{to}: {said}");
        }
        // Where some of the stack is at both, what is here goes, and the other home is told.
        if !from.starts_with("stack") {
            assert_eq!(run(&folder, &["apply", "--yes", "-q"]).0, Some(0), "{to}");
            let (code, said) = run(&folder, &["revoke", "g", "--yes", "-q"]);
            assert!(code == Some(0) && said.contains("what it gives stays given"), "{to}: {said}");
        }
    }
}
