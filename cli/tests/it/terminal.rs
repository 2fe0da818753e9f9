//! What a person sees on a terminal: a pseudo-terminal of `script`, which answers nothing.

#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use crate::support::{Folder, QUICKSTART};

/// Runs the command on a terminal where nobody types anything.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Folder, command: &str) -> String {
    on_a_terminal_of(100, folder, command)
}

#[cfg(target_os = "linux")]
fn on_a_terminal_of(columns: usize, folder: &Folder, command: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_cloudgrant");
    let mut script = Command::new("script");
    script.args(["-qec", &format!("stty rows 40 cols {columns}; {binary} {command}"), "/dev/null"]);
    script.current_dir(folder.path()).env_clear().stdin(Stdio::null());
    script.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path()).env("TERM", "xterm");
    let output = script.output().expect("`script` of util-linux runs");
    anstream::adapter::strip_str(&String::from_utf8_lossy(&output.stdout)).to_string()
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_to_be_approved_is_shown_however_quiet_it_should_be() {
    let folder = Folder::with(QUICKSTART);
    let seen = on_a_terminal(&folder, "apply --sandbox -q");
    let (plan, question) = seen.split_once("Apply these changes to acme-ml in the sandbox? ").expect("a question");
    assert!(plan.contains("+ iam-role") && plan.contains("s3:GetObject"), "{seen}");
    assert!(question.contains("[y/N]"), "{seen}");
    // Where the results go into a file, the terminal has what it is about all the same.
    let seen = on_a_terminal(&folder, "apply --sandbox > result.txt");
    let (plan, _) = seen.split_once("Apply these changes to acme-ml in the sandbox? ").expect("a question");
    assert!(plan.contains("+ iam-role") && plan.contains("s3:GetObject"), "{seen}");
    assert!(folder.output(&["apply", "--sandbox", "--yes", "-q"]).status.success());
    let seen = on_a_terminal(&folder, "revoke --all --sandbox -q");
    let (plan, _) = seen.split_once("Take this away from acme-ml in the sandbox? ").expect("a question");
    assert!(plan.contains("- iam-role") && plan.contains("s3:GetObject"), "{seen}");
    // As JSON, the plan is shown beside the document.
    let seen = on_a_terminal(&folder, "revoke --all --sandbox -q -o json");
    let (plan, _) = seen.split_once("Take this away from acme-ml in the sandbox? ").expect("a question");
    assert!(plan.contains("- iam-role"), "{seen}");
}

/// A terminal breaks what is too long in the middle of words.
#[cfg(target_os = "linux")]
#[test]
fn sentences_break_between_words() {
    let folder = Folder::with(QUICKSTART);
    for command in [
        "providers",
        "plan --sandbox -q",
        "plan --sandbox=a-folder-with-a-name",
        "drift --sandbox",
        "apply --sandbox --yes",
        "plan --sandbox",
        "revoke base-images --sandbox --yes",
        "permissions",
        "permissions --provider azure",
    ] {
        let seen = on_a_terminal_of(60, &folder, command);
        let sentence = |line: &&str| {
            let of_document = line.contains('"') || line.starts_with("    ") || line.contains("arn:");
            // What is to be copied stays whole, and so does what has no space.
            !of_document
                && !line.contains("cloudgrant ")
                && line.trim().contains(' ')
                && !line.starts_with(['+', '-', '~', '>', '!'])
                && !line.starts_with("made ")
        };
        let long: Vec<_> = seen
            .lines()
            .filter_map(|line| line.trim_end().rsplit('\r').next())
            .filter(sentence)
            .filter(|line| line.trim_end().chars().count() > 60)
            .collect();
        assert!(long.is_empty(), "{command}: {long:#?}");
    }
}

#[test]
fn colours_are_as_one_says() {
    let folder = Folder::with(QUICKSTART);
    let has_colours = |arguments: &[&str]| {
        let output = folder.output(&[&["plan", "--sandbox"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}");
        output.stdout.contains(&0x1b)
    };
    assert!(!has_colours(&[]) && !has_colours(&["--color", "auto"]), "a pipe has none");
    assert!(has_colours(&["--color=always"]));
    assert!(!has_colours(&["--color", "always", "--no-color"]) && !has_colours(&["--color=never"]));
    // Help too, and what is wrong with a command line.
    assert!(folder.output(&["plan", "--color=always", "--help"]).stdout.contains(&0x1b));
    assert!(folder.output(&["plan", "--color", "always", "--nonsense"]).stderr.contains(&0x1b));
}

#[cfg(target_os = "linux")]
#[test]
fn that_nothing_was_changed_is_said_however_quiet_it_should_be() {
    let folder = Folder::with(QUICKSTART);
    let seen = on_a_terminal(&folder, "apply --sandbox -q");
    assert!(seen.trim_end().ends_with("Nothing was changed."), "{seen}");
}

/// What is wrong with the manifest is said before that nobody can approve.
#[test]
fn who_cannot_be_asked_is_told_after_what_is_wrong() {
    let said = |folder: &Folder, arguments: &[&str]| {
        let output = folder.output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    for command in [&["apply"][..], &["revoke", "--all"]] {
        assert!(said(&Folder::empty(), command).contains("there is no manifest in this folder"));
        let missing = said(&Folder::empty(), &[command, &["-f", "x.yaml"]].concat());
        assert!(missing.contains("x.yaml") && !missing.contains("approve"), "{missing}");
        let right = said(&Folder::with(QUICKSTART), command);
        assert!(right.contains("nobody is here to approve the changes: this is no terminal"), "{right}");
    }
    let unknown = said(&Folder::with(QUICKSTART), &["revoke", "nothing"]);
    assert!(unknown.contains("nothing") && !unknown.contains("approve"), "{unknown}");
}

#[test]
fn a_manifest_on_standard_input_leaves_nobody_to_answer() {
    let folder = Folder::with(QUICKSTART);
    let mut command = folder.command(&["apply", "--sandbox", "-f", "-"]);
    command.stdin(std::fs::File::open(folder.path().join("cloudgrant.yaml")).expect("the manifest"));
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("standard input is the manifest, so nobody can answer") && said.contains("--yes"), "{said}");
}

/// The terminal echoes `^C` behind the moving line: it must have room there, or what is taken away is the next line.
#[cfg(target_os = "linux")]
#[test]
fn a_moving_line_leaves_room_for_an_echo() {
    let folder = Folder::with(QUICKSTART);
    let seen = on_a_terminal(&folder, "plan --sandbox --faults latency=200ms");
    let lines: Vec<_> = seen.split(['\r', '\n']).filter(|line| line.contains("Looking at what aws has")).collect();
    assert!(!lines.is_empty(), "{seen}");
    assert!(lines.iter().all(|line| line.trim_end().len() == line.len() && line.len() < 90), "{lines:?}");
}
