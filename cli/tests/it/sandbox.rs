//! Whole ways through the sandbox.

use crate::support::{Folder, QUICKSTART, assert_looks};

fn applied() -> Folder {
    let folder = Folder::with(QUICKSTART);
    let output = folder.output(&["apply", "--sandbox", "--yes"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn plan_of_the_quickstart() {
    assert_looks!(Folder::with(QUICKSTART).run(&["plan", "--sandbox", "--exit-code"]));
}

#[test]
fn plan_quietly() {
    assert_looks!(Folder::with(QUICKSTART).run(&["plan", "--sandbox", "-q"]));
}

#[test]
fn plan_as_json() {
    assert_looks!(Folder::with(QUICKSTART).run(&["plan", "--sandbox", "--output", "json"]));
}

#[test]
fn apply_of_the_quickstart() {
    assert_looks!(Folder::with(QUICKSTART).run(&["apply", "--sandbox", "--yes", "-q"]));
}

#[test]
fn apply_says_how_the_cloud_calls_things() {
    let folder = Folder::with(include_str!("../../../examples/first/cloudgrant.yaml"));
    assert_looks!(folder.run(&["apply", "--sandbox", "--yes"]));
}

#[test]
fn apply_as_json() {
    assert_looks!(Folder::with(QUICKSTART).run(&["apply", "--sandbox", "--yes", "--output", "json"]));
}

#[test]
fn apply_where_an_action_is_denied() {
    let folder = Folder::with(QUICKSTART);
    let output = folder.output(&["apply", "--sandbox", "--yes", "-q", "--faults", "deny=iam:CreateRole"]);
    assert_eq!(output.status.code(), Some(1));
    let result = String::from_utf8_lossy(&output.stdout);
    assert!(result.contains("Not all done:") && result.contains(" 1 failed, "), "{result}");
    // How much else was begun by then differs from run to run.
    let said = String::from_utf8_lossy(&output.stderr);
    let (failure, rest) = said.split_once("Not begun:\n").expect("what needs the role wasn't begun");
    assert!(rest.contains("iam-role-attachment cloudgrant_acme-ml.a96e55e9_production/userflyterole"), "{rest}");
    assert_looks!(failure);
}

#[test]
fn nothing_is_left_to_do_after_an_apply() {
    assert_looks!(applied().run(&["plan", "--sandbox", "--exit-code"]));
}

#[test]
fn apply_of_nothing() {
    assert_looks!(applied().run(&["apply", "--sandbox", "--yes", "-q"]));
}

#[test]
fn an_update_shows_what_changes() {
    let folder = applied();
    folder.write(
        "cloudgrant.yaml",
        QUICKSTART.replace("models: read-write", "models: read").replace("vision]", "vision, speech]"),
    );
    assert_looks!(folder.run(&["plan", "--sandbox"]));
}

#[test]
fn drift_where_there_is_none() {
    assert_looks!(applied().run(&["drift", "--sandbox", "--exit-code"]));
}

#[test]
fn drift_where_everything_is_missing() {
    assert_looks!(Folder::with(QUICKSTART).run(&["drift", "--sandbox", "--exit-code"]));
}

#[test]
fn drift_where_something_changed() {
    let folder = applied();
    folder.write("cloudgrant.yaml", QUICKSTART.replace("models: read-write", "models: read"));
    assert_looks!(folder.run(&["drift", "--sandbox"]));
}

/// With admin rights that somebody else gave to a role of the stack's.
fn widened() -> Folder {
    let folder = applied();
    let role = ".cloudgrant/sandbox/aws/roles/111122223333";
    let role = std::fs::read_dir(folder.path().join(role)).expect("roles");
    let role = role.map(|entry| entry.expect("an entry").path());
    let role =
        role.into_iter().find(|path| path.to_string_lossy().contains("_production")).expect("a role of the stack's");
    let text = std::fs::read_to_string(&role).expect("readable");
    let admin = r#""attached": { "arn:aws:iam::aws:policy/AdministratorAccess": "AdministratorAccess","#;
    let more = text.replacen(r#""attached": {"#, admin, 1);
    assert_ne!(text, more);
    std::fs::write(&role, more).expect("writable");
    folder
}

#[test]
fn drift_where_somebody_gave_more() {
    let folder = widened();
    assert_looks!(folder.run(&["drift", "--sandbox", "--exit-code"]));
    // A nightly job hears it as well.
    assert_looks!(folder.run(&["drift", "--sandbox", "--exit-code", "--quiet"]));
    assert_looks!(folder.run(&["plan", "--sandbox"]));
    let text = folder.output(&["drift", "--sandbox", "--output", "json"]).stdout;
    let document: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(document["widened"][0]["kind"], "iam-role", "{document:#}");
}

#[test]
fn drift_as_json() {
    let folder = applied();
    folder.write("cloudgrant.yaml", QUICKSTART.replace("models: read-write", "models: read"));
    assert_looks!(folder.run(&["drift", "--sandbox", "--output", "json", "--exit-code"]));
}

#[test]
fn revoke_of_a_grant() {
    assert_looks!(applied().run(&["revoke", "models-production", "--sandbox", "--yes"]));
}

#[test]
fn revoke_takes_away_and_leaves_the_rest_to_apply() {
    let folder = applied();
    // Meanwhile somebody added a grant, and somebody else widened the domain.
    let more = "  - name: more\n    scope: { domain: staging }\n    access: { models: read }\n";
    folder.write(
        "cloudgrant.yaml",
        QUICKSTART.replace("vision]", "vision, speech]").replace("grants:\n", &format!("grants:\n{more}")),
    );
    assert_looks!(folder.run(&["revoke", "training-data", "--sandbox", "--yes"]));
}

#[test]
fn revoke_of_all() {
    let folder = applied();
    assert_looks!(folder.run(&["revoke", "--all", "--sandbox", "--yes"]));
    assert_looks!(folder.run(&["plan", "--sandbox", "-q"]));
}

#[test]
fn revoke_as_json() {
    assert_looks!(applied().run(&["revoke", "training-data", "--sandbox", "--yes", "--output", "json"]));
}

#[test]
fn explain_of_the_quickstart() {
    assert_looks!(Folder::with(QUICKSTART).run(&["explain", "--sandbox"]));
}

#[test]
fn explain_of_one_grant_as_json() {
    assert_looks!(Folder::with(QUICKSTART).run(&["explain", "training-data", "--sandbox", "--output", "json"]));
}

#[test]
fn the_other_examples_hold() {
    let project = Folder::with(include_str!("../../../examples/project-domain/cloudgrant.yaml"));
    assert_looks!(project.run(&["apply", "--sandbox", "--yes", "-q"]));
    let profiles = Folder::with_file("cloudgrant.toml", include_str!("../../../examples/profiles/cloudgrant.toml"));
    assert_looks!(profiles.run(&["plan", "--sandbox", "-q", "--profile", "staging"]));
    assert_looks!(profiles.run(&["plan", "--sandbox=elsewhere", "-q", "--profile", "production"]));
}

#[cfg(unix)]
#[test]
fn a_command_in_the_sandbox() {
    let folder = Folder::with(QUICKSTART);
    let script = "test -n \"$AWS_ENDPOINT_URL\" && test -n \"$CLOUDGRANT_AWS__ENDPOINT\" && exit 7";
    assert_looks!(folder.run(&["sandbox", "--", "sh", "-c", script]));
    assert_looks!(folder.run(&["sandbox", "--", "there-is-no-such-program"]));
    // cloudgrant itself finds the sandbox by the variables.
    let output = folder.output(&["sandbox", "-q", "--", env!("CARGO_BIN_EXE_cloudgrant"), "plan", "-q"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_sandbox_without_a_manifest() {
    assert_looks!(Folder::empty().run(&["sandbox", "--provider", "aws", "--", "true"]));
    assert_looks!(Folder::empty().run(&["sandbox", "--", "true"]));
}

#[test]
fn a_sandbox_that_listens_to_the_world() {
    assert_looks!(Folder::with(QUICKSTART).run(&["sandbox", "--listen", "0.0.0.0:0", "--", "true"]));
}

/// Not even where everything is logged, and the value was read.
#[test]
fn no_secret_is_in_any_log() {
    let inspecting = QUICKSTART.replace("  region: us-west-2", "  inspect_secrets: true\n  region: us-west-2");
    assert_ne!(inspecting, QUICKSTART);
    let folder = Folder::with(&inspecting).variable("CLOUDGRANT_LOG", "trace");
    let seen = folder.run(&["apply", "--sandbox", "--yes"]);
    assert!(seen.contains("GetSecretValue") && seen.contains("AssumeRole"), "it was all logged");
    let mut secrets = vec!["a value of the sandbox".to_owned()];
    for session in
        std::fs::read_dir(folder.path().join(".cloudgrant/sandbox/aws/sessions")).expect("sessions").flatten()
    {
        let text = std::fs::read_to_string(session.path()).expect("a session");
        let session: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        secrets.push(session["token"].as_str().expect("a token").to_owned());
    }
    assert!(secrets.len() > 1, "a role was assumed");
    for secret in secrets {
        assert!(!seen.contains(&secret), "a secret was logged");
    }
}

#[test]
fn sovereign_clouds_have_a_sandbox() {
    for (region, id, suffix) in
        [("us-gov-west-1", "aws-us-gov", "amazonaws.com"), ("cn-north-1", "aws-cn", "amazonaws.com.cn")]
    {
        let text = QUICKSTART.replace("amazonaws.com", suffix).replace("us-west-2", region);
        let folder = Folder::with(&text.replace("arn:aws:", &format!("arn:{id}:")));
        let output = folder.output(&["apply", "--sandbox", "--yes"]);
        assert!(output.status.success(), "{region}: {}", String::from_utf8_lossy(&output.stderr));
        let plan = folder.output(&["plan", "--sandbox", "--exit-code"]);
        assert_eq!(plan.status.code(), Some(0), "{region}: {}", String::from_utf8_lossy(&plan.stdout));
    }
}

#[test]
fn a_stack_that_was_renamed_is_taken_back_by_its_name() {
    let folder = Folder::with(QUICKSTART);
    let run = |arguments: &[&str]| {
        let output = folder.output(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    run(&["apply", "--sandbox", "--yes", "-q"]);
    folder.write("cloudgrant.yaml", QUICKSTART.replace("stack: acme-ml", "stack: acme-new"));
    run(&["apply", "--sandbox", "--yes", "-q"]);
    let done = run(&["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--yes", "-q"]);
    assert!(done.contains(" 9 deleted"), "{done}");
    // The one that the manifest names is as it was, and nothing is left of the other.
    run(&["plan", "--sandbox", "--exit-code", "-q"]);
    let done = run(&["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--yes"]);
    assert!(done.contains("0 to delete"), "{done}");
    // Without `--all`, there is no other stack to speak of.
    let alone = folder.output(&["revoke", "training-data", "--stack", "acme-ml", "--sandbox", "--yes"]);
    assert_eq!(alone.status.code(), Some(2));
}
