//! What a confirmed handoff asked for is remembered beside its name, so that it is taken back as it was asked for: without the manifest, and
//! after this has changed.

use serde_json::Value;

use crate::delivery::ONE_DOMAIN;
use crate::done::{ON_AWS, by_the_vendor, exits, flat, plan};
use crate::json::assert_valid;
use crate::support::Folder;

const SETTINGS: &str = include_str!("../../../examples/settings/cloudgrant.yaml");

/// What is to be taken back: the names of the steps, and their documents.
fn taken_back(plan: &Value) -> Vec<(String, String)> {
    let changes = plan["changes"].as_array().expect("changes").iter();
    let back = changes.filter(|change| change["handoff"]["takes_back"] == true);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    back.map(|change| (text(&change["name"]), text(&change["handoff"]["document"]))).collect()
}

fn without_manifest(folder: Folder, provider: &'static str) -> Folder {
    std::fs::remove_file(folder.path().join("cloudgrant.yaml")).expect("a manifest");
    let variables = match provider {
        "aws" => vec![
            ("CLOUDGRANT_AWS__ACCOUNT", "111122223333"),
            ("CLOUDGRANT_AWS__REGION", "us-west-2"),
            ("CLOUDGRANT_AWS__HOME", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"),
        ],
        _ => vec![
            ("CLOUDGRANT_AZURE__TENANT", "00000000-0000-0000-0000-00000000000a"),
            ("CLOUDGRANT_AZURE__SUBSCRIPTION", "00000000-0000-0000-0000-00000000000b"),
            ("CLOUDGRANT_AZURE__RESOURCE_GROUP", "acme-dataplane"),
        ],
    };
    let variables = variables.into_iter().chain([("CLOUDGRANT_PROVIDER", provider)]);
    variables.fold(folder, |folder, (name, value)| folder.variable(name, value))
}

#[test]
fn without_the_manifest_it_is_taken_back_on_the_platform_on_which_it_was_asked_for() {
    for (provider, manifest, stack, name, words) in [
        (
            "azure",
            by_the_vendor(),
            "acme-ml",
            "production",
            "Take away every role that was assigned to the domain's managed identity",
        ),
        (
            "aws",
            ON_AWS.to_owned(),
            "acme-done",
            "vision-production",
            "uctl get cluster-resource-attribute -p vision -d production",
        ),
    ] {
        let folder = Folder::with(&manifest);
        exits(&folder, &["apply", "--yes"], 0);
        exits(&folder, &["done", name, "--yes"], 0);
        let folder = without_manifest(folder, provider);
        let told = flat(&exits(&folder, &["revoke", "--all", "--stack", stack, "--yes"], 1));
        assert!(told.contains(words), "{provider}: {told}");
        assert!(!told.contains("kubectl annotate") && !told.contains("flytectl"), "{provider}: {told}");
        assert!(told.contains(&format!("cloudgrant done {name} ")), "{provider}: {told}");
        // It stays until somebody says that it was taken back, and whoever says it is shown the same.
        exits(&folder, &["revoke", "--all", "--stack", stack, "--yes"], 1);
        let taken = flat(&exits(&folder, &["done", name, "--stack", stack, "--yes"], 0));
        assert!(taken.contains(words) && taken.contains("counts as taken back"), "{provider}: {taken}");
        let left = flat(&exits(&folder, &["revoke", "--all", "--stack", stack, "--yes"], 1));
        assert!(left.contains("there is no stack") || left.contains("no stack"), "{provider}: {left}");
    }
}

#[test]
fn on_another_platform_it_is_taken_back_by_the_tool_of_the_first() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "vision-production", "--yes"], 0);
    let flyte = ON_AWS
        .replace("  kind: union\n  organization: acme\n", "  kind: flyte\n")
        .replace("  cluster: {", "  task_role: acme-userflyterole\n  cluster: {");
    folder.write("cloudgrant.yaml", &flyte);
    let planned = plan(&folder);
    // The same pair is to be told to Flyte: that is another step, and has a name of its own.
    let back = taken_back(&planned);
    let [(name, document)] = back.as_slice() else { panic!("{planned:#}") };
    assert!(name.starts_with("vision-production~") && document.contains("uctl delete cluster-resource"), "{back:?}");
    assert!(planned["confirmed"].as_array().expect("a list").is_empty(), "{planned:#}");
    exits(&folder, &["done", "vision-production", "--yes"], 0);
    assert_eq!(taken_back(&plan(&folder)), back, "who did the one did nothing for the other");
    exits(&folder, &["done", name, "--yes"], 0);
    let now = plan(&folder);
    assert!(taken_back(&now).is_empty() && now["confirmed"][0]["name"] == "vision-production", "{now:#}");
}

