//! What is told of access that is taken away: for which grant it was, what stays, what wasn't searched, how to go on.

use serde_json::Value;

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};

const CLOUDS: [&str; 2] = ["aws", "azure"];

fn run(folder: &Folder, provider: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(&[arguments, &["--provider", provider, "--sandbox"]].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

fn applied(provider: &str) -> Folder {
    let folder = Folder::with(QUICKSTART);
    let (code, said) = run(&folder, provider, &["apply", "--yes", "-q"]);
    assert_eq!(code, Some(0), "{said}");
    folder
}

/// One JSON document that keeps to the schema, and the exit code.
fn document(folder: &Folder, provider: &str, arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [arguments, &["--provider", provider, "--sandbox", "-o", "json"]].concat();
    let output = folder.output(&arguments);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// How a revoke of everything ends: on Azure, the vendor was asked to bind a domain, and nobody can see whether that was done.
fn of_all(provider: &str) -> Option<i32> {
    Some(i32::from(provider == "azure"))
}

#[test]
fn what_would_go_can_be_looked_at_without_a_terminal() {
    for provider in CLOUDS {
        let folder = applied(provider);
        let (code, said) = run(&folder, provider, &["revoke", "--all", "--dry-run"]);
        assert_eq!(code, of_all(provider), "{said}");
        assert!(said.contains("0 to create") && !said.contains(" 0 to delete"), "{said}");
        assert!(said.contains("To take this away: cloudgrant revoke --all"), "{said}");
        let (code, plan) = document(&folder, provider, &["revoke", "training-data", "--dry-run"]);
        assert_eq!(code, Some(0), "{plan}");
        assert!(plan["summary"]["delete"].as_u64().is_some_and(|count| count > 0), "{plan}");
        // Who can't be asked is told of it.
        let (code, said) = run(&folder, provider, &["revoke", "training-data"]);
        assert!(code != Some(0) && said.contains("cloudgrant revoke training-data --dry-run"), "{said}");
        let (_, said) = run(&folder, provider, &["plan"]);
        assert!(said.contains("0 to create, 0 to update, 0 to delete"), "nothing went: {said}");
    }
}

/// What a revoke says and how it ends, first with `--dry-run` and then without: the same.
fn revoked(folder: &Folder, provider: &str, what: &[&str], code: i32, said: &str) {
    let dry = [&["revoke"][..], what, &["--dry-run"]].concat();
    let told = run(folder, provider, &dry);
    assert!(told.0 == Some(code) && told.1.contains(said), "{dry:?}: {told:?}");
    let document = assert_valid(folder, &[&dry[..], &["--provider", provider, "--sandbox"]].concat());
    if document.get("error").is_none() {
        assert_eq!((&document["command"], &document["dry_run"]), (&"revoke".into(), &true.into()), "{document:#}");
    }
    let told = run(folder, provider, &[&["revoke"][..], what, &["--yes"]].concat());
    assert!(told.0 == Some(code) && told.1.contains(said), "{what:?}: {told:?}");
}

#[test]
fn a_dry_run_ends_as_the_revoke_would() {
    for (provider, denied, protected) in [
        ("aws", "deny=ecr:DescribeRepositories", "acme-userflyterole"),
        ("azure", "deny=Microsoft.Resources/subscriptions:read", "*"),
    ] {
        let folder = applied(provider);
        revoked(&folder, provider, &["--all", "--stack", "nowhere"], 1, "there is nothing of a stack nowhere");
        revoked(&folder, provider, &["training-data"], 0, " to delete");
        // What was taken away once isn't there any more, and no failure.
        revoked(&folder, provider, &["training-data"], 0, "Nothing to do");
        let unsearched = "Not everything could be searched";
        revoked(&folder, provider, &["--all", "--faults", denied], 1, unsearched);
        revoked(&folder, provider, &["--all", "--stack", "acme-ml", "--faults", denied], 1, unsearched);
        let said = if provider == "azure" {
            "the Union team may have been asked to bind domain production"
        } else {
            // The role stayed as long as nobody could see who names it.
            "iam-role cloudgrant_acme-ml.a96e55e9_production"
        };
        revoked(&folder, provider, &["--all"], of_all(provider).unwrap_or_default(), said);
        let folder = applied(provider);
        let section = format!("\n{provider}:\n");
        let manifest = QUICKSTART.replace(&section, &format!("{section}  protected: [\"{protected}\"]\n"));
        folder.write("cloudgrant.yaml", &manifest);
        revoked(&folder, provider, &["--all"], 1, "Not everything can be deleted");
    }
}

/// README says how each ends: what the manifest asks for is there, and whether there is more, nobody knows. On Azure, a plan
/// searches no other place than those that the stack's own identities name.
#[test]
fn each_command_ends_as_documented_where_a_forgotten_place_could_not_be_searched() {
    let (aws, azure) = ("deny=ecr:DescribeRepositories", "deny=Microsoft.Resources/subscriptions:read");
    let folders = CLOUDS.map(applied);
    for (folder, provider, denied, command, code) in [
        (&folders[0], "aws", aws, &["plan", "--exit-code"][..], 0),
        (&folders[0], "aws", aws, &["apply", "--yes"], 0),
        (&folders[0], "aws", aws, &["drift", "--exit-code"], 3),
        (&folders[0], "aws", aws, &["revoke", "--all", "--dry-run"], 1),
        (&folders[0], "aws", aws, &["revoke", "--all", "--yes"], 1),
        (&folders[1], "azure", azure, &["revoke", "--all", "--dry-run"], 1),
        (&folders[1], "azure", azure, &["revoke", "--all", "--yes"], 1),
    ] {
        let command = [command, &["--faults", denied]].concat();
        let told = run(folder, provider, &command);
        assert!(told.0 == Some(code) && told.1.contains("not searched: "), "{command:?}: {told:?}");
        let (told, document) = document(folder, provider, &command);
        assert!(document["unsearched"].as_array().is_some_and(|places| !places.is_empty()), "{document:#}");
        assert_eq!(told, Some(code), "{command:?}: {document:#}");
    }
}

#[test]
fn a_revoke_of_all_that_could_not_search_everything_is_a_failure() {
    for (provider, denied, place) in [
        ("aws", "deny=ecr:DescribeRepositories", "repositories"),
        ("azure", "deny=Microsoft.Resources/subscriptions:read", "subscription"),
    ] {
        let command = ["revoke", "--all", "--yes", "--faults", denied];
        let folder = applied(provider);
        let (code, said) = run(&folder, provider, &command);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("not searched: ") && said.contains(place), "{said}");
        assert!(said.contains("Not everything could be searched"), "{said}");
        // Whatever was found is gone, and still nobody knows of the rest.
        let (code, document) = document(&folder, provider, &command);
        assert_eq!(code, Some(1), "{document:#}");
        assert!(document["unsearched"].to_string().contains(place), "{document:#}");
        assert_eq!(document["summary"]["delete"], 0, "{document:#}");
        assert_eq!(run(&folder, provider, &["revoke", "--all", "--yes", "-q"]).0, of_all(provider));
    }
}

#[test]
fn what_is_protected_stays_and_is_no_success() {
    for (provider, pattern) in [("aws", "acme-userflyterole"), ("azure", "*")] {
        let folder = applied(provider);
        let section = format!("\n{provider}:\n");
        let protected = QUICKSTART.replace(&section, &format!("{section}  protected: [\"{pattern}\"]\n"));
        assert_ne!(protected, QUICKSTART);
        folder.write("cloudgrant.yaml", protected.split("resources:").next().expect("the head"));
        let stays = |document: &Value| document["stays"].as_array().is_some_and(|stays| !stays.is_empty());
        let (code, said) = run(&folder, provider, &["drift", "--exit-code"]);
        assert_eq!(code, Some(3), "{said}");
        for command in ["apply", "revoke"] {
            let all: &[&str] = if command == "revoke" { &["--all"] } else { &[] };
            let (code, said) = run(&folder, provider, &[&[command, "--yes"], all].concat());
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("stays: ") && said.contains("is protected"), "{said}");
            let (code, document) = document(&folder, provider, &[&[command, "--yes"], all].concat());
            assert!(code == Some(1) && stays(&document), "{document:#}");
        }
        let (code, document) = document(&folder, provider, &["drift", "--exit-code"]);
        assert!(code == Some(3) && stays(&document), "{document:#}");
    }
}

#[test]
fn a_role_that_a_policy_of_others_may_name_stays_empty_and_is_no_success() {
    let folder = Folder::with(QUICKSTART);
    let shared = "  trainer:\n    aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer\n";
    let text = QUICKSTART.replace("resources:\n", &format!("resources:\n{shared}"));
    let text = text.replace("      labels-token: read\n", "      labels-token: read\n      trainer: pull\n");
    assert!(text.contains("trainer: pull"));
    folder.write("cloudgrant.yaml", &text);
    let (code, said) = run(&folder, "aws", &["apply", "--yes", "-q"]);
    assert_eq!(code, Some(0), "{said}");
    // Nobody can look at the other account any more.
    let (head, rest) = text.split_once("  accounts:").expect("the accounts");
    let (_, rest) = rest.split_once("\nazure:").expect("the next section");
    let forgotten = format!("{head}\nazure:{rest}");
    folder.write("cloudgrant.yaml", forgotten.split("resources:").next().expect("the head"));
    // Twice: what stays is told as long as it does.
    for _ in 0..2 {
        let (code, said) = run(&folder, "aws", &["apply", "--yes"]);
        assert_eq!(code, Some(1), "{said}");
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("stays: iam-role") && words.contains("can still assume it"), "{said}");
        assert!(!words.contains("what it gives stays given"), "{said}");
    }
    let (code, document) = document(&folder, "aws", &["drift", "--exit-code"]);
    assert_eq!((code, document["stays"][0]["kind"].as_str()), (Some(3), Some("iam-role")), "{document:#}");
}

