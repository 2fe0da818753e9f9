//! A stack that is renamed where cloudgrant tells the platform itself: what the old one told is in the new one's way, and following what
//! is printed leads to the end.

use std::process::Output;

use crate::support::{Folder, MANIFEST};

const ADMIN: &str = include_str!("../../../examples/flyte/cloudgrant.yaml");

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn run(folder: &Folder, words: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(words);
    (output.status.code(), said(&output))
}

#[track_caller]
fn exits(folder: &Folder, words: &[&str], code: i32) -> String {
    let (seen, said) = run(folder, words);
    assert_eq!(seen, Some(code), "{words:?}: {said}");
    said
}

/// The manifest with another name of its stack.
fn named(manifest: &str, name: &str) -> String {
    let stack = manifest.lines().find(|line| line.starts_with("stack: ")).expect("a stack");
    manifest.replacen(stack, &format!("stack: {name}"), 1)
}

/// The commands of cloudgrant's in the hints of what is said, as words.
fn commands(said: &str) -> Vec<Vec<String>> {
    let hints = said.split("hint: ").skip(1).map(|rest| rest.split("\n").next().unwrap_or_default());
    let quoted = hints.flat_map(|hint| hint.split('`').skip(1).step_by(2));
    let mut commands = Vec::new();
    for command in quoted.filter_map(|text| text.strip_prefix("cloudgrant ")) {
        let words: Vec<_> = command.split(' ').map(str::to_owned).collect();
        if !commands.contains(&words) {
            commands.push(words);
        }
    }
    commands
}

#[test]
fn what_is_printed_leads_from_the_old_name_to_the_new_one() {
    let by_cluster = |manifest: &str, kind: &str| {
        manifest.replacen(&format!("kind: {kind}\n"), &format!("kind: {kind}\n  delivery: kubernetes\n"), 1)
    };
    let domains = include_str!("../../../examples/domains/cloudgrant.yaml");
    for (case, manifest) in [
        ("Azure and Kubernetes", by_cluster(domains, "flyte")),
        ("AWS and Kubernetes", by_cluster(MANIFEST, "union")),
        ("AWS and Flyte admin", ADMIN.to_owned()),
        ("AWS and settings", ADMIN.replace("delivery: admin", "delivery: settings")),
        ("Azure and settings", by_cluster(domains, "flyte").replace("delivery: kubernetes", "delivery: settings")),
        (
            "Azure and Flyte admin",
            by_cluster(domains, "flyte").replace("delivery: kubernetes", "delivery: admin\n  attribute: clientId"),
        ),
    ] {
        let folder = Folder::with(&named(&manifest, "old"));
        exits(&folder, &["apply", "--sandbox", "--yes"], 0);
        folder.write("cloudgrant.yaml", named(&manifest, "new"));
        // All that is planned is told to wait for one command.
        let planned = exits(&folder, &["plan", "--sandbox"], 1);
        let told = commands(&planned);
        assert_eq!(told, [["revoke", "--all", "--stack", "old", "--sandbox"]], "{case}: {planned}");
        assert_eq!(commands(&exits(&folder, &["apply", "--sandbox", "--yes"], 1)), told, "{case}");
        if planned.contains("gives all that this one is to give") {
            assert!(planned.contains("or before that, where what it told the platform"), "{case}: {planned}");
        }
        let mut revoke: Vec<_> = told[0].iter().map(String::as_str).collect();
        revoke.push("--yes");
        exits(&folder, &revoke, 0);
        exits(&folder, &["apply", "--sandbox", "--yes"], 0);
        exits(&folder, &["plan", "--sandbox", "--exit-code"], 0);
        exits(&folder, &["drift", "--sandbox", "--exit-code"], 0);
        let stacks = exits(&folder, &["stacks", "--sandbox"], 0);
        assert!(stacks.contains("new  (this manifest's)") && stacks.contains("1 stack,"), "{case}: {stacks}");
    }
}