#[test]
fn annotations_on_union_are_none_of_its_team_s_to_take_back() {
    let folder = Folder::with(&ON_AWS.replace("kind: union\n", "kind: union\n  delivery: settings\n"));
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    let bare = ON_AWS.split("grants:").next().expect("a beginning").to_owned() + "grants: []\n";
    folder.write("cloudgrant.yaml", bare.replace("kind: union\n", "kind: union\n  delivery: settings\n"));
    let planned = plan(&folder);
    let back = taken_back(&planned);
    let [(name, document)] = back.as_slice() else { panic!("{planned:#}") };
    assert!(name == "production" && document.contains("kubectl annotate serviceaccount default"), "{document}");
    assert!(!document.contains("managed identity"), "{document}");
    assert!(
        document.contains(" eks.amazonaws.com/role-arn-") && !document.contains("azure.workload.identity"),
        "another cloud's annotation is somebody else's: {document}"
    );
}

#[test]
fn who_leaves_the_settings_service_is_told_its_own_commands_and_what_was_confirmed_counts_on() {
    let folder = Folder::with(SETTINGS);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    folder.write("cloudgrant.yaml", SETTINGS.replace("delivery: settings", "delivery: leave-settings"));
    exits(&folder, &["apply", "--yes"], 0);
    let shown = exits(&folder, &["plan", "-v"], 0);
    assert!(!shown.contains("flytectl"), "{shown}");
    assert!(shown.contains("flyte edit settings --domain production --project vision --from-file"), "{shown}");
    let planned = plan(&folder);
    assert_eq!(planned["confirmed"][0]["name"], "production", "the annotations are the same: {planned:#}");
    assert!(taken_back(&planned).is_empty(), "{planned:#}");
    // What somebody sets is taken back in the same way, and nobody's to take back where cloudgrant sets it again.
    exits(&folder, &["done", "vision/production", "--yes"], 0);
    let bare = SETTINGS.split("grants:").next().expect("a beginning").to_owned() + "grants: []\n";
    folder.write("cloudgrant.yaml", bare.replace("delivery: settings", "delivery: leave-settings"));
    let back = taken_back(&plan(&folder));
    let of_setting = back.iter().find(|(name, _)| name == "vision/production").expect("it is to be taken back");
    assert!(of_setting.1.contains("# Take security.service_account out"), "{back:?}");
    folder.write("cloudgrant.yaml", SETTINGS);
    exits(&folder, &["apply", "--yes"], 0);
    let now = plan(&folder);
    assert!(taken_back(&now).is_empty(), "{now:#}");
}

#[test]
fn the_manifest_s_own_stack_by_name_is_the_manifest_s_own() {
    let folder = Folder::with(&ONE_DOMAIN.replace("  delivery: kubernetes\n", ""));
    exits(&folder, &["apply", "--yes"], 0);
    let said = exits(&folder, &["done", "production", "--stack", "acme-one", "--yes"], 0);
    assert!(said.contains("production counts as done"), "{said}");
    let again = exits(&folder, &["done", "production", "--stack", "acme-one", "--yes"], 0);
    assert!(again.contains("already: nothing was changed"), "{again}");
    assert_eq!(plan(&folder)["confirmed"][0]["name"], "production");
}

#[test]
fn another_stack_s_steps_are_taken_back_by_its_name() {
    let manifest = ONE_DOMAIN.replace("  delivery: kubernetes\n", "");
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "production", "--yes"], 0);
    folder.write("cloudgrant.yaml", manifest.replace("acme-one", "acme-two"));
    exits(&folder, &["done", "production", "--stack", "acme-three", "--yes"], 2);
    exits(&folder, &["revoke", "--all", "--stack", "acme-one", "--yes"], 1);
    let document = assert_valid(&folder, &["done", "production", "--stack", "acme-one", "--yes", "--sandbox"]);
    assert_eq!((&document["stack"], &document["counts_as_done"]), (&"acme-one".into(), &false.into()));
    assert_eq!(document["handoff"]["handoff"]["takes_back"], true, "{document:#}");
    let stacks = exits(&folder, &["stacks"], 0);
    assert!(!stacks.contains("acme-one"), "{stacks}");
}

