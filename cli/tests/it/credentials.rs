//! Credentials as everybody has them, in the environment: the wrong ones, none, and ones that AWS doesn't know.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{Folder, MANIFEST, assert_looks};

/// Runs `plan` as any program that the sandbox serves, with AWS's own variables alone, changed by `env`.
fn plan_with(changes: &[&str]) -> String {
    plan_in(&Folder::with(MANIFEST), changes)
}

fn plan_in(folder: &Folder, changes: &[&str]) -> String {
    let mut arguments = vec!["sandbox", "--folder", "world", "-q", "--", "env"];
    arguments.extend(["-u", "CLOUDGRANT_AWS__CREDENTIALS", "-u", "CLOUDGRANT_AWS__ENDPOINT"]);
    arguments.extend(changes);
    arguments.push("AWS_EC2_METADATA_DISABLED=true");
    arguments.extend([env!("CARGO_BIN_EXE_cloudgrant"), "plan", "-q"]);
    let output = folder.output(&arguments);
    format!(
        "exit code: {:?}\n----- stdout -----\n{}----- stderr -----\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_right_ones() {
    assert_looks!(plan_with(&[]));
}

#[test]
fn those_of_another_account() {
    assert_looks!(plan_with(&["AWS_ACCESS_KEY_ID=AKIASANDBOX0444455556666"]));
}

#[test]
fn none_at_all() {
    assert_looks!(plan_with(&["-u", "AWS_ACCESS_KEY_ID"]));
}

#[test]
fn ones_that_aws_does_not_know() {
    assert_looks!(plan_with(&["AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE"]));
}

#[test]
fn ones_that_have_expired() {
    let folder = Folder::with(MANIFEST);
    // The sandbox makes its folder; into it goes a session that was over a moment ago.
    assert!(folder.output(&["sandbox", "--folder", "world", "--", "true"]).status.success());
    std::fs::create_dir_all(folder.path().join("world/sessions")).expect("a folder");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_millis();
    let session = format!(
        r#"{{"key":"ASIAEXPIRED000000000","token":"token","account":"111122223333","role":"operator",
            "role_id":"AROAEXAMPLE","name":"ann","expires":{}}}"#,
        now - 1_000
    );
    folder.write("world/sessions/ASIAEXPIRED000000000.json", session);
    assert_looks!(plan_in(&folder, &["AWS_ACCESS_KEY_ID=ASIAEXPIRED000000000", "AWS_SESSION_TOKEN=token"]));
}
