//! Where a manifest comes from: a file that is named, the only one in the folder, or standard input.

use std::io::Write as _;
use std::process::{Output, Stdio};

use crate::support::{Folder, MANIFEST};

/// A run with a manifest on standard input.
fn piped(folder: &Folder, arguments: &[&str], text: &str) -> Output {
    let mut command = folder.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // It may end before it has read everything.
    let _ = child.stdin.take().expect("standard input").write_all(text.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const TOML: &str = "# of ours\nversion = 1\nstack = \"acme\"\nprovider = \"aws\"\n[platform]\nkind = \"flyte\"\nprojects = [\"a\"]\ndomains = [\"b\"]\n[aws]\nregion = \"us-west-2\"\naccount = \"111122223333\"\n";

#[test]
fn a_manifest_comes_from_standard_input_in_any_notation() {
    let folder = Folder::empty();
    let json = r#"{ "version": 1, "stack": "acme", "provider": "aws", "aws": { "region": "us-west-2", "account": "111122223333" },
        "platform": { "kind": "flyte", "projects": ["a"], "domains": ["b"] } }"#;
    for text in [MANIFEST, TOML, json] {
        for arguments in [["plan", "--sandbox", "-f", "-"], ["plan", "--sandbox", "--file", "-"]] {
            let output = piped(&folder, &arguments, text);
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        }
    }
}

#[test]
fn what_is_wrong_with_standard_input_is_said_of_it() {
    let folder = Folder::empty();
    let output = piped(&folder, &["plan", "-f", "-"], &MANIFEST.replace("region:", "regoin:"));
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("<stdin>:10:3: aws.regoin: unknown key `regoin`"), "{}", said(&output));
    let output = piped(&folder, &["plan", "-f", "-"], "");
    assert!(said(&output).contains("<stdin> is empty"), "{}", said(&output));
    let output = piped(&folder, &["plan", "-f", "-"], &TOML.replace("1\n", "\n"));
    assert!(said(&output).contains("<stdin>:2:") && said(&output).contains("isn't valid TOML"), "{}", said(&output));
}

