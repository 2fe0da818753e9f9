//! `plan --out`, `show` and `apply FILE`: what was approved is what is done, or nothing is.

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART, assert_looks};

/// A folder of the quickstart's with a saved plan in it.
fn saved() -> Folder {
    let folder = Folder::with(QUICKSTART);
    let output = folder.output(&["plan", "--sandbox", "--out", "plan.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    folder
}

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Refused with these words, and nothing was changed.
fn assert_refused(folder: &Folder, arguments: &[&str], words: &[&str]) {
    let before = folder.output(&["plan", "--sandbox", "--output", "json"]).stdout;
    let output = folder.output(arguments);
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    for word in words {
        assert!(text(&output).contains(word), "{word}: {}", text(&output));
    }
    assert_eq!(folder.output(&["plan", "--sandbox", "--output", "json"]).stdout, before, "nothing was changed");
}

#[test]
fn a_saved_plan_is_shown_as_it_was_and_carried_out_without_asking() {
    let folder = Folder::with(QUICKSTART);
    let planned = folder.output(&["plan", "--sandbox", "--out", "plan.json"]);
    let said = String::from_utf8_lossy(&planned.stderr).into_owned();
    assert!(said.contains("To carry out exactly that: cloudgrant apply plan.json --sandbox"), "{said}");
    let shown = folder.output(&["show", "plan.json"]);
    assert_eq!(shown.stdout, planned.stdout, "the same text");
    let document = assert_valid(&folder, &["show", "plan.json"]);
    assert_eq!(document, assert_valid(&folder, &["plan", "--sandbox"]));

    let applied = folder.output(&["apply", "plan.json", "--sandbox", "--audit", "audit.jsonl"]);
    assert_eq!(applied.status.code(), Some(0), "{applied:?}");
    assert!(text(&folder.output(&["drift", "--sandbox"])).contains("No drift."));
    // What was approved and what was done are matched by the digest.
    let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
    let begin: serde_json::Value = serde_json::from_str(trail.lines().next().expect("a line")).expect("JSON");
    let digest = begin["digest"].as_str().expect("a digest");
    assert!(text(&folder.output(&["show", "plan.json"])).contains(digest), "{digest}");
    // It was made for what isn't so any more.
    assert_refused(
        &folder,
        &["apply", "plan.json", "--sandbox"],
        &["another plan would be carried out", "no longer: create"],
    );
}

#[test]
fn what_differs_since_then_is_named() {
    let folder = saved();
    folder.write("cloudgrant.yaml", QUICKSTART.replace("models: read-write", "models: read"));
    assert_refused(
        &folder,
        &["apply", "plan.json", "--sandbox"],
        &["the manifest, or what the environment lays over it"],
    );
    // A comment says nothing.
    folder.write("cloudgrant.yaml", format!("# changed\n{QUICKSTART}"));
    let other = folder.output(&["apply", "plan.json", "--sandbox", "--faults", "deny=iam:CreateRole"]);
    assert_eq!(other.status.code(), Some(1), "{other:?}");
    assert_refused(&folder, &["apply", "plan.json", "--sandbox"], &["another plan would be carried out"]);
    let document = assert_valid(&folder, &["apply", "plan.json", "--sandbox"]);
    assert_eq!(document["error"]["kind"], "plan-stale");
    assert!(
        document["error"]["context"]["no longer"].as_str().expect("objects").contains("create iam-policy"),
        "{document}"
    );
}

#[test]
fn it_is_for_one_stack_in_one_place() {
    let folder = saved();
    for (other, words) in [
        (QUICKSTART.replace("stack: acme-ml", "stack: other"), "the saved plan is for another stack"),
        (QUICKSTART.replace("us-west-2", "us-east-1"), "the saved plan is for another home"),
    ] {
        assert_ne!(other, QUICKSTART);
        folder.write("cloudgrant.yaml", other);
        assert_refused(&folder, &["apply", "plan.json", "--sandbox"], &[words]);
    }
    folder.write("cloudgrant.yaml", QUICKSTART);
    assert_refused(&folder, &["apply", "plan.json", "--sandbox", "--provider", "azure"], &["for another provider"]);
    // Without the sandbox, it would be the real cloud.
    let real = folder.output(&["apply", "plan.json"]);
    assert!(text(&real).contains("for another cloud"), "{real:?}");
    assert!(text(&real).contains("then: a sandbox"), "{real:?}");
}

#[test]
fn nothing_of_anybodys_is_written_over() {
    let folder = saved();
    // A plan may be saved over a plan.
    assert_eq!(folder.output(&["plan", "--sandbox", "--out", "plan.json"]).status.code(), Some(0));
    for (name, there) in [("cloudgrant.yaml", QUICKSTART), ("notes.txt", "mine"), ("empty", "")] {
        folder.write(name, there);
        let output = folder.output(&["plan", "--sandbox", "--out", name]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output).contains("is there, and is no saved plan"), "{output:?}");
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).expect("a file"), there);
    }
    for bad in ["none.json", "notes.txt", "cloudgrant.yaml"] {
        for command in [&["show", bad][..], &["apply", bad, "--sandbox"]] {
            let output = folder.output(command);
            assert_eq!(output.status.code(), Some(2), "{command:?}: {output:?}");
            assert!(text(&output).contains("saved plan"), "{output:?}");
        }
    }
    let plan = std::fs::read_to_string(folder.path().join("plan.json")).expect("a plan");
    folder.write("later.json", plan.replace("cloudgrant-plan/1", "cloudgrant-plan/2"));
    assert!(text(&folder.output(&["show", "later.json"])).contains("this program knows `cloudgrant-plan/1`"));
}

