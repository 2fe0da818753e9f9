//! What somebody meets who has only begun: no manifest, no grants, a question to answer, and what is told again and again.

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};
#[cfg(target_os = "linux")]
use crate::terminal::on_a_terminal_of;

fn out(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = folder.output(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The stack is there, its manifest isn't: variables say what it said, and where the cloud's own tools have them, theirs.
#[test]
fn what_has_no_manifest_any_more_is_listed_and_taken_back() {
    let folder = Folder::with(QUICKSTART);
    out(&folder, &["apply", "--sandbox", "--yes", "-q"]);
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let told = refused(&folder, &["stacks", "--sandbox", "--provider", "aws"]);
    assert!(told.contains("set the variable CLOUDGRANT_AWS__REGION"), "{told}");
    assert!(told.contains("set the variable CLOUDGRANT_AWS__ACCOUNT") && !told.contains("platform"), "{told}");
    let folder = folder.variable("AWS_REGION", "us-west-2");
    let told = refused(&folder, &["stacks", "--sandbox", "--provider", "aws"]);
    assert!(told.contains("CLOUDGRANT_AWS__ACCOUNT") && !told.contains("CLOUDGRANT_AWS__REGION"), "{told}");
    let told = refused(&folder, &["stacks", "--sandbox"]);
    assert!(told.contains("there is no manifest in this folder") && told.contains("--provider"), "{told}");
    let folder = folder.variable("CLOUDGRANT_AWS__ACCOUNT", "111122223333");
    let listed = assert_valid(&folder, &["stacks", "--sandbox", "--provider", "aws"]);
    assert_eq!(listed["stacks"][0]["name"], "acme-ml", "{listed:#}");
    let command = listed["stacks"][0]["take_back"].as_str().expect("a command");
    assert!(
        command.contains("CLOUDGRANT_AWS__ACCOUNT=111122223333 ")
            && command.contains(" cloudgrant revoke --all --stack acme-ml"),
        "{command}"
    );
    assert!(command.contains("CLOUDGRANT_AWS__HOME=oidc.eks."), "{command}");
    assert!(!out(&folder, &["stacks", "--sandbox", "--provider", "aws"]).contains("this manifest"));
    let folder =
        folder.variable("CLOUDGRANT_AWS__HOME", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE");
    // Where it writes to documents of another account, that is to be searched as well.
    let accounts = r#"{ "444455556666": { "assume_role": "arn:aws:iam::444455556666:role/registry-admin" } }"#;
    let folder = folder.variable("CLOUDGRANT_AWS__ACCOUNTS", accounts);
    out(&folder, &["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--provider", "aws", "--yes"]);
    let listed = assert_valid(&folder, &["stacks", "--sandbox", "--provider", "aws"]);
    assert_eq!(listed["stacks"].as_array().map(Vec::len), Some(0), "{listed:#}");
    // What changes the manifest's own stack needs one.
    let told = refused(&folder, &["revoke", "--all", "--sandbox", "--provider", "aws", "--yes"]);
    assert!(told.contains("there is no manifest") && told.contains("https://github.com/"), "{told}");
}

#[test]
fn azure_needs_no_manifest_either() {
    let folder = Folder::with(QUICKSTART);
    out(&folder, &["apply", "--sandbox", "--yes", "-q", "--provider", "azure"]);
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let told = refused(&folder, &["stacks", "--sandbox", "--provider", "azure"]);
    for key in ["TENANT", "SUBSCRIPTION", "RESOURCE_GROUP"] {
        assert!(told.contains(&format!("set the variable CLOUDGRANT_AZURE__{key}")), "{told}");
    }
    let said = |key: &str| {
        let line = QUICKSTART.lines().find_map(|line| line.strip_prefix(&format!("  {key}: "))).expect("a key");
        line.split_whitespace().next().expect("a value").to_owned()
    };
    let folder = folder.variable("AZURE_TENANT_ID", &said("tenant"));
    let folder = folder.variable("AZURE_SUBSCRIPTION_ID", &said("subscription"));
    let folder = folder.variable("CLOUDGRANT_AZURE__RESOURCE_GROUP", &said("resource_group"));
    let stacks = ["stacks", "--sandbox", "--provider", "azure"];
    assert_eq!(assert_valid(&folder, &stacks)["stacks"][0]["name"], "acme-ml");
    out(&folder, &["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--provider", "azure", "--yes"]);
    let listed = assert_valid(&folder, &stacks);
    assert_eq!(listed["stacks"].as_array().map(Vec::len), Some(0), "{listed:#}");
    // Nothing at all of it is left, by the manifest either.
    folder.write("cloudgrant.yaml", QUICKSTART);
    let plan = assert_valid(&folder, &["plan", "--sandbox", "--provider", "azure"]);
    let changes = plan["changes"].as_array().expect("changes");
    assert!(changes.iter().all(|change| matches!(change["action"].as_str(), Some("create" | "handoff"))), "{plan:#}");
    assert_eq!(plan["summary"]["unchanged"], 0, "{plan:#}");
}

/// Who forgot the grants is told, whether or not the stack has made something.
#[test]
fn a_manifest_that_grants_nothing_says_so() {
    let head = QUICKSTART.split("resources:").next().expect("the head");
    for manifest in [head.to_owned(), format!("{head}grants: []\n")] {
        let folder = Folder::with(&manifest);
        for arguments in [&["plan", "--sandbox"][..], &["apply", "--sandbox", "--yes"]] {
            let told = out(&folder, arguments);
            assert!(told.contains("warning: stack acme-ml: the manifest grants nothing"), "{told}");
        }
        let document = assert_valid(&folder, &["plan", "--sandbox"]);
        assert!(document["notes"][0]["message"].as_str().is_some_and(|said| said.contains("grants nothing")));
        assert!(!out(&folder, &["stacks", "--sandbox"]).contains("grants nothing"));
    }
    let folder = Folder::with(QUICKSTART);
    assert!(!out(&folder, &["apply", "--sandbox", "--yes"]).contains("grants nothing"));
    folder.write("cloudgrant.yaml", head);
    let told = out(&folder, &["plan", "--sandbox"]);
    assert!(told.contains("takes away everything") && !told.contains("grants nothing"), "{told}");
}

/// What is left for others is no "nothing to do", and what was told once doesn't hide what is new.
#[test]
fn where_nothing_changes_little_is_said() {
    let folder = Folder::with(QUICKSTART);
    let first = out(&folder, &["apply", "--sandbox", "--yes"]);
    assert!(first.contains("\nnote: grant training-data: ") && !first.contains("of what stays as it is"), "{first}");
    let again = out(&folder, &["plan", "--sandbox"]);
    assert!(again.contains("\nNothing to do for cloudgrant; 2 steps are left for somebody else.\n"), "{again}");
    assert!(!again.contains("\nnote: ") && again.contains(" of what stays as it is (-v shows them)\n"), "{again}");
    let verbose = out(&folder, &["plan", "--sandbox", "-v"]);
    assert!(verbose.contains("\nnote: grant training-data: ") && !verbose.contains("of what stays"), "{verbose}");
    let document = assert_valid(&folder, &["plan", "--sandbox"]);
    let notes = document["notes"].as_array().expect("notes").iter().filter(|note| note["level"] == "info").count();
    assert_eq!(verbose.matches("\nnote: ").count(), notes, "{verbose}");
    // Of a grant that changes, its own notes are told, and no other one's.
    let changed = QUICKSTART.replace("aws: s3://acme-training/inputs/", "aws: s3://acme-training/others/");
    assert_ne!(changed, QUICKSTART);
    folder.write("cloudgrant.yaml", &changed);
    let update = out(&folder, &["plan", "--sandbox"]);
    assert!(update.contains("\nnote: grant training-data: "), "{update}");
    assert!(!update.contains("\nnote: grant models-production: "), "{update}");
}

/// Runs the command on a terminal where somebody types.
#[cfg(target_os = "linux")]
fn answered(folder: &Folder, command: &str, answers: &str) -> String {
    let answers: Vec<_> = answers.split_inclusive('\n').map(|line| ("[y/N] ", line)).collect();
    on_a_terminal_of(200, folder, &format!("{command}; echo code $?"), &answers)
}

#[cfg(target_os = "linux")]
#[test]
fn only_an_answer_is_taken_for_one() {
    let folder = Folder::with(QUICKSTART);
    let question = "Apply these changes to acme-ml in the sandbox? [y/N]";
    let seen = answered(&folder, "apply --sandbox", "maybe\nn\n");
    assert_eq!(seen.matches(question).count(), 2, "{seen}");
    assert!(seen.contains("Please answer y or n") && seen.contains("Nothing was changed."), "{seen}");
    assert!(seen.contains("code 1"), "{seen}");
    let seen = answered(&folder, "apply --sandbox", "sure\nYES\n");
    assert!(seen.contains("Please answer y or n") && seen.contains("code 0") && seen.contains("Done:"), "{seen}");
    let seen = answered(&folder, "revoke --all --sandbox", "y\n");
    assert!(seen.contains("Take this away from acme-ml in the sandbox? [y/N]") && seen.contains("code 0"), "{seen}");
}