#[test]
fn two_manifests_in_a_folder_are_no_choice_of_ours() {
    for other in ["cloudgrant.toml", "cloudgrant.json", "cloudgrant.yml"] {
        let folder = Folder::with(MANIFEST);
        folder.write(other, "");
        let output = folder.output(&["plan", "--sandbox"]);
        assert_eq!(output.status.code(), Some(2));
        let said = said(&output);
        assert!(said.contains(&format!("more than one manifest: cloudgrant.yaml and {other}")), "{said}");
        assert!(said.contains(&format!("--file cloudgrant.yaml or --file {other}")), "{said}");
        // Named, it is one.
        let output = folder.output(&["plan", "--sandbox", "--file", "cloudgrant.yaml"]);
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn numbers_truth_values_and_account_ids_come_from_variables() {
    let folder = Folder::with(&MANIFEST.replace("  account: \"111122223333\"\n", ""))
        .variable("CLOUDGRANT_AWS__REQUEST_TIMEOUT", "5")
        .variable("CLOUDGRANT_AWS__INSPECT_SECRETS", "false")
        .variable("CLOUDGRANT_AWS__ACCOUNT", "111122223333");
    let output = folder.output(&["plan", "--sandbox"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for wrong in ["0", "-5"] {
        let output = Folder::with(MANIFEST).variable("CLOUDGRANT_AWS__REQUEST_TIMEOUT", wrong).output(&["plan"]);
        let told = format!("`{wrong}` is not a number of seconds above 0");
        assert!(said(&output).contains(&told), "{}", said(&output));
    }
    let output = Folder::with(MANIFEST).variable("CLOUDGRANT_AWS__REQUEST_TIMEOUT", "5s").output(&["plan"]);
    assert!(said(&output).contains("environment variable CLOUDGRANT_AWS__REQUEST_TIMEOUT: "), "{}", said(&output));
}

/// A manifest that lost its grants takes everything away, and the plan begins with that.
#[test]
fn a_plan_that_takes_everything_away_says_so_first() {
    let folder = Folder::with(MANIFEST);
    assert_eq!(folder.output(&["apply", "--yes", "--sandbox"]).status.code(), Some(0));
    let first = |output: &Output| String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
    let begins = "This plan takes away everything that the stack has made: the manifest has no grants.";
    assert_ne!(first(&folder.output(&["plan", "--sandbox"])), begins);
    let (without, _) = MANIFEST.split_once("grants:").expect("grants");
    for none in ["grants: []\n", ""] {
        folder.write("cloudgrant.yaml", format!("{without}{none}"));
        for arguments in [&["plan", "--sandbox"][..], &["plan", "--sandbox", "--quiet"]] {
            assert_eq!(first(&folder.output(arguments)), begins);
        }
        let output = folder.output(&["plan", "--sandbox", "--output", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let notes = document["notes"].as_array().expect("notes");
        assert!(
            notes.iter().any(|note| note["level"] == "warning"
                && note["message"].as_str().is_some_and(|said| said.contains("takes away everything"))),
            "{notes:?}"
        );
        // Whoever revokes everything asks for that.
        let output = folder.output(&["revoke", "--all", "--yes", "--sandbox=elsewhere"]);
        assert!(!first(&output).contains("the manifest has no grants"));
    }
    folder.write("cloudgrant.yaml", format!("{without}grants:\n"));
    assert_eq!(folder.output(&["plan", "--sandbox"]).status.code(), Some(2));
    // What registries or bindings ask for may stay: all that grants gave goes nevertheless.
    let binding = "bindings: [{ scope: { project: vision, domain: production } }]\n";
    folder.write("cloudgrant.yaml", format!("{without}{binding}"));
    let begins = "This plan deletes what the stack has made, and the manifest has no grants.";
    for arguments in [&["plan", "--sandbox"][..], &["plan", "--sandbox", "--quiet"]] {
        assert_eq!(first(&folder.output(arguments)), begins);
    }
    assert!(!first(&folder.output(&["drift", "--sandbox"])).contains("the manifest has no grants"));
    // Once nothing is there any more, there is nothing to say.
    folder.write("cloudgrant.yaml", format!("{without}grants: []\n"));
    assert_eq!(folder.output(&["apply", "--yes", "--sandbox"]).status.code(), Some(0));
    assert!(!first(&folder.output(&["plan", "--sandbox"])).contains("takes away"));
}

/// A tag is a word with capitals, whichever word it is.
#[test]
fn tags_of_variables_stay_as_they_are_written() {
    for (provider, section) in [("aws", "AWS"), ("azure", "AZURE")] {
        for (word, tag) in [("true", "CostCentre"), ("4711", "COST"), ("null", "cost")] {
            let folder = crate::support::Folder::with(include_str!("../../../examples/domains/cloudgrant.yaml"));
            let folder = match provider {
                "aws" => crate::support::Folder::with(crate::support::QUICKSTART),
                _ => folder,
            };
            let mut command = folder.command(&["plan", "--sandbox", "--provider", provider]);
            command.env(format!("CLOUDGRANT_{section}__TAGS__{tag}"), word);
            let output = command.output().expect("the binary runs");
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert!(said.contains(&format!("{tag}: {word}")) || said.contains(&format!("{tag}: \"{word}\"")), "{said}");
        }
    }
}

/// YAML has numbers of its own: what is written is what counts, and what lost its zero is told.
#[test]
fn account_ids_are_keys_as_they_are_written() {
    const ROLE: &str = "{ assume_role: \"arn:aws:iam::044455556666:role/registry-admin\" }";
    let with = |key: &str| {
        let line = "  region: us-west-2\n";
        assert!(MANIFEST.contains(line));
        Folder::with(&MANIFEST.replace(line, &format!("{line}  accounts: {{ {key}: {ROLE} }}\n")))
    };
    for fine in ["044455556666", "\"044455556666\""] {
        let output = with(fine).output(&["plan", "--sandbox"]);
        assert!(output.status.success(), "{fine}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for (bad, expected) in [
        ("44455556666", "perhaps it lost its leading zero: \"044455556666\""),
        ("\"44455556666\"", "perhaps it lost its leading zero: \"044455556666\""),
        ("0x0A5A5A5A5A", "it takes twelve digits"),
        ("4.4455556666e10", "it takes twelve digits"),
        ("0444_5555_6666", "it takes twelve digits"),
    ] {
        let output = with(bad).output(&["plan", "--sandbox"]);
        let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{bad}: {said}");
        let written = bad.trim_matches('"');
        assert!(
            said.contains(&format!("aws.accounts.{written}: `{written}` is not an AWS account id")),
            "{bad}: {said}"
        );
        assert!(said.contains(expected), "{bad}: {said}");
    }
}