#[test]
fn each_deletion_says_for_which_grant_it_was() {
    for provider in CLOUDS {
        let folder = applied(provider);
        let command = ["revoke", "--all", "--yes", "--audit", "audit.jsonl"];
        let (code, said) = run(&folder, provider, &command);
        assert_eq!(code, of_all(provider), "{said}");
        let headers = said.lines().filter(|line| line.starts_with("- ") && !line.starts_with("- delete"));
        let headers: Vec<_> = headers.collect();
        assert!(headers.len() > 1, "{said}");
        for header in headers {
            assert!(header.contains("   (was for "), "{header}");
        }
        let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
        assert!(trail.contains("\"event\":\"attempt\"") && !trail.contains("\"because\":[]"), "{trail}");
        let folder = applied(provider);
        let document = assert_valid(&folder, &["revoke", "--all", "--yes", "--provider", provider, "--sandbox"]);
        let changes = document["changes"].as_array().expect("changes").iter();
        for change in changes.filter(|change| change["action"] != "handoff") {
            assert!(change["was_for"].as_array().is_some_and(|was_for| !was_for.is_empty()), "{change:#}");
        }
    }
}

#[test]
fn the_command_that_goes_on_is_the_one_that_was_given() {
    for (provider, denied) in
        [("aws", "deny=iam:DetachRolePolicy"), ("azure", "deny=Microsoft.Authorization/roleAssignments:delete")]
    {
        let folder = applied(provider);
        for what in [&["--all"][..], &["training-data"]] {
            let arguments = [&["revoke"][..], what, &["--audit", "my trail.jsonl"]].concat();
            let (code, said) = run(&folder, provider, &[&arguments[..], &["--yes", "--faults", denied]].concat());
            assert_eq!(code, Some(1), "{said}");
            if (provider, what) == ("azure", &["training-data"]) {
                // Azure says beforehand who may do what: where nothing at all could go, nothing is begun.
                assert!(
                    said.contains("error: the caller may not delete role assignments on ")
                        && !said.contains("To go on"),
                    "{said}"
                );
                continue;
            }
            let go_on = format!(
                "To go on: cloudgrant revoke {} --audit 'my trail.jsonl' --provider {provider} --sandbox\n",
                what[0]
            );
            assert!(said.contains(&go_on), "{said}");
        }
    }
}

