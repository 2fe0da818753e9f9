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
        for command in ["explain", "revoke"] {
            for grant in grants {
                assert!(of(&["cloudgrant", command, ""]).iter().any(|name| name == grant), "{shell} {command} {grant}");
            }
        }
        assert_eq!(of(&["cloudgrant", "revoke", "tra"]), ["training-data", "trainer-images"], "{shell}");
        assert_eq!(of(&["cloudgrant", "explain", "--file", "some-folder/other.toml", "el"]), ["elsewhere"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--file", "some"]), ["some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "sandbox", "--folder", "so"]), ["some-folder/"], "{shell}");
        assert_eq!(of(&["cloudgrant", "plan", "--output", "j"]), ["json"], "{shell}");
    }
}

/// The script as a shell reads it.
#[test]
fn bash_completes_with_the_script() {
    let folder = world();
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_cloudgrant"));
    let path = std::env::var("PATH").unwrap_or_default();
    let ask = "source <(cloudgrant completions bash); COMP_WORDS=(cloudgrant plan --profile pro); COMP_CWORD=3; \
               _clap_complete_cloudgrant cloudgrant pro --profile; echo \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", ask]).current_dir(folder.path());
    bash.env("PATH", format!("{}:{path}", binary.parent().expect("a folder").display()));
    let output = bash.output().expect("bash runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "production\n", "{}", String::from_utf8_lossy(&output.stderr));
}
