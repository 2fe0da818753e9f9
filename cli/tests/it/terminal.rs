//! What a person sees on a terminal, and what they type there: a pseudo-terminal of `script`.

#[cfg(target_os = "linux")]
use std::io::{Read, Write};
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

use crate::support::{Folder, QUICKSTART};

/// What is typed at a question where nobody has an answer: the end of the input.
#[cfg(target_os = "linux")]
const NO_ANSWER: [(&str, &str); 1] = [("[y/N] ", "\x04")];

/// Runs the command on a terminal where nobody answers anything.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Folder, command: &str) -> String {
    on_a_terminal_of(100, folder, command, &NO_ANSWER)
}

/// Runs the command on a terminal on which something is typed as soon as what belongs to it is seen, one after the other.
#[cfg(target_os = "linux")]
pub(crate) fn on_a_terminal_of(columns: usize, folder: &Folder, command: &str, typed: &[(&str, &str)]) -> String {
    let binary = env!("CARGO_BIN_EXE_cloudgrant");
    let mut script = Command::new("script");
    script.args(["-qec", &format!("stty rows 40 cols {columns}; {binary} {command}"), "/dev/null"]);
    script.current_dir(folder.path()).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    script.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path()).env("TERM", "xterm");
    let mut script = script.spawn().expect("`script` of util-linux runs");
    let (mut keys, mut screen) = (script.stdin.take().expect("piped"), script.stdout.take().expect("piped"));
    let (mut seen, mut from, mut piece) = (Vec::new(), 0, [0; 4096]);
    let mut typed = typed.iter().peekable();
    loop {
        let length = screen.read(&mut piece).expect("readable");
        if length == 0 {
            break;
        }
        seen.extend_from_slice(&piece[..length]);
        let rest = String::from_utf8_lossy(&seen[from..]);
        if let Some((_, text)) = typed.next_if(|(behind, _)| rest.contains(behind)) {
            keys.write_all(text.as_bytes()).expect("somebody reads");
            from = seen.len();
        }
    }
    script.wait().expect("it ends");
    anstream::adapter::strip_str(&String::from_utf8_lossy(&seen)).to_string()
}

/// Nobody approves what they haven't seen.
#[cfg(target_os = "linux")]
#[test]
fn what_is_typed_before_the_question_answers_nothing() {
    let folder = Folder::with(QUICKSTART);
    let typed = [("Looking at what aws has", "y\n"), ("[y/N] ", "n\n")];
    let seen = on_a_terminal_of(100, &folder, "apply --sandbox --faults latency=300ms", &typed);
    assert!(seen.trim_end().ends_with("Nothing was changed."), "{seen}");
    let seen = on_a_terminal_of(100, &folder, "apply --sandbox", &[("[y/N] ", "y\n")]);
    assert!(!seen.contains("Nothing was changed."), "{seen}");
    let output = folder.output(&["plan", "--sandbox", "--exit-code"]);
    assert!(output.status.success(), "what was approved is done");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_neither_yes_nor_no_is_a_no_in_the_end() {
    let folder = Folder::with(QUICKSTART);
    let seen = on_a_terminal_of(100, &folder, "apply --sandbox", &[("[y/N] ", "maybe\n"); 4]);
    assert_eq!(seen.matches("[y/N] ").count(), 3, "{seen}");
    assert_eq!(seen.matches("Please answer y or n").count(), 2, "{seen}");
    assert!(seen.trim_end().ends_with("Nothing was changed."), "{seen}");
    let seen = on_a_terminal_of(100, &folder, "apply --sandbox", &[("[y/N] ", "maybe\n"), ("[y/N] ", "yes\n")]);
    assert!(!seen.contains("Nothing was changed."), "{seen}");
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
        let seen = on_a_terminal_of(60, &folder, command, &NO_ANSWER);
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
        let folder = Folder::with(QUICKSTART);
        if command[0] == "revoke" {
            // With nothing to do, nobody has to approve anything.
            assert!(folder.output(&["apply", "--sandbox", "--yes", "-q"]).status.success());
        }
        let right = said(&folder, &[command, &["--sandbox"]].concat());
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

#[cfg(target_os = "linux")]
#[test]
fn nothing_moves_on_a_dumb_terminal() {
    let folder = Folder::with(QUICKSTART);
    let binary = env!("CARGO_BIN_EXE_cloudgrant");
    let command = format!("env TERM=dumb {binary} plan --sandbox --faults latency=200ms");
    let seen = on_a_terminal(&folder, &format!("--version; {command}"));
    assert!(seen.contains("+ iam-role") && !seen.contains("Looking at what aws has"), "{seen}");
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
