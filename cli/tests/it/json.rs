//! The JSON output keeps to its schema.

use serde_json::Value;

use crate::support::{Folder, MANIFEST, QUICKSTART};

fn schema() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(include_str!("../../schema/output.schema.json")).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

fn document(folder: &Folder, arguments: &[&str]) -> Value {
    let output = folder.output(&[arguments, &["--output", "json"]].concat());
    let text = String::from_utf8(output.stdout).expect("text");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?} wrote no JSON ({error}): {text}"))
}

fn assert_valid(folder: &Folder, arguments: &[&str]) -> Value {
    let document = document(folder, arguments);
    let problems: Vec<_> =
        schema().iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{arguments:?}: {problems:#?}\n{document:#}");
    document
}

#[test]
fn every_command_keeps_to_the_schema() {
    let folder = Folder::with(QUICKSTART);
    let plan = assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(
        plan["summary"]["create"],
        plan["changes"].as_array().expect("changes").iter().filter(|c| c["action"] == "create").count()
    );
    assert_valid(&folder, &["explain", "--sandbox"]);
    assert_valid(&folder, &["apply", "--sandbox", "--yes", "--faults", "deny=iam:CreateRole"]);
    let applied = assert_valid(&folder, &["apply", "--sandbox", "--yes"]);
    assert_eq!(applied["result"]["failed"], serde_json::json!([]));
    assert_valid(&folder, &["apply", "--sandbox", "--yes"]);
    folder.write("cloudgrant.yaml", QUICKSTART.replace("models: read-write", "models: read"));
    assert_valid(&folder, &["drift", "--sandbox"]);
    assert_valid(&folder, &["revoke", "--all", "--yes", "--sandbox"]);
    assert_valid(&folder, &["providers"]);
}

/// The sandbox writes its document when it serves, and serves until it is interrupted.
#[cfg(unix)]
#[test]
fn a_served_sandbox_keeps_to_the_schema() {
    use std::process::{Command, Stdio};

    let folder = Folder::with(QUICKSTART);
    let mut child = folder
        .command(&["sandbox", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let stdout = child.stdout.take().expect("a pipe");
    let document: Value = serde_json::Deserializer::from_reader(stdout)
        .into_iter()
        .next()
        .expect("a document")
        .expect("the document is JSON");
    assert!(schema().is_valid(&document), "{document:#}");
    assert_eq!(document["exports"]["AWS_ENDPOINT_URL"], document["endpoint"]);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(interrupted.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn errors_keep_to_the_schema() {
    assert_valid(&Folder::empty(), &["plan"]);
    assert_valid(&Folder::empty(), &["plan", "--nonsense"]);
    assert_valid(&Folder::with(MANIFEST), &["apply"]);
    assert_valid(&Folder::with(&MANIFEST.replace("grants:", "grnats:")), &["plan"]);
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let mut document = document(&Folder::with(QUICKSTART), &["plan", "--sandbox"]);
    document["changes"][0]["action"] = "destroy".into();
    assert!(!schema().is_valid(&document));
}
