//! `cloudgrant validate`: what can be known of manifests without a cloud.

use std::io::Write as _;
use std::process::Stdio;

use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST, assert_looks};

const PROFILES: &str =
    "profiles:\n  production:\n    aws: { region: eu-west-1 }\n  staging:\n    stack: acme-staging\n";

#[test]
fn a_valid_manifest_is_told_in_a_line() {
    assert_looks!(Folder::with(MANIFEST).run(&["validate"]));
}

/// Each is looked at, whatever is wrong with the ones before it.
#[test]
fn several_manifests_are_told_one_by_one() {
    let folder = Folder::with(MANIFEST);
    folder.write("broken.yaml", MANIFEST.replace("scope: global", "scope: everything"));
    folder.write("unread.yaml", MANIFEST.replace("scope: global", "scope: [global"));
    assert_looks!(folder.run(&["validate", "broken.yaml", "none.yaml", "unread.yaml", "cloudgrant.yaml"]));
    let document = assert_valid(&folder, &["validate", "broken.yaml", "cloudgrant.yaml"]);
    assert_eq!(document["valid"], false);
    assert_eq!(document["manifests"][0]["error"]["problems"][0]["path"], "grants[0].scope");
    assert_eq!(document["manifests"][1]["grants"], 2);
}

/// The secret is in another region than the profile's: only with the profile, and only the provider knows.
#[test]
fn each_profile_is_looked_at_where_that_is_asked() {
    let folder = Folder::with(&format!("{MANIFEST}{PROFILES}"));
    assert_eq!(folder.output(&["validate"]).status.code(), Some(0));
    assert_eq!(folder.output(&["validate", "--profile", "production"]).status.code(), Some(2));
    assert_looks!(folder.run(&["validate", "--all-profiles"]));
    let document = assert_valid(&folder, &["validate", "--all-profiles"]);
    let of = |key: &str| document["manifests"].as_array().expect("a list").iter().map(|one| one[key].clone()).collect();
    let (profiles, valid): (Vec<_>, Vec<_>) = (of("profile"), of("valid"));
    assert_eq!(profiles, [serde_json::Value::Null, "production".into(), "staging".into()]);
    assert_eq!(valid, [true, false, true]);
    assert_eq!(document["manifests"][2]["stack"], "acme-staging");
}

#[test]
fn standard_input_is_read_once() {
    let folder = Folder::empty();
    let mut child = folder
        .command(&["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(MANIFEST.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("stack acme-ml"), "{output:?}");
    for twice in [&["validate", "-", "-"][..], &["validate", "-", "--all-profiles"]] {
        let output = folder.output(twice);
        assert_eq!(output.status.code(), Some(2), "{twice:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("can be read once"), "{output:?}");
    }
}

/// Neither credentials nor a network: the only hosts that could be asked are closed, and whoever waits for them is late.
#[test]
fn no_cloud_is_asked() {
    let closed = "http://127.0.0.1:9";
    for (provider, manifest) in [("aws", MANIFEST.to_owned()), ("azure", crate::support::QUICKSTART.to_owned())] {
        let folder = Folder::with(&manifest)
            .variable("HTTPS_PROXY", closed)
            .variable("AWS_ENDPOINT_URL", closed)
            .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", closed);
        let output = folder.output(&["validate", "--provider", provider]);
        assert_eq!(output.status.code(), Some(0), "{provider}: {output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

/// Whatever a plan refuses for the manifest alone, this refuses with the same words.
#[test]
fn it_refuses_what_a_plan_refuses() {
    for (from, to) in [
        ("grants:", "grnats:"),
        ("s3://acme-training/inputs/", "s3://acme-*"),
        ("secretsmanager:us-west-2", "secretsmanager:eu-west-1"),
        ("labels-token: read", "labels-token: manage"),
        ("version: 1", "version: 2"),
    ] {
        let folder = Folder::with(&MANIFEST.replace(from, to));
        let (validated, planned) = (folder.output(&["validate"]), folder.output(&["plan"]));
        assert_eq!((validated.status.code(), validated.stderr), (planned.status.code(), planned.stderr), "{to}");
    }
}
