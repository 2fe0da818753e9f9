//! `platform.delivery: settings`: cloudgrant sets the service accounts of tasks by the settings service of Flyte 2 and Union 2, in the
//! same run in which the cloud makes their principals.

use std::process::Output;

use cloudgrant_flyte_sandbox::start;
use cloudgrant_sandbox_kit::Start;
use serde_json::{Value, json};

use crate::json::assert_valid;
use crate::support::{Folder, assert_looks};

const EXAMPLE: &str = include_str!("settings.yaml");
const DOMAINS: &str = include_str!("../../../examples/domains/cloudgrant.yaml");

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn exits(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// A request to the sandbox's control plane between two runs.
async fn send(address: &str, path: &str, body: &Value) -> Value {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (method, body) = if body.is_null() { ("GET", String::new()) } else { ("POST", body.to_string()) };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{body}",
        body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(address).await.expect("a connection");
    connection.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

fn in_control_plane<T>(folder: &Folder, cloud: &str, work: impl AsyncFnOnce(&str) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = folder.path().join(format!(".cloudgrant/sandbox/{cloud}/flyte"));
    runtime.block_on(async {
        let running = start(Start::new(&path)).await.expect("the sandbox starts");
        let result = work(running.endpoint().trim_start_matches("http://")).await;
        running.stop().await;
        result
    })
}

async fn own(address: &str, pair: &str) -> Value {
    let (project, domain) = pair.split_once('/').expect("a project and domain");
    let body = json!({ "key": { "project": project, "domain": domain } });
    let path = "/flyteidl2.settings.SettingsService/GetSettingsForEdit";
    send(address, path, &body).await["levels"][2].take()
}

/// What is set for a project and domain.
fn settings(folder: &Folder, cloud: &str, pair: &str) -> Value {
    in_control_plane(folder, cloud, async |address| own(address, pair).await["settings"].take())
}

/// Changes what is set for a project and domain, as somebody else does.
fn edit(folder: &Folder, cloud: &str, pair: &str, change: impl Fn(&mut Value)) {
    in_control_plane(folder, cloud, async |address| {
        let mut record = own(address, pair).await;
        change(&mut record["settings"]);
        let method = if record["version"].is_null() { "CreateSettings" } else { "UpdateSettings" };
        send(address, &format!("/flyteidl2.settings.SettingsService/{method}"), &record).await;
    });
}

/// The accounts of the next runs that have one, by `PROJECT/DOMAIN`.
pub(crate) fn accounts(folder: &Folder, cloud: &str) -> Value {
    let all =
        in_control_plane(folder, cloud, async |address| send(address, "/_sandbox/run_accounts", &Value::Null).await);
    let one = |one: &Value| {
        let name = format!("{}/{}", one["project"].as_str()?, one["domain"].as_str()?);
        Some((name, one["service_account"].clone())).filter(|(_, account)| !account.is_null())
    };
    all["run_accounts"].as_array().expect("a list").iter().filter_map(one).collect()
}

fn account(name: &str) -> Value {
    json!({ "serviceAccount": { "state": "SETTING_STATE_VALUE", "stringValue": name } })
}

#[test]
fn requirements_25_and_26_an_account_reaches_the_settings_service_and_is_read_back() {
    // A person's own deployment is none of the sandbox's.
    let folder = Folder::with(EXAMPLE).variable("FLYTE_PLATFORM_URL", "https://real.example");
    exits(&folder, &["plan", "--exit-code"], 3);
    assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(accounts(&folder, "aws"), json!({}), "planning writes nothing");
    let queue = json!({ "defaultQueue": { "state": "SETTING_STATE_VALUE", "stringValue": "gpu" } });
    edit(&folder, "aws", "vision/production", |settings| settings["run"] = queue.clone());
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let three =
        json!({ "forecasting/production": "tasks", "vision/development": "tasks", "vision/production": "tasks" });
    assert_eq!(accounts(&folder, "aws"), three);
    let there = settings(&folder, "aws", "vision/production");
    assert_eq!((&there["run"], &there["security"]), (&queue, &account("tasks")));
    let mark = there["annotations"]["mapValue"]["entries"].to_string();
    assert!(mark.contains("/service-account\":\"vision/production=tasks arn:aws:iam::111122223333:role/"), "{mark}");

    // Somebody replaces the settings and forgets what cloudgrant had in them.
    edit(&folder, "aws", "vision/production", |settings| *settings = json!({ "run": queue }));
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("service-account-setting vision/production: missing"), "{drift}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws"), three);

    // A grant that goes takes what only it needed along.
    let revoked = exits(&folder, &["revoke", "vision-development", "--yes"], 0);
    assert!(revoked.contains("The settings go first, in the same run"), "{revoked}");
    assert_eq!(accounts(&folder, "aws"), json!({ "forecasting/production": "tasks", "vision/production": "tasks" }));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(settings(&folder, "aws", "vision/production"), json!({ "run": queue }));
    assert_eq!(accounts(&folder, "aws"), json!({}));
    assert!(exits(&folder, &["revoke", "--all", "--yes"], 0).contains("Nothing to do"));
}

