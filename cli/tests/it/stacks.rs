//! Which stacks there are, and that none is forgotten access.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::delivery::ONE_DOMAIN;
use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART, assert_looks};

fn applied(folder: &Folder, manifest: &str, more: &[&str]) {
    folder.write("cloudgrant.yaml", manifest);
    let output = folder.output(&[&["apply", "--sandbox", "--yes", "-q"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The stack under another name.
fn renamed(name: &str) -> String {
    QUICKSTART.replace("stack: acme-ml ", &format!("stack: {name} "))
}

/// The cluster was replaced by another one.
fn of_cluster(id: &str) -> String {
    QUICKSTART.replace("id/EXAMPLED539D4633E53DE1B71EXAMPLE", &format!("id/{id}"))
}

/// Name, whether it is the manifest's, and how many objects it has.
fn found(document: &Value) -> Vec<(&str, bool, usize)> {
    let stacks = document["stacks"].as_array().expect("stacks").iter();
    stacks
        .map(|stack| {
            let objects = stack["objects"].as_array().expect("objects").len();
            (stack["name"].as_str().expect("a name"), stack["this_manifest"] == true, objects)
        })
        .collect()
}

/// Runs what is printed for a shell, and approves it.
fn run_as_printed(folder: &Folder, command: &str) {
    let binary = Path::new(env!("CARGO_BIN_EXE_cloudgrant"));
    let path =
        format!("{}:{}", binary.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} --yes")]).current_dir(folder.path()).env_clear();
    let output = shell.env("PATH", path).env("HOME", folder.path()).output().expect("a shell runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // What the manifest hands off, nobody can see: it may stay.
    let code = i32::from(said.contains(" may have been asked to "));
    assert_eq!(output.status.code(), Some(code), "{command}: {said}");
    assert!(code == 0 || !command.contains("--stack"), "of another stack, the manifest says nothing: {said}");
}

/// Takes everything back that is listed, one after the other, as it says.
fn take_all_back(folder: &Folder, more: &[&str]) {
    let list = || assert_valid(folder, &[&["stacks", "--sandbox"], more].concat());
    let mut left = found(&list()).len();
    assert!(left > 0, "nothing is listed");
    while left > 0 {
        let document = list();
        run_as_printed(folder, document["stacks"][0]["take_back"].as_str().expect("a command"));
        let now = found(&list()).len();
        assert_eq!(now, left - 1, "{document:#}");
        left = now;
    }
}

#[test]
fn two_stacks_of_which_one_was_renamed() {
    let folder = Folder::empty();
    applied(&folder, QUICKSTART, &[]);
    applied(&folder, &renamed("acme-new"), &[]);
    assert_looks!(folder.run(&["stacks", "--sandbox"]));
    assert_looks!(folder.run(&["stacks", "--sandbox", "--quiet"]));
    let document = assert_valid(&folder, &["stacks", "--sandbox"]);
    // One attachment is a part of the task role, and a statement of a repository's policy: nine, of which that is named.
    assert_eq!(found(&document), [("acme-ml", false, 8), ("acme-new", true, 8)]);
    take_all_back(&folder, &[]);
    assert_looks!(folder.run(&["stacks", "--sandbox"]));
}

#[test]
fn two_stacks_of_which_one_was_renamed_on_azure() {
    let folder = Folder::empty();
    let azure = ["--provider", "azure"];
    applied(&folder, QUICKSTART, &azure);
    applied(&folder, &renamed("acme-new"), &azure);
    assert_looks!(folder.run(&["stacks", "--sandbox", "--provider", "azure"]));
    take_all_back(&folder, &azure);
    assert_eq!(found(&assert_valid(&folder, &["stacks", "--sandbox", "--provider", "azure"])), []);
}

#[test]
fn the_homes_of_a_name_are_stacks_of_their_own() {
    let folder = Folder::empty();
    applied(&folder, &of_cluster("BLUE"), &[]);
    applied(&folder, &of_cluster("GREEN"), &[]);
    // A home that is the account, from before the manifest named a cluster.
    applied(
        &folder,
        &of_cluster("GREEN").replace("  cluster:\n    oidc_provider", "  home: account\n  cluster:\n    oidc_provider"),
        &[],
    );
    folder.write("cloudgrant.yaml", of_cluster("GREEN"));
    assert_looks!(folder.run(&["stacks", "--sandbox"]));
    take_all_back(&folder, &[]);
}

#[test]
fn the_resource_groups_of_a_name_are_stacks_of_their_own() {
    let folder = Folder::empty();
    let domains = include_str!("../../../examples/domains/cloudgrant.yaml");
    applied(&folder, domains, &[]);
    let other = domains.replace("resource_group: ", "resource_group: other-");
    assert_ne!(other, domains);
    applied(&folder, &other, &[]);
    let document = assert_valid(&folder, &["stacks", "--sandbox"]);
    let own: Vec<_> = found(&document).into_iter().map(|(name, own, _)| (name, own)).collect();
    assert_eq!(own, [("acme-domains", true), ("acme-domains", false)], "{document:#}");
    take_all_back(&folder, &[]);
}

/// Whoever may not read is told so, and what was read is listed.
#[test]
fn what_may_not_be_read_is_said() {
    let folder = Folder::empty();
    let domains = include_str!("../../../examples/domains/cloudgrant.yaml");
    applied(&folder, domains, &[]);
    let denied = "deny=Microsoft.Authorization/roleDefinitions:read";
    let document = assert_valid(&folder, &["stacks", "--sandbox", "--faults", denied]);
    let said = document["unsearched"].to_string();
    assert_eq!(said.matches("custom roles in subscription").count(), 1, "told once: {document:#}");
    assert_eq!(found(&document).len(), 1);
    // Nothing at all could be read: that is no empty list.
    folder.write("cloudgrant.yaml", QUICKSTART);
    let output = folder.output(&["stacks", "--sandbox", "--faults", "deny=iam:GetAccountAuthorizationDetails"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("iam:GetAccountAuthorizationDetails"));
}

/// Policies without roles: the home's name is only in tags that the list of everything lacks.
#[test]
fn a_home_whose_name_can_t_be_read_has_no_command() {
    let folder = Folder::empty();
    let global = |manifest: String| {
        let from = manifest.find("  # Only tasks in production").expect("the second grant");
        let to = manifest.find("registries:").expect("registries");
        format!("{}{}", &manifest[..from], &manifest[to..])
    };
    applied(&folder, &global(of_cluster("BLUE")), &[]);
    folder.write("cloudgrant.yaml", of_cluster("GREEN"));
    let known = assert_valid(&folder, &["stacks", "--sandbox"]);
    assert!(known["stacks"][0]["home"].as_str().is_some_and(|home| home.ends_with("id/BLUE")), "{known:#}");
    let unknown = folder.run(&["stacks", "--sandbox", "--faults", "deny=iam:GetPolicy"]);
    assert_looks!(unknown);
}

/// To be sent to a list that says the same once more helps nobody.
#[test]
fn who_names_a_stack_that_is_not_there_is_told_which_are() {
    let folder = Folder::with(QUICKSTART);
    let told = |stack: &str| {
        let output = folder.output(&["revoke", "--all", "--stack", stack, "--yes", "--sandbox"]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let none = told("acme-mi");
    assert!(none.contains("there is no stack at all in the sandbox") && !none.contains("`cloudgrant stacks"), "{none}");
    applied(&folder, QUICKSTART, &[]);
    let near = told("acme-mi");
    assert!(near.contains("hint: did you mean `acme-ml`? there are: acme-ml\n"), "{near}");
    let other = told("something-else");
    assert!(other.contains("hint: there are: acme-ml\n"), "{other}");
}

/// Where no manifest names a home, none is said to; where one does, it is another stack's.
#[test]
fn who_takes_a_stack_back_that_is_at_another_home_is_told_the_command() {
    let folder = Folder::empty();
    applied(&folder, &of_cluster("BLUE"), &[]);
    let stack = "acme-ml";
    let told = |folder: &Folder, more: &[&str]| {
        let arguments = ["revoke", "--all", "--stack", stack, "--provider", "aws", "--sandbox"];
        let output = folder.output(&[&arguments, more].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("is at another home than the one meant here"), "{told}");
        assert!(told.contains("CLOUDGRANT_AWS__HOME=oidc.eks.us-west-2.amazonaws.com/id/BLUE "), "{told}");
        assert!(!told.contains("manifest names") && !told.contains("in `aws`"), "{told}");
    };
    folder.write("cloudgrant.yaml", of_cluster("GREEN").replace(&format!("stack: {stack}"), "stack: acme-other"));
    told(&folder, &["--yes"]);
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let folder = folder.variable("CLOUDGRANT_AWS__ACCOUNT", "111122223333");
    let folder = folder.variable("CLOUDGRANT_AWS__REGION", "us-west-2");
    told(&folder, &["--yes"]);
    told(&folder, &["--dry-run"]);
    let folder = folder.variable("CLOUDGRANT_AWS__CLUSTER__OIDC_PROVIDER", "oidc.eks.us-west-2.amazonaws.com/id/GREEN");
    told(&folder, &["--yes"]);
}

#[test]
fn no_grants_are_needed() {
    let folder = Folder::empty();
    applied(&folder, QUICKSTART, &[]);
    let head = QUICKSTART.split("resources:").next().expect("the head");
    folder.write("cloudgrant.yaml", head);
    assert_eq!(found(&assert_valid(&folder, &["stacks", "--sandbox"])).len(), 1);
}

/// Where a stack wrote into documents of an account that nothing says how to work in, the command has a blank for that.
#[test]
fn what_is_in_another_account_is_taken_back_with_what_somebody_fills_in() {
    const VARIABLE: &str = "CLOUDGRANT_AWS__ACCOUNTS__444455556666__ASSUME_ROLE";
    let folder = Folder::empty();
    applied(&folder, QUICKSTART, &[]);
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let folder = folder.variable("CLOUDGRANT_AWS__ACCOUNT", "111122223333");
    let folder = folder.variable("CLOUDGRANT_AWS__REGION", "us-west-2");
    let aws = ["stacks", "--sandbox", "--provider", "aws"];
    let told = folder.run(&aws);
    assert!(told.contains(&format!("{VARIABLE}=… ")) && told.contains(&format!("fill in    {VARIABLE}: ")), "{told}");
    let document = assert_valid(&folder, &aws);
    let stack = &document["stacks"][0];
    assert_eq!(stack["fill_in"][0]["variable"], VARIABLE, "{document:#}");
    let command = stack["take_back"].as_str().expect("a command");
    let role = "arn:aws:iam::444455556666:role/registry-admin";
    assert!(command.contains(&format!("{VARIABLE}=… ")), "{command}");
    run_as_printed(&folder, &command.replace(&format!("{VARIABLE}=…"), &format!("{VARIABLE}={role}")));
    assert_eq!(found(&assert_valid(&folder, &aws)), []);
    // Whoever says it already has nothing to fill in.
    applied(&folder, QUICKSTART, &[]);
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let document = assert_valid(&folder.variable(VARIABLE, role), &aws);
    assert_eq!(document["stacks"][0]["fill_in"], serde_json::json!([]), "{document:#}");
    assert!(!document.to_string().contains('…'), "{document:#}");
}

/// Each example has a stack of its own: who tries two of them in one account doesn't take the first one back.
#[test]
fn examples_do_not_share_a_stack_name() {
    let examples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"));
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for folder in std::fs::read_dir(examples).expect("the examples").flatten() {
        let mut stacks = BTreeSet::new();
        for file in std::fs::read_dir(folder.path()).expect("an example").flatten() {
            if file.path().file_stem().is_none_or(|stem| stem != "cloudgrant") {
                continue;
            }
            let text = std::fs::read_to_string(file.path()).expect("a manifest");
            let line = text.lines().find_map(|line| line.strip_prefix("stack")).expect("a stack");
            let name = line.trim_start_matches([':', ' ', '=', '"']).split([' ', '"']).next();
            stacks.insert(name.unwrap_or_default().to_owned());
        }
        let example = folder.file_name().to_string_lossy().into_owned();
        assert_eq!(stacks.len(), 1, "{example}: {stacks:?}");
        for name in stacks {
            let other = names.insert(name.clone(), example.clone());
            assert_eq!(other, None, "{example} has the stack {name}, too");
        }
    }
    assert!(names.len() >= 6, "{names:?}");
}

/// What names a principal in the cluster is the stack's as well, also where the cloud has nothing of it any more.
#[test]
fn service_accounts_are_listed_with_their_stack() {
    let listed = |folder: &Folder| {
        let document = assert_valid(folder, &["stacks", "--sandbox"]);
        let of = |stack: &Value| {
            let objects = stack["objects"].as_array().expect("objects").iter();
            let accounts = objects.filter(|object| object["kind"] == "service-account-annotation").count();
            (stack["name"].as_str().expect("a name").to_owned(), accounts, stack["take_back"].is_string())
        };
        document["stacks"].as_array().expect("stacks").iter().map(of).collect::<Vec<_>>()
    };
    let of = |name: &str, accounts, has_command| (name.to_owned(), accounts, has_command);
    let folder = Folder::empty();
    applied(&folder, ONE_DOMAIN, &[]);
    assert_eq!(listed(&folder), [of("acme-one", 1, true)]);
    folder.write("cloudgrant.yaml", ONE_DOMAIN.replace("stack: acme-one", "stack: acme-two"));
    assert_eq!(listed(&folder), [of("acme-one", 1, true)]);
    // The cloud is another one.
    let state = folder.path().join(".cloudgrant/sandbox/azure");
    for entry in std::fs::read_dir(&state).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() && !entry.ends_with("kubernetes") {
            std::fs::remove_dir_all(entry).expect("removed");
        }
    }
    assert_eq!(listed(&folder), [of("acme-one", 1, false)]);
    let told = folder.run(&["stacks", "--sandbox"]);
    assert!(told.contains("doesn't say its home. With its manifest, `revoke --all` takes it back"), "{told}");
    folder.write("cloudgrant.yaml", ONE_DOMAIN);
    assert_eq!(listed(&folder), [of("acme-one", 1, true)]);
    take_all_back(&folder, &[]);
    // Where nobody can look, what the cloud has is told all the same.
    applied(&folder, ONE_DOMAIN, &[]);
    let cluster = state.join("kubernetes/kubeconfig");
    assert!(cluster.is_file());
    let handed = ONE_DOMAIN.replace("  delivery: kubernetes\n", "");
    folder.write("cloudgrant.yaml", handed);
    assert_eq!(listed(&folder), [of("acme-one", 0, true)]);
}