#[cfg(unix)]
#[test]
fn a_saved_plan_is_its_owners_and_follows_no_link() {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    let folder = saved();
    let mode = std::fs::metadata(folder.path().join("plan.json")).expect("a file").mode();
    assert_eq!(mode & 0o777, 0o600);
    symlink("elsewhere.json", folder.path().join("link.json")).expect("a link");
    assert_eq!(folder.output(&["plan", "--sandbox", "--out", "link.json"]).status.code(), Some(2));
    symlink("plan.json", folder.path().join("to-plan.json")).expect("a link");
    assert_eq!(folder.output(&["plan", "--sandbox", "--out", "to-plan.json"]).status.code(), Some(2));
    assert!(!folder.path().join("elsewhere.json").exists());
}

/// Whoever edits the file makes it be refused, and gets nothing done by it: no change is read from it.
#[test]
fn an_edited_plan_does_nothing() {
    let folder = saved();
    let plan = std::fs::read_to_string(folder.path().join("plan.json")).expect("a plan");
    let mut edited: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    edited["digest"] = "0".repeat(64).into();
    folder.write("plan.json", edited.to_string());
    assert_refused(&folder, &["apply", "plan.json", "--sandbox"], &["another plan would be carried out"]);
    // Whoever is shown other changes than are made, by whatever means, gets none of either.
    for changes in
        [serde_json::json!([]), serde_json::json!([{ "action": "create", "kind": "iam-role", "name": "other" }])]
    {
        let mut edited: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
        edited["document"]["changes"] = changes;
        folder.write("plan.json", edited.to_string());
        assert_refused(&folder, &["apply", "plan.json", "--sandbox"], &["somebody has edited its file"]);
    }
}

/// However the same is named: what is printed to be pasted has the options of the run that prints it.
#[test]
fn other_options_for_the_same_make_no_other_plan() {
    let folder = saved();
    folder.output(&["apply", "plan.json", "--sandbox"]);
    // Its steps for somebody else have commands in their sentences.
    folder.output(&["plan", "--sandbox", "--out", "plan.json"]);
    let arguments = ["apply", "plan.json", "--file", "./cloudgrant.yaml", "--sandbox", "--provider", "aws"];
    let output = folder.output(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// What would be refused isn't saved: nobody could carry it out.
#[test]
fn a_plan_that_would_be_refused_is_not_saved() {
    let folder = Folder::with(QUICKSTART);
    assert_eq!(folder.output(&["apply", "--sandbox", "--yes"]).status.code(), Some(0));
    let roles = folder.path().join(".cloudgrant/sandbox/aws/roles/111122223333");
    for role in std::fs::read_dir(roles).expect("the roles") {
        let role = role.expect("a role").path();
        let text = std::fs::read_to_string(&role).expect("text");
        std::fs::write(role, text.replace("\"cloudgrant:stack\": \"acme-ml\"", "\"cloudgrant:stack\": \"other\""))
            .expect("written");
    }
    let refused = folder.output(&["plan", "--sandbox", "--out", "plan.json"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(text(&refused).contains("its tags say that it is of stack other"), "{refused:?}");
    assert!(!folder.path().join("plan.json").exists());
}

#[test]
fn a_plan_with_nothing_to_do_can_be_saved() {
    let folder = saved();
    assert_eq!(folder.output(&["apply", "plan.json", "--sandbox"]).status.code(), Some(0));
    assert_looks!(folder.run(&["plan", "--sandbox", "--out", "plan.json"]));
    assert_looks!(folder.run(&["apply", "plan.json", "--sandbox"]));
}
