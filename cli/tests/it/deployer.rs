//! `permissions`: what is written to a file is one document, as the cloud's own tool takes it.

use serde_json::Value;

use crate::support::{Folder, QUICKSTART, assert_looks};

/// Runs it with standard output in a file, which it has to leave empty, and says what was wrong.
fn refused_in_a_file(folder: &Folder, arguments: &[&str]) -> String {
    let path = folder.path().join("policy.json");
    let file = std::fs::File::create(&path).expect("the folder is writable");
    let refused = folder.command(arguments).stdout(file).output().expect("the binary runs");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(std::fs::read(path).expect("the file is there"), b"");
    String::from_utf8(refused.stderr).expect("text")
}

#[test]
fn several_documents_are_refused_where_a_file_would_hold_them() {
    assert_looks!(refused_in_a_file(&Folder::with(QUICKSTART), &["permissions", "--plan"]));
}

#[test]
fn several_documents_are_read_in_a_pipe() {
    let read = Folder::with(QUICKSTART).output(&["permissions", "--plan"]);
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(&read.stdout).into_iter().collect();
    assert_eq!(documents.expect("JSON").len(), 2);
}

/// The commands that the refusal lists, as a shell runs them.
#[test]
fn the_commands_that_are_listed_write_a_document_each() {
    for (provider, names) in [("aws", ["111122223333", "444455556666"]), ("azure", ["role", "assignment"])] {
        let folder = Folder::with(QUICKSTART);
        let said = refused_in_a_file(&folder, &["permissions", "--provider", provider]);
        let commands: Vec<_> = said.lines().map(str::trim).filter(|line| line.starts_with("cloudgrant ")).collect();
        assert_eq!(commands.len(), names.len(), "{said}");
        for (command, name) in commands.iter().zip(names) {
            let command = command.replacen("cloudgrant", env!("CARGO_BIN_EXE_cloudgrant"), 1);
            let ran = std::process::Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output();
            let ran = ran.expect("sh runs");
            assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
            let file = std::fs::read(folder.path().join(format!("{name}.json"))).expect("the file is there");
            let document: Value = serde_json::from_slice(&file).expect("one document");
            assert!(document.is_object(), "{document}");
        }
    }
}

#[test]
fn one_document_needs_no_name_and_an_unknown_one_is_told_the_known() {
    let folder = Folder::with(QUICKSTART);
    let only = folder.output(&["permissions", "--plan", "--provider", "azure"]);
    assert!(only.status.success());
    let document: Value = serde_json::from_slice(&only.stdout).expect("one document");
    assert_eq!(document["IsCustom"], true);
    let unknown = folder.output(&["permissions", "--for", "999999999999"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8(unknown.stderr).expect("text");
    assert!(said.contains("--for takes one of: 111122223333, 444455556666"), "{said}");
}

/// The help of `--for` has every word that chooses a document and isn't an account.
#[test]
fn the_help_names_every_document() {
    let help = Folder::with(QUICKSTART).output(&["permissions", "--help"]);
    let help = String::from_utf8(help.stdout).expect("text");
    let manifests = [
        QUICKSTART,
        crate::delivery::ONE_DOMAIN,
        include_str!("../../../examples/flyte/cloudgrant.yaml"),
        include_str!("../../../examples/settings/cloudgrant.yaml"),
    ];
    let mut words = std::collections::BTreeSet::new();
    for manifest in manifests {
        for provider in ["aws", "azure"] {
            let folder = Folder::with(manifest);
            let output = folder.output(&["permissions", "--output", "json", "--provider", provider]);
            let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let names = document["permissions"].as_array().into_iter().flatten().map(|one| one["name"].to_string());
            words.extend(names.filter(|name| !name.contains(|c: char| c.is_ascii_digit())));
        }
    }
    assert_eq!(words.len(), 5, "{words:?}");
    for word in words {
        assert!(help.contains(&word.replace('"', "`")), "{word}: {help}");
    }
}
