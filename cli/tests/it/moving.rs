//! The same manifest on another cloud.

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART, assert_looks};

const PROJECTS: &str = include_str!("../../../examples/project-domain/cloudgrant.yaml");

/// Only the scopes: the rest of the manifest is ready for both.
#[test]
fn projects_are_refused_on_azure_each_with_what_works_instead() {
    let folder = Folder::with(PROJECTS);
    assert_looks!(folder.run(&["plan", "--provider", "azure"]));
    assert!(!folder.path().join(".cloudgrant").exists(), "nothing was started");
}

#[test]
fn a_refused_move_as_json() {
    assert_looks!(Folder::with(PROJECTS).run(&["apply", "--provider", "azure", "--yes", "--output", "json"]));
}

/// Scopes, levels, and what has no locator there, in resources and registries alike.
#[test]
fn a_move_is_refused_for_every_reason_at_once() {
    let manifest = PROJECTS
        .replace("    azure: https://acme-vault.vault.azure.net/secrets/labels-token\n", "")
        .replace("      tools: pull\n", "      tools: pull\n      frames: push\n")
        + "\nregistries:\n  - name: base\n    aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/base\n";
    assert_looks!(Folder::with(&manifest).run(&["plan", "--provider", "azure"]));
}

/// What `plan` and `apply` say of the move.
fn said(folder: &Folder, arguments: &[&str]) -> Option<String> {
    let output = folder.output(arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    let from = text.find("Moving from")?;
    assert!(text.find("\nnote: ").is_none_or(|note| from < note), "it stands before the notes: {text}");
    text[from..].split("\n\n").next().map(str::to_owned)
}

#[test]
fn a_move_is_shown_wherever_a_plan_is_made_true() {
    let folder = Folder::with(&QUICKSTART.replace("provider: aws", "provider: azure"));
    let plan = said(&folder, &["plan", "--provider", "aws", "--sandbox"]).expect("a move");
    assert_looks!(plan.clone());
    assert_eq!(said(&folder, &["apply", "--provider", "aws", "--sandbox", "--yes"]), Some(plan));
    for other in [&["drift"][..], &["revoke", "--all", "--yes"]] {
        assert_eq!(said(&folder, &[other, &["--provider", "aws", "--sandbox"]].concat()), None, "{other:?}");
    }
    let folder = folder.variable("CLOUDGRANT_PROVIDER", "aws");
    assert!(said(&folder, &["plan", "--sandbox"]).is_some(), "a variable moves as a flag does");
    assert_eq!(said(&Folder::with(QUICKSTART), &["plan", "--provider", "aws", "--sandbox"]), None, "it stays");
}

/// Everything of the quickstart can be had on Azure; what comes with it there is told.
#[test]
fn the_quickstart_moves_to_azure() {
    let folder = Folder::with(QUICKSTART);
    assert_looks!(said(&folder, &["plan", "--provider", "azure", "--sandbox"]).expect("a move"));
}

#[test]
fn a_move_is_in_the_document() {
    let folder = Folder::with(&QUICKSTART.replace("provider: aws", "provider: azure"));
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let document = assert_valid(&folder, &[command, &["--provider", "aws", "--sandbox"]].concat());
        assert_eq!((&document["move"]["from"], &document["move"]["to"]), (&"azure".into(), &"aws".into()));
        assert_eq!(document["move"]["differences"][0]["effect"], "loses");
    }
    let stays = assert_valid(&Folder::with(QUICKSTART), &["plan", "--sandbox"]);
    assert_eq!(stays.get("move"), None);
}
