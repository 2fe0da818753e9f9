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

pub(crate) fn assert_valid(folder: &Folder, arguments: &[&str]) -> Value {
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
    assert_valid(&folder, &["export", "--sandbox", "--to", "delivery"]);
}

/// The sandbox writes its document when it serves, and serves until it is interrupted.
#[cfg(unix)]
fn served(provider: &str) -> Value {
    use std::process::{Command, Stdio};

    let folder = Folder::with(QUICKSTART);
    let mut child = folder
        .command(&["sandbox", "--provider", provider, "--output", "json"])
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
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(interrupted.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    document
}

#[cfg(unix)]
#[test]
fn a_served_sandbox_keeps_to_the_schema() {
    let aws = served("aws");
    assert_eq!(aws["exports"]["AWS_ENDPOINT_URL"], aws["endpoint"]);
    assert_eq!(aws["exports"]["NO_PROXY"], "127.0.0.1");
    assert_eq!(aws["setup"], serde_json::json!([]), "variables are enough");
    let azure = served("azure");
    assert_eq!(azure["exports"]["ARM_ENDPOINT"], azure["endpoint"]);
    assert_eq!(azure["exports"]["NO_PROXY"], "127.0.0.1");
    // Each variable that the commands name is exported, or set by one of them.
    let setup: Vec<_> = azure["setup"].as_array().expect("commands").iter().filter_map(Value::as_str).collect();
    assert!(setup.iter().any(|command| command.starts_with("az login")), "{setup:?}");
    for name in setup.iter().flat_map(|command| command.split("\"$").skip(1)).filter_map(|rest| rest.split('"').next())
    {
        assert!(name.starts_with('(') || azure["exports"].get(name).is_some(), "{name}");
    }
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

#[test]
fn permissions_keep_to_the_schema() {
    let folder = Folder::with(QUICKSTART);
    for provider in ["aws", "azure"] {
        for purpose in ["apply", "plan"] {
            let flags = if purpose == "plan" {
                &["permissions", "--plan", "--provider", provider][..]
            } else {
                &["permissions", "--provider", provider]
            };
            let document = assert_valid(&folder, flags);
            assert_eq!(document["purpose"], purpose);
            assert!(document["permissions"].as_array().is_some_and(|all| !all.is_empty()), "{document:#}");
        }
    }
}

/// A full disk, for one.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_told() {
    let folder = Folder::with(QUICKSTART);
    let told = |arguments: &[&str]| {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let output =
            folder.command(&[arguments, &["-o", "json"]].concat()).stdout(full).output().expect("the binary runs");
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    for arguments in [&["plan", "--sandbox"][..], &["providers"]] {
        let said = told(arguments);
        assert_eq!(said.matches("error: can't write the result to standard output").count(), 1, "{said}");
        assert!(said.contains("No space left on device"), "{said}");
    }
    // What is wrong otherwise is told as well.
    for (arguments, what) in [(&["explain", "nobody"][..], "nobody"), (&["plan", "--nonsense"], "--nonsense")] {
        let said = told(arguments);
        assert!(said.contains(what) && said.contains("error: can't write the result"), "{said}");
    }
}