#[test]
fn a_registry_that_works_as_it_is_would_not_be_brought_back() {
    let folder = applied("aws");
    let (code, said) = run(&folder, "aws", &["revoke", "base-images", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("cloudgrant creates nothing for base-images") && !said.contains("bring it back"), "{said}");
    let (code, said) = run(&folder, "aws", &["revoke", "base-images", "models-production", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("still lists models-production: the next apply would bring it back"), "{said}");
}

/// Of what nothing was taken away from, the next apply brings nothing back.
#[test]
fn what_is_said_of_the_manifest_is_true_where_nothing_was_taken_away() {
    for provider in CLOUDS {
        let folder = applied(provider);
        let say = |what: &[&str]| {
            let (code, said) = run(&folder, provider, &[&["revoke"], what, &["--yes"]].concat());
            // Whether the vendor has bound it, nobody can see.
            let is_asked = provider == "azure" && what != ["training-data"];
            assert_eq!(
                (code, said.contains("the Union team may have been asked")),
                (Some(i32::from(is_asked)), is_asked),
                "{said}"
            );
            said.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let back = |what: &str| format!("The manifest still lists {what}: the next apply would bring it back.");
        // On Azure, the platform's vendor binds the other one.
        let (first, second) = if provider == "aws" {
            ("models-production", "training-data")
        } else {
            ("training-data", "models-production")
        };
        let untouched = format!(
            "The manifest lists {first}, of which nothing was taken away: the next apply grants it. Remove it from the \
             manifest, unless it is wanted."
        );
        let said = say(&[first]);
        assert!(said.contains(&back(first)) && !said.contains("nothing was taken away"), "{said}");
        let said = say(&[first]);
        assert!(said.contains(&untouched) && !said.contains("bring"), "{said}");
        if provider == "aws" {
            let said = say(&[first, second]);
            assert!(said.contains(&untouched) && said.contains(&back(second)), "{said}");
        }
        let said = say(&[first, second]);
        if provider == "aws" {
            assert!(said.contains(&format!("lists {first}, {second}, of which nothing was taken away:")), "{said}");
            assert!(said.contains("the next apply grants them. Remove them from the manifest, unless they"), "{said}");
        } else {
            // What somebody else gives, no apply brings back.
            let asked = format!("lists {second}, of which nothing was taken away here: who else was asked for it");
            assert!(said.contains(&untouched) && said.contains(&asked), "{said}");
        }
        assert_eq!(run(&folder, provider, &["apply", "--yes", "-q"]).0, Some(0));
        let said = say(&["--all"]);
        assert!(said.contains(&back("all of it")) && !said.contains("nothing was taken away"), "{said}");
        let said = say(&["--all"]);
        assert!(said.contains("still lists grants, and nothing was taken away") && !said.contains("bring"), "{said}");
    }
}

const FAR: &str = r#"version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [vision], domains: [production] }
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
  accounts:
    "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" }
    "777788889999": { assume_role: "arn:aws:iam::777788889999:role/registry-admin" }
resources:
  data: { aws: s3://acme-training/inputs/ }
  far: { aws: 444455556666.dkr.ecr.eu-west-1.amazonaws.com/team/images }
grants:
  - { name: data, scope: { domain: production }, access: { data: read } }
  - { name: far, scope: { domain: production }, access: { far: pull } }
registries:
  - { name: nodes, aws: 777788889999.dkr.ecr.us-west-2.amazonaws.com/team/nodes }
"#;

/// Where something of what is revoked may be left, the revoke isn't done; where only something else may be, it is.
#[test]
fn a_revoke_fails_where_its_own_place_could_not_be_searched() {
    let folder = Folder::with(FAR);
    assert_eq!(run(&folder, "aws", &["apply", "--yes", "-q"]).0, Some(0));
    for (what, denied, code, place) in [
        ("far", "deny=ecr:DescribeRepositories", 1, "repositories of account 444455556666 in eu-west-1"),
        ("nodes", "deny=ecr:DescribeRepositories", 1, "repositories of account 777788889999 in us-west-2"),
        ("data", "deny=ecr:DescribeRepositories", 0, "repositories of account 444455556666 in eu-west-1"),
    ] {
        for (last, quiet) in [("--dry-run", ""), ("--yes", ""), ("--yes", "-q")] {
            let arguments: Vec<_> = ["revoke", what, "--faults", denied, last, quiet].into();
            let arguments: Vec<_> = arguments.into_iter().filter(|word| !word.is_empty()).collect();
            let (ended, said) = run(&folder, "aws", &arguments);
            assert_eq!(ended, Some(code), "{arguments:?}: {said}");
            assert!(said.contains("not searched: ") && said.contains(place), "{arguments:?}: {said}");
            let is_told = said.contains("Not everything could be searched");
            assert_eq!(is_told, code == 1 && quiet.is_empty(), "{arguments:?}: {said}");
            let (ended, document) = document(&folder, "aws", &arguments);
            assert_eq!(ended, Some(code), "{arguments:?}: {document:#}");
            assert!(document["unsearched"].to_string().contains(place), "{document:#}");
            assert_eq!(run(&folder, "aws", &["apply", "--yes", "-q"]).0, Some(0));
        }
        // Once it is searched, it is done.
        assert_eq!(run(&folder, "aws", &["revoke", what, "--yes"]).0, Some(0));
        assert_eq!(run(&folder, "aws", &["apply", "--yes", "-q"]).0, Some(0));
    }
}

/// What somebody else was asked for may have been done: it isn't searched, and no revoke that leaves it is a success.
#[test]
fn what_was_handed_off_is_told_when_it_is_taken_away() {
    let accounts = FAR.find("  accounts:").expect("accounts");
    let resources = FAR.find("resources:").expect("resources");
    let aws = format!("{}{}", &FAR[..accounts], &FAR[resources..]);
    let of_account = |account: &str, name: &str| {
        format!(
            "whoever administers account {account} may have been asked to add a statement to the policy of the ECR repository {name}"
        )
    };
    let (far, nodes) = (of_account("444455556666", "team/images"), of_account("777788889999", "team/nodes"));
    let vendor = "the Union team may have been asked to bind domain production".to_owned();
    for (provider, manifest, what, told) in [
        ("aws", aws.as_str(), "data", vec![]),
        ("aws", &aws, "far", vec![&far]),
        ("aws", &aws, "nodes", vec![&nodes]),
        ("aws", &aws, "--all", vec![&far, &nodes]),
        ("azure", QUICKSTART, "training-data", vec![]),
        ("azure", QUICKSTART, "models-production", vec![&vendor]),
        ("azure", QUICKSTART, "--all", vec![&vendor]),
        // Who annotates its service accounts is told with the role that goes.
        ("aws", QUICKSTART, "--all", vec![]),
    ] {
        let folder = Folder::with(manifest);
        assert_eq!(run(&folder, provider, &["apply", "--yes", "-q"]).0, Some(0));
        // A second time as well: it may still be there.
        for last in ["--dry-run", "--yes", "--yes"] {
            let (code, said) = run(&folder, provider, &["revoke", what, last]);
            assert_eq!(code, Some(i32::from(!told.is_empty())), "{provider} {what}: {said}");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(said.matches(" may have been asked to ").count(), told.len(), "{provider} {what}: {said}");
            assert!(told.iter().all(|told| said.contains(told.as_str())), "{provider} {what}: {said}");
            let (_, document) = document(&folder, provider, &["revoke", what, last]);
            let places = document["unsearched"].as_array().map_or(0, Vec::len);
            assert_eq!(places, told.len(), "{document:#}");
        }
    }
    // As it says: once it was taken back, the manifest is to forget it.
    let folder = Folder::with(&aws);
    let forgotten: String = aws
        .lines()
        .filter(|line| !line.contains("nodes") && !line.contains("far"))
        .fold(String::new(), |all, line| if line == "registries:" { all } else { all + line + "\n" });
    assert_eq!(run(&folder, "aws", &["apply", "--yes", "-q"]).0, Some(0));
    folder.write("cloudgrant.yaml", &forgotten);
    let (code, said) = run(&folder, "aws", &["revoke", "--all", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_hash_that_a_trail_ends_in_is_told_however_quiet_it_should_be() {
    let folder = Folder::with(QUICKSTART);
    let (code, said) = run(&folder, "aws", &["apply", "--yes", "-q", "--audit", "audit.jsonl"]);
    assert_eq!(code, Some(0), "{said}");
    let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
    let last: Value = serde_json::from_str(trail.lines().last().expect("a line")).expect("JSON");
    let line = format!("Audit trail: audit.jsonl, which now ends in {}\n", last["hash"].as_str().expect("a hash"));
    assert!(said.contains(&line) && said.lines().count() == 3, "{said}");
}

/// Whom a role or an identity serves has to be unbound before it goes, as binding it took a step on the platform.
#[test]
fn what_has_to_be_unbound_is_told_however_quiet_it_should_be() {
    let domains = include_str!("../../../examples/domains/cloudgrant.yaml");
    for (provider, manifest, steps) in [
        ("aws", QUICKSTART, ["`-p forecasting -d production`", "`uctl delete cluster-resource-attribute`"]),
        ("azure", domains, ["kubectl annotate serviceaccount ", " azure.workload.identity/client-id-`"]),
    ] {
        let folder = Folder::with(manifest);
        let (code, said) = run(&folder, provider, &["apply", "--yes", "-q"]);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = run(&folder, provider, &["revoke", "--all", "--yes", "-q"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(steps.iter().all(|step| said.contains(step)), "{said}");
    }
}

/// A project or a domain that leaves the lists loses its access as with a role that goes: a role trusts a subject less.
#[test]
fn who_has_to_be_unbound_is_told_of_a_pair_that_leaves_a_role() {
    let listed = "projects: [forecasting, vision]";
    let (before, after) = (QUICKSTART, QUICKSTART.replace(listed, "projects: [forecasting]"));
    assert_ne!(before, after);
    for arguments in [&["apply", "--yes", "-q"] as &[&str], &["apply", "--yes"], &["plan"]] {
        let folder = applied("aws");
        folder.write("cloudgrant.yaml", &after);
        let (code, said) = run(&folder, "aws", arguments);
        assert_eq!(code, Some(0), "{said}");
        let warning = said.find("`-p vision -d production`").expect(&said);
        assert!(said.contains("`uctl delete cluster-resource-attribute`"), "{said}");
        assert!(!said.contains("`-p forecasting -d production`"), "{said}");
        assert!(said.find("Done: ").is_none_or(|done| warning < done), "{said}");
        // And nobody is told to unbind anybody where nothing goes.
        let folder = applied("aws");
        let (code, said) = run(&folder, "aws", arguments);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("unbind it"), "{said}");
    }
}
