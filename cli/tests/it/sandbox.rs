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

/// Nobody has to approve nothing: a nightly job without `--yes` is no misuse as long as nothing is to do.
#[test]
fn with_nothing_to_do_nobody_is_asked() {
    let folder = Folder::with(include_str!("../../../examples/first/cloudgrant.yaml"));
    let run = |command: &[&str]| {
        let output = folder.output(&[command, &["--sandbox"]].concat());
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
        (output.status.code(), said)
    };
    let revoked = run(&["revoke", "--all"]);
    assert!(revoked.0 == Some(0) && revoked.1.contains("Nothing to do"), "{revoked:?}");
    assert_eq!(run(&["apply"]).0, Some(2));
    assert_eq!(run(&["apply", "--yes"]).0, Some(0));
    for command in [&["apply"][..], &["apply", "-q"], &["apply", "--output", "json"]] {
        let applied = run(command);
        assert_eq!(applied.0, Some(0), "{command:?}: {}", applied.1);
    }
    let revoked = run(&["revoke", "--all"]);
    assert!(revoked.0 == Some(2) && revoked.1.contains("nobody is here to approve"), "{revoked:?}");
    assert_eq!(run(&["plan", "--exit-code"]).0, Some(0), "nothing was taken away");
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
    // What is pasted from a run in the sandbox stays in it.
    let remedy = document["widened"][0]["remedy"].as_str().expect("a command");
    assert!(remedy.starts_with("cloudgrant sandbox --sandbox -- aws iam detach-role-policy"), "{remedy}");
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

/// A person's own credentials, profiles and endpoints don't reach what runs in the sandbox.
#[cfg(unix)]
#[test]
fn a_command_in_the_sandbox_cannot_leave_it() {
    const OUT: [&str; 19] = [
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL_S3",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "ARM_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_CONFIG_DIR",
        "IDENTITY_ENDPOINT",
        "MSI_SECRET",
        "KUBERNETES_SERVICE_HOST",
        "HELM_KUBEAPISERVER",
        "FLYTE_PLATFORM_URL",
        "FLYTECTL_CONFIG",
        "UCTL_CONFIG",
        "UNIONAI_API_KEY",
        "FLYTE_API_KEY",
    ];
    for (provider, set) in [
        (
            "aws",
            ["AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "KUBECONFIG", "FLYTECTL_CONFIG"],
        ),
        ("azure", ["AZURE_AUTHORITY_HOST", "AZURE_CONFIG_DIR", "AZURE_CLIENT_SECRET", "KUBECONFIG", "UCTL_CONFIG"]),
    ] {
        let more = ["AWS_CONFIG_FILE", "AWS_ACCESS_KEY_ID", "AWS_PAGER", "KUBECONFIG"];
        let folder = OUT.into_iter().chain(more).fold(Folder::empty(), |folder, name| folder.variable(name, "real"));
        let output = folder.output(&["sandbox", "-q", "--provider", provider, "--", "env"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let real: Vec<_> = said.lines().filter(|line| line.ends_with("=real")).collect();
        assert_eq!(real, ["AWS_PAGER=real"], "{provider}: {said}");
        for name in set {
            let (_, value) =
                said.lines().filter_map(|line| line.split_once('=')).find(|(is, _)| *is == name).expect(name);
            assert!(!name.contains("CONFIG") || std::path::Path::new(value).exists(), "{name}={value}");
        }
    }
    // Nor does a file that was there before lead to a cluster.
    let folder = Folder::empty();
    let run =
        || folder.output(&["sandbox", "-q", "--folder", "state", "--provider", "aws", "--", "cat", "state/no-cluster"]);
    let (first, again) = (run(), run());
    assert!(first.status.success() && again.status.success());
    assert!(String::from_utf8_lossy(&again.stdout).contains("http://127.0.0.1:9"));
    folder.output(&[
        "sandbox",
        "-q",
        "--folder",
        "state",
        "--provider",
        "aws",
        "--",
        "sh",
        "-c",
        "echo a: b >state/no-cluster",
    ]);
    assert!(!run().status.success() && run().stdout.is_empty());
    // Nor a profile to a command that a foreign checkout brings along, or anybody to a server whose key others know.
    for (cloud, file, change) in [
        ("aws", "no-profiles", "printf '[default]\\ncredential_process = touch seen\\n' >state/no-profiles"),
        ("aws", "no-profiles", "mv state/no-profiles elsewhere; ln -s ../elsewhere state/no-profiles"),
        ("azure", "ca-key.pem", "chmod 644 state/ca-key.pem"),
    ] {
        let folder = Folder::empty();
        let run = |command: &str| {
            let options = ["sandbox", "-q", "--folder", "state", "--provider", cloud, "--", "sh", "-c", command];
            let output = folder.output(&options);
            (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        assert!(run("true").0 && run("true").0, "{cloud}");
        run(change);
        let (is_run, told) = run("true");
        assert!(!is_run && told.contains(file) && told.contains("hint: "), "{change}: {told}");
    }
    // Who logged in to the last sandbox is not logged in to this one.
    let folder = Folder::empty();
    let azure =
        |script| folder.output(&["sandbox", "-q", "--provider", "azure", "--", "sh", "-c", script]).status.code();
    assert_eq!(azure("touch \"$AZURE_CONFIG_DIR/login\""), Some(0));
    assert_eq!(azure("test ! -e \"$AZURE_CONFIG_DIR/login\""), Some(0));
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
    // Now there is nothing of it, as of one whose name is misspelt: who takes access away is not told that all is done.
    for arguments in [&["-q"][..], &["--output", "json"], &[]] {
        let arguments = [&["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--yes"], arguments].concat();
        let gone = folder.output(&arguments);
        let said = String::from_utf8_lossy(if arguments.contains(&"json") { &gone.stdout } else { &gone.stderr });
        assert_eq!(gone.status.code(), Some(1), "{said}");
        assert!(said.contains("nothing of a stack acme-ml") && said.contains("there are: acme-new"), "{said}");
    }
    // Without `--all`, there is no other stack to speak of.
    let alone = folder.output(&["revoke", "training-data", "--stack", "acme-ml", "--sandbox", "--yes"]);
    assert_eq!(alone.status.code(), Some(2));
}

/// Only the plan that would make everything anew says it: later, both may well be meant.
#[test]
fn who_renames_a_stack_is_told_of_the_former_one() {
    for provider in ["aws", "azure"] {
        let folder = Folder::with(QUICKSTART);
        let run = |arguments: &[&str]| {
            let output = folder.output(&[arguments, &["--sandbox", "--provider", provider]].concat());
            let said = [output.stdout, output.stderr].concat();
            String::from_utf8(said).expect("text").split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let former = format!("`cloudgrant revoke --all --stack acme-ml --provider {provider} --sandbox`");
        let former = former.as_str();
        assert!(run(&["apply", "--yes", "-q"]).contains("Done:"), "{provider}");
        assert!(!run(&["plan", "-v"]).contains(former), "{provider}");
        folder.write("cloudgrant.yaml", QUICKSTART.replace("stack: acme-ml", "stack: acme-new"));
        let said = run(&["plan"]);
        assert!(said.contains(former), "{provider}: {said}");
        // Another grant makes it another stack.
        let other = QUICKSTART.replace("stack: acme-ml", "stack: acme-new").replace(": read-write", ": read");
        if provider == "aws" {
            folder.write("cloudgrant.yaml", other);
            assert!(!run(&["plan"]).contains(former), "{provider}");
        }
    }
}

#[test]
fn a_stack_that_is_at_another_home_alone_is_not_called_done() {
    let folder = applied();
    let other = QUICKSTART.replace("EXAMPLED539D4633E53DE1B71EXAMPLE", "EXAMPLE00000000000000000000OTHER");
    assert_ne!(other, QUICKSTART);
    folder.write("cloudgrant.yaml", other.replace("stack: acme-ml", "stack: acme-new"));
    let arguments = ["revoke", "--all", "--stack", "acme-ml", "--sandbox", "--yes", "-q"];
    let there = folder.output(&arguments);
    let said = String::from_utf8_lossy(&there.stderr);
    assert_eq!(there.status.code(), Some(1), "{said}");
    let home = "CLOUDGRANT_AWS__HOME=oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    assert!(said.contains(home) && said.contains("cloudgrant revoke --all --stack acme-ml --sandbox"), "{said}");
}

/// The accounts of the profiles share the folder, and a registry of a third one.
#[test]
fn profiles_share_a_sandbox() {
    let text = include_str!("../../../examples/profiles/cloudgrant.toml");
    let role = "[aws.accounts.444455556666]\nassume_role = \"arn:aws:iam::444455556666:role/registry-admin\"\n";
    let images = "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer";
    let registry = format!("[[registries]]\nname = \"trainer\"\naccess = \"pull\"\naws = \"{images}\"\n");
    let folder = Folder::with_file("cloudgrant.toml", format!("{text}\n{role}\n{registry}"));
    for profile in ["staging", "production", "staging", "production"] {
        let output = folder.output(&["apply", "--sandbox", "--yes", "-q", "--profile", profile]);
        assert!(output.status.success(), "{profile}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for profile in ["staging", "production"] {
        let output = folder.output(&["plan", "--sandbox", "--exit-code", "--profile", profile]);
        assert_eq!(output.status.code(), Some(0), "{profile}: {}", String::from_utf8_lossy(&output.stdout));
    }
    // One is taken back: production is as before, statement for statement.
    let statements = || {
        let text = folder.state("repositories/444455556666/us-west-2/team%2Ftrainer.json");
        let repository: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let policy = repository["policy"]["text"].as_str().expect("a policy");
        let policy: serde_json::Value = serde_json::from_str(policy).expect("JSON");
        policy["Statement"].as_array().expect("statements").clone()
    };
    let of_production = || {
        let files = ["roles", "policies"].map(|kind| folder.states(&format!("{kind}/111122223333")));
        files.into_iter().flatten().collect::<std::collections::BTreeMap<_, _>>()
    };
    let (before, mut expected) = (of_production(), statements());
    expected.retain(|statement| !statement.to_string().contains("222233334444"));
    assert_eq!(expected.len() + 1, statements().len());
    assert!(before.keys().any(|name| name.contains("cloudgrant_acme-accounts")), "{:?}", before.keys());
    let output = folder.output(&["revoke", "--all", "--sandbox", "--yes", "-q", "--profile", "staging"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(statements(), expected);
    assert_eq!(of_production(), before);
    for kind in ["roles", "policies"] {
        let left = folder.states(&format!("{kind}/222233334444"));
        assert!(!left.keys().any(|name| name.contains("cloudgrant_")), "{:?}", left.keys());
    }
    let output = folder.output(&["plan", "--sandbox", "--exit-code", "--profile", "production"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