/// What Azure chooses for an identity is known once it is made, and is in the mark in the same run.
#[test]
fn an_identity_s_client_id_is_in_the_mark_in_the_run_that_makes_it() {
    let folder = Folder::with(&DOMAINS.replacen("kind: flyte\n", "kind: flyte\n  delivery: settings\n", 1));
    let plan = exits(&folder, &["plan"], 0);
    assert!(plan.contains("known after apply: clientId of managed-identity"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let principal = |pair: &str| {
        let there = settings(&folder, "azure", pair);
        let entries = there["annotations"]["mapValue"]["entries"].as_object().expect("a mark").clone();
        let marked = entries.values().next().and_then(Value::as_str).expect("a mark").to_owned();
        marked.rsplit_once(' ').expect("a principal").1.to_owned()
    };
    assert_eq!(principal("vision/production").len(), 36);
    assert_eq!(principal("forecasting/production"), principal("vision/production"), "one identity for the domain");
    assert_ne!(principal("vision/development"), principal("vision/production"));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(accounts(&folder, "azure"), json!({}));
}

#[test]
fn what_somebody_put_in_place_of_an_account_is_drift_with_both_and_another_s_is_a_conflict() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    edit(&folder, "aws", "vision/development", |settings| settings["security"] = account("by-hand"));
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(
        drift.contains("service-account-setting vision/development: changed") && drift.contains("by-hand"),
        "{drift}"
    );
    let one = exits(&folder, &["revoke", "vision-development", "--dry-run"], 0);
    assert!(one.contains("what somebody else has set in its place stays"), "{one}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    edit(&folder, "aws", "vision/development", |settings| *settings = json!({ "security": account("by-hand") }));
    exits(&folder, &["apply", "--yes"], 1);
    let document = assert_valid(&folder, &["drift", "--sandbox", "--exit-code"]);
    assert_eq!(document["refusal"]["kind"], "conflict", "{document:#}");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws"), json!({ "vision/development": "by-hand" }));
}

/// A list may leave a project out, as one that is archived does a list that nobody filters. What the manifest names is looked at all the
/// same.
#[test]
fn what_the_manifest_names_is_taken_back_where_the_list_of_projects_lacks_it() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    assert!(accounts(&folder, "aws").to_string().contains("vision/production"));
    let file = folder.path().join(".cloudgrant/sandbox/aws/flyte/projects/vision.json");
    std::fs::remove_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws"), json!({}));
}

#[test]
fn leaving_the_settings_service_takes_away_what_was_set_and_hands_off() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    folder.write("cloudgrant.yaml", EXAMPLE.replace("delivery: settings", "delivery: leave-settings"));
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains("- service-account-setting vision/production") && plan.contains("5 handoffs"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws"), json!({}));
}

/// Union's settings are those of an organization.
#[test]
fn union_is_told_of_the_organization_s_settings() {
    let manifest = crate::support::MANIFEST.replacen("kind: union\n", "kind: union\n  delivery: settings\n", 1);
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    assert_eq!(accounts(&folder, "aws"), json!({ "forecasting/production": "default" }));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(accounts(&folder, "aws"), json!({}));
}

/// A project is registered with the platform first.
#[test]
fn what_the_platform_does_not_know_yet_is_said_with_what_to_do() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["plan"], 0);
    // What a sandbox was begun with stays; what the manifest names afterwards and nobody registered isn't there.
    let file = folder.path().join(".cloudgrant/sandbox/aws/flyte/projects/vision.json");
    std::fs::remove_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let refused = exits(&folder, &["plan"], 1);
    let words = refused.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("project vision isn't registered with the platform"), "{words}");
    assert!(words.contains("flyte create project --id vision --name vision"), "{words}");
}

#[test]
fn a_plan_that_tells_the_settings_service() {
    assert_looks!(Folder::with(EXAMPLE).run(&["plan", "--sandbox"]));
}

#[test]
fn a_revoke_that_takes_settings_away() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    assert_looks!(folder.run(&["revoke", "--all", "--dry-run", "--sandbox"]));
}

#[test]
fn what_would_be_done_by_hand_and_who_may_is_said() {
    let folder = Folder::with(EXAMPLE);
    let explained = exits(&folder, &["explain"], 0);
    assert!(explained.contains("flyte edit settings --domain production --project vision --from-file"), "{explained}");
    let output = folder.output(&["permissions", "--for", "settings"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["calls"].as_array().map(Vec::len), Some(4), "{document:#}");
    assert_valid(&folder, &["permissions"]);
}

/// As `flyte` and cloudgrant itself are pointed to both sandboxes.
#[cfg(unix)]
#[test]
fn programs_in_the_sandbox_reach_its_settings_and_no_real_ones() {
    let folder = Folder::with(EXAMPLE).variable("FLYTECTL_CONFIG", "/a/real/one").variable("UNIONAI_API_KEY", "real");
    let cloudgrant = env!("CARGO_BIN_EXE_cloudgrant");
    let run = |script: String| {
        let output = folder.output(&["sandbox", "--", "sh", "-c", &script]);
        (output.status.code(), said(&output))
    };
    let (code, applied) = run(format!("{cloudgrant} apply --yes"));
    assert_eq!(code, Some(0), "{applied}");
    assert_eq!(accounts(&folder, "aws").as_object().map(serde_json::Map::len), Some(3));
    let (code, refused) = run(format!("FLYTE_PLATFORM_URL=https://192.0.2.1 {cloudgrant} plan"));
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("never written to a real deployment"), "{refused}");
}
