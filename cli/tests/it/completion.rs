//! What shells complete.

use std::process::Command;

use crate::support::{Folder, QUICKSTART};

/// What the command answers to a shell that asks how the last word goes on.
fn candidates(folder: &Folder, shell: &str, line: &[&str]) -> Vec<String> {
    let mut command = folder.command(&[&["--"], line].concat());
    command.env("_CLOUDGRANT_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (line.len() - 1).to_string());
    let output = command.env("_CLAP_IFS", "\n").output().expect("the binary runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    // Some shells get an explanation beside each.
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split(['\t', ':']).next().unwrap_or_default().to_owned()).collect()
}

fn world() -> Folder {
    let folder = Folder::with(&format!("{QUICKSTART}\nprofiles:\n  staging: {{}}\n  production: {{}}\n"));
    std::fs::create_dir(folder.path().join("some-folder")).expect("a folder");
    folder.write("some-folder/other.toml", "[[grants]]\nname = \"elsewhere\"\n");
    folder
}

#[test]
fn names_of_the_manifest_are_completed_in_every_shell() {
    let folder = world();
    for shell in ["bash", "zsh", "fish"] {
        let of = |line: &[&str]| candidates(&folder, shell, line);
        assert_eq!(of(&["cloudgrant", "dri"]), ["drift"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--provider", "a"]), ["aws", "azure"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--profile", ""]), ["staging", "production"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--profile", "st"]), ["staging"], "{shell}");
        let grants = ["training-data", "models-production", "base-images", "trainer-images"];
        for command in ["done", "explain", "revoke"] {
            for grant in grants {
                assert!(of(&["cloudgrant", command, ""]).iter().any(|name| name == grant), "{shell} {command} {grant}");
            }
        }
        // A step on the platform goes by its project and domain, or by its domain.
        let steps = of(&["cloudgrant", "done", ""]);
        let of_platform = ["forecasting-production", "vision-production", "production"];
        assert_eq!(steps, [&grants[..], &of_platform].concat(), "{shell}");
        assert_eq!(of(&["cloudgrant", "done", "vis"]), ["vision-production"], "{shell}");
        assert_eq!(of(&["cloudgrant", "done", "--undo", "vis"]), ["vision-production"], "{shell}");
        assert_eq!(of(&["cloudgrant", "revoke", "tra"]), ["training-data", "trainer-images"], "{shell}");
        assert_eq!(of(&["cloudgrant", "explain", "--file", "some-folder/other.toml", "el"]), ["elsewhere"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--file", "some"]), ["some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "sandbox", "--folder", "so"]), ["some-folder/"], "{shell}");
        // Where a file or a state of its own is meant, this folder isn't.
        let files = ["cloudgrant.yaml", "some-folder/"];
        assert_eq!(of(&["cloudgrant", "plan", "--file", ""]), files, "{shell}");
        assert_eq!(of(&["cloudgrant", "apply", "--audit", ""]), files, "{shell}");
        assert_eq!(of(&["cloudgrant", "audit", "verify", ""]), files, "{shell}");
        assert_eq!(of(&["cloudgrant", "sandbox", "--folder", ""]), ["some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "export", "--to", ""]), ["some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--sandbox="]), ["--sandbox=some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--output", "j"]), ["json"], "{shell}");
        let documents = of(&["cloudgrant", "permissions", "--for", ""]);
        assert_eq!(documents, ["111122223333", "444455556666"], "{shell}");
        let documents = of(&["cloudgrant", "permissions", "--provider", "azure", "--for", ""]);
        assert_eq!(documents, ["role", "assignment"], "{shell}");
        assert!(!of(&["cloudgrant", "plan", "--faults", "th"]).is_empty(), "{shell}");
    }
}

/// What bash shows with the script, where it takes the line apart into these words and asks about this one of them.
fn in_bash(folder: &Folder, words: &[&str], typed: &str, at: usize) -> String {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_cloudgrant"));
    let path = std::env::var("PATH").unwrap_or_default();
    let ask = format!(
        "source <(cloudgrant completions bash); COMP_WORDS=({}); COMP_CWORD={at}; \
         _clap_complete_cloudgrant cloudgrant '{typed}' x; echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    );
    let mut bash = Command::new("bash");
    bash.args(["-c", &ask]).current_dir(folder.path());
    bash.env("PATH", format!("{}:{path}", binary.parent().expect("a folder").display()));
    let output = bash.output().expect("bash runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// The script as a shell reads it. bash takes an option and its value apart at the sign.
#[test]
fn bash_completes_with_the_script() {
    let folder = world();
    let of = |words: &[&str], typed: &str| in_bash(&folder, words, typed, words.len() - 1);
    assert_eq!(of(&["cloudgrant", "plan", "--profile", "pro"], "pro"), "production");
    assert_eq!(of(&["cloudgrant", "plan", "--profile", "=", "pro"], "pro"), "production");
    assert_eq!(of(&["cloudgrant", "plan", "--provider", "=", "aw"], "aw"), "aws");
    assert_eq!(of(&["cloudgrant", "plan", "--file", "=", "some"], "some"), "some-folder/");
    // Nothing is typed behind the sign yet.
    for typed in ["", "="] {
        assert_eq!(of(&["cloudgrant", "plan", "--provider", "="], typed), "aws azure");
        let folders = of(&["cloudgrant", "plan", "--sandbox", "="], typed);
        assert!(folders.contains("some-folder/") && !folders.contains("--"), "{folders}");
    }
    // In the middle of a line, and behind an option that is whole.
    let line = ["cloudgrant", "--file", "=", "cloudgrant.yaml", "pl", "--output", "=", "json"];
    assert_eq!(in_bash(&folder, &line, "pl", 4), "plan");
    assert_eq!(
        in_bash(&folder, &["cloudgrant", "explain", "--output", "=", "json", "models"], "models", 5),
        "models-production"
    );
}

#[test]
fn options_are_offered_to_whoever_begins_one() {
    let folder = world();
    for shell in ["bash", "zsh", "fish"] {
        let of = |line: &[&str]| candidates(&folder, shell, line);
        let grants = ["training-data", "models-production", "base-images", "trainer-images"];
        assert_eq!(of(&["cloudgrant", "explain", ""]), grants, "{shell}");
        assert!(!of(&["cloudgrant", ""]).iter().any(|name| name.starts_with('-')), "{shell}");
        let options = of(&["cloudgrant", "revoke", "--a"]);
        assert!(
            options.contains(&"--all".to_owned()) && options.contains(&"--audit".to_owned()),
            "{shell}: {options:?}"
        );
    }
}

/// All of it or some of it, and nothing twice.
#[test]
fn what_is_to_be_revoked_is_offered_once() {
    let folder = world();
    for shell in ["bash", "zsh", "fish"] {
        let of = |line: &[&str]| candidates(&folder, shell, &[&["cloudgrant"], line].concat());
        let all = of(&["revoke", ""]);
        assert_eq!(all, ["training-data", "models-production", "base-images", "trainer-images", "--all"], "{shell}");
        let others = ["models-production", "base-images", "trainer-images"];
        assert_eq!(of(&["revoke", "training-data", ""]), others, "{shell}");
        assert_eq!(of(&["revoke", "--yes", "training-data", "m"]), ["models-production"], "{shell}");
        assert_eq!(of(&["explain", "training-data", ""]), others, "{shell}");
        // A value of an option is no grant.
        assert!(of(&["revoke", "--file", "cloudgrant.yaml", ""]).contains(&"--all".to_owned()), "{shell}");
        // Nothing is left but options.
        assert!(of(&["revoke", "--all", ""]).iter().all(|word| word.starts_with("--")), "{shell}");
        assert_eq!(of(&["revoke", "--al"]), ["--all"], "{shell}");
        // Stacks are the cloud's to name, and no file is one.
        assert!(of(&["revoke", "--all", "--stack", ""]).is_empty(), "{shell}");
    }
}