/// Interrupted while it waits for the cloud: nothing is said of what nobody knows.
#[cfg(unix)]
#[test]
fn an_interrupted_confirmation_says_so_and_confirms_nothing() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    let mut command = folder.command(&["done", "vision-production", "--yes", "--sandbox", "--faults", "latency=60s"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    std::thread::sleep(Duration::from_secs(2));
    for _ in 0..2 {
        _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        std::thread::sleep(Duration::from_millis(300));
    }
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(!said.contains("counts as done"), "{said}");
    assert!(plan(&folder)["confirmed"].as_array().expect("a list").is_empty());
}

/// The manifest that was renamed still asks for the statement, as another stack: what the former one's word says counts for its roles.
#[test]
fn what_was_taken_back_of_a_renamed_stack_keeps_no_role_of_it() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    let handoffs = plan(&folder)["changes"].as_array().expect("changes").clone();
    let names = handoffs.iter().filter_map(|change| change["name"].as_str()?.split_once('#'));
    let name = names.map(|(_, sid)| sid.to_owned()).next().expect("a statement");
    exits(&folder, &["done", &name, "--yes"], 0);
    folder.write("cloudgrant.yaml", ON_AWS.replace("acme-done", "acme-new"));
    let revoke = ["revoke", "--all", "--stack", "acme-done", "--yes"];
    for _ in 0..2 {
        let told = flat(&exits(&folder, &revoke, 1));
        assert!(told.contains("iam-role cloudgrant_acme-done"), "a statement may name it: {told}");
        assert!(told.contains(&format!("cloudgrant done {name} --stack acme-done")), "{told}");
    }
    let done = ["done", &name, "--stack", "acme-done", "--yes"];
    let taken = flat(&exits(&folder, &done, 0));
    assert!(
        taken.contains("what stayed for it goes with `cloudgrant revoke --all --stack acme-done --sandbox`"),
        "{taken}"
    );
    exits(&folder, &revoke, 0);
    let stacks = exits(&folder, &["stacks"], 0);
    assert!(!stacks.contains("acme-done"), "{stacks}");
}

/// Whoever writes into a mark makes it say nothing, and what they wrote gives nobody anything after the next apply.
#[test]
fn an_edited_mark_is_told_and_gives_nobody_anything() {
    let folder = Folder::with(ON_AWS);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["done", "vision-production", "--yes"], 0);
    let edited = "s3:DeleteBucket";
    let path = folder.path().join(".cloudgrant/sandbox/aws/policies/111122223333");
    let files = std::fs::read_dir(&path).expect("policies").map(|file| file.expect("a file").path());
    let path = files.into_iter().find(|file| file.to_string_lossy().contains("place.handoff.")).expect("a mark");
    let text = std::fs::read_to_string(&path).expect("a policy");
    assert!(text.contains("sts:GetCallerIdentity"), "{text}");
    std::fs::write(&path, text.replace("sts:GetCallerIdentity", edited)).expect("edited");
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains(edited), "{drift}");
    let applied = flat(&exits(&folder, &["apply", "--yes"], 1));
    assert!(
        applied.contains("somebody has edited it") && applied.contains("what it allows by that edit goes"),
        "{applied}"
    );
    let now = std::fs::read_to_string(&path).expect("a policy");
    let document: Value = serde_json::from_str(&now).expect("JSON");
    let version = document["versions"][document["default_version"].to_string()].to_string();
    assert!(version.contains("sts:GetCallerIdentity") && !version.contains(edited), "{now}");
    // It is told for as long as nobody knows what it confirmed, and nothing is left to do.
    let again = plan(&folder);
    assert_eq!((again["summary"]["update"].as_u64(), again["stays"].as_array().map(Vec::len)), (Some(0), Some(1)));
    exits(&folder, &["apply", "--yes"], 1);
}
