//! `platform.delivery: admin`: cloudgrant sets cluster resource attributes by Flyte admin's REST API, in the same run in which the
//! cloud makes their principals.

use std::process::Output;

use cloudgrant_flyte_sandbox::start;
use cloudgrant_sandbox_kit::Start;
use serde_json::{Value, json};

use crate::delivery::{annotations, in_cluster};
use crate::json::assert_valid;
use crate::support::{Folder, assert_looks};

const EXAMPLE: &str = include_str!("../../../examples/flyte/cloudgrant.yaml");
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

/// Requests to the sandbox's Flyte admin between two runs. The client is the command line's own of this machine's: none.
fn in_admin(folder: &Folder, cloud: &str, requests: &[(&str, &str, Value)]) -> Value {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path = folder.path().join(format!(".cloudgrant/sandbox/{cloud}/flyte"));
    runtime.block_on(async {
        let running = start(Start::new(&path)).await.expect("the sandbox starts");
        let address = running.endpoint().trim_start_matches("http://").to_owned();
        let mut last = Value::Null;
        for (method, path, body) in requests {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let mut connection = tokio::net::TcpStream::connect(&address).await.expect("a connection");
            connection.write_all(head.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
            last = serde_json::from_str(body).expect("JSON");
        }
        running.stop().await;
        last
    })
}

/// The maps of all records, by `PROJECT/DOMAIN`, without marks.
pub(crate) fn records(folder: &Folder, cloud: &str) -> Value {
    let all =
        in_admin(folder, cloud, &[("GET", "/api/v1/matchable_attributes?resource_type=CLUSTER_RESOURCE", Value::Null)]);
    let record = |one: &Value| {
        let name = format!("{}/{}", one["project"].as_str()?, one["domain"].as_str()?);
        let mut map = one["attributes"]["cluster_resource_attributes"]["attributes"].as_object()?.clone();
        map.retain(|key, _| !key.starts_with("cloudgrant."));
        Some((name, Value::Object(map)))
    };
    all["configurations"].as_array().expect("a list").iter().filter_map(record).collect()
}

fn put(folder: &Folder, cloud: &str, pair: &str, map: Value) {
    let matching = json!({ "cluster_resource_attributes": { "attributes": map } });
    let body = json!({ "attributes": { "matching_attributes": matching } });
    in_admin(folder, cloud, &[("PUT", &format!("/api/v1/project_domain_attributes/{pair}"), body)]);
}

#[test]
fn requirements_25_and_26_a_role_reaches_flyte_admin_and_is_read_back() {
    // A person's own deployment is none of the sandbox's.
    let folder = Folder::with(EXAMPLE).variable("FLYTE_PLATFORM_URL", "https://real.example");
    exits(&folder, &["plan", "--exit-code"], 3);
    assert_valid(&folder, &["plan", "--sandbox"]);
    assert_eq!(records(&folder, "aws"), json!({}), "planning writes nothing");
    put(&folder, "aws", "vision/production", json!({ "projectQuotaCpu": "4" }));
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let there = records(&folder, "aws");
    assert_eq!(there.as_object().map(serde_json::Map::len), Some(3), "{there}");
    let role = there["vision/production"]["defaultIamRole"].as_str().expect("a role");
    assert!(role.starts_with("arn:aws:iam::111122223333:role/") && role.ends_with("production"), "{role}");
    assert_eq!(there["vision/production"]["projectQuotaCpu"], "4");
    assert_ne!(there["vision/development"]["defaultIamRole"], role);

    // Somebody replaces the record and forgets what cloudgrant had in it.
    put(&folder, "aws", "vision/production", json!({ "projectQuotaCpu": "8" }));
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("cluster-resource-attribute vision/production: missing"), "{drift}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(records(&folder, "aws")["vision/production"], json!({ "projectQuotaCpu": "8", "defaultIamRole": role }));

    // A grant that goes takes what only it needed along.
    let revoked = exits(&folder, &["revoke", "vision-development", "--yes"], 0);
    assert!(revoked.contains("The cluster resource attributes go first, in the same run"), "{revoked}");
    let there = records(&folder, "aws");
    assert!(there["vision/development"].is_null() && there["vision/production"]["defaultIamRole"] == *role, "{there}");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({ "vision/production": { "projectQuotaCpu": "8" } }));
    assert!(exits(&folder, &["revoke", "--all", "--yes"], 0).contains("Nothing to do"));
}

/// What Azure chooses for an identity is known once it is made.
#[test]
fn an_identity_s_client_id_reaches_flyte_admin_in_the_run_that_makes_it() {
    let admin = "kind: flyte\n  delivery: admin\n  attribute: clientId\n";
    let folder = Folder::with(&DOMAINS.replacen("kind: flyte\n", admin, 1));
    let plan = exits(&folder, &["plan"], 0);
    assert!(plan.contains("known after apply: clientId of managed-identity"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let there = records(&folder, "azure");
    let of = |pair: &str| there[pair]["clientId"].as_str().map(str::to_owned);
    assert!(of("vision/production").is_some_and(|id| id.len() == 36), "{there}");
    assert_eq!(of("forecasting/production"), of("vision/production"), "one identity for the domain");
    assert_ne!(of("vision/development"), of("vision/production"));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "azure"), json!({}));
    // Without a name for it, nobody knows what the templates take.
    let folder = Folder::with(&DOMAINS.replacen("kind: flyte\n", "kind: flyte\n  delivery: admin\n", 1));
    let plan = exits(&folder, &["plan"], 0);
    assert!(plan.contains("2 handoffs") && plan.contains("`platform.attribute`"), "{plan}");
}

#[test]
fn what_somebody_put_in_place_of_a_role_is_drift_with_both_and_another_s_is_a_conflict() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    let all = in_admin(
        &folder,
        "aws",
        &[("GET", "/api/v1/matchable_attributes?resource_type=CLUSTER_RESOURCE", Value::Null)],
    );
    let records = all["configurations"].as_array().expect("a list");
    let vision =
        records.iter().find(|one| one["project"] == "vision" && one["domain"] == "development").expect("a record");
    let mut map = vision["attributes"]["cluster_resource_attributes"]["attributes"].clone();
    map["defaultIamRole"] = json!("arn:aws:iam::111122223333:role/by-hand");
    put(&folder, "aws", "vision/development", map);
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("cluster-resource-attribute vision/development: changed"), "{drift}");
    assert!(drift.contains("role/by-hand"), "{drift}");
    let one = exits(&folder, &["revoke", "vision-development", "--dry-run"], 0);
    assert!(one.contains("what somebody else has set in its place stays"), "{one}");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    put(&folder, "aws", "vision/development", json!({ "defaultIamRole": "arn:aws:iam::111122223333:role/by-hand" }));
    exits(&folder, &["apply", "--yes"], 1);
    let document = assert_valid(&folder, &["drift", "--sandbox", "--exit-code"]);
    assert_eq!(document["refusal"]["kind"], "conflict", "{document:#}");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
}

/// The grants of one domain and of one project in it: the project's own role goes, and the domain's takes its place.
const NARROWER: &str = "  - name: vision-production
    scope: { project: vision, domain: production }
    access: { training-data: read }
";

/// Sets a value of a pair as somebody else does who leaves alone what is beside it.
fn set_by_hand(folder: &Folder, (project, domain): (&str, &str), value: &str) {
    let all =
        in_admin(folder, "aws", &[("GET", "/api/v1/matchable_attributes?resource_type=CLUSTER_RESOURCE", Value::Null)]);
    let mut records = all["configurations"].as_array().expect("a list").iter();
    let record = records.find(|one| one["project"] == project && one["domain"] == domain).expect("a record");
    let mut map = record["attributes"]["cluster_resource_attributes"]["attributes"].clone();
    map["defaultIamRole"] = json!(value);
    put(folder, "aws", &format!("{project}/{domain}"), map);
}

/// What takes the place of a grant's principal is written over what cloudgrant wrote, and over nothing else.
#[test]
fn a_revoke_writes_over_nothing_that_somebody_else_set() {
    const OTHER: &str = "arn:aws:iam::111122223333:role/somebody-else";
    let folder = Folder::with(&format!("{EXAMPLE}\n{NARROWER}"));
    exits(&folder, &["apply", "--yes"], 0);
    let before = records(&folder, "aws");
    set_by_hand(&folder, ("vision", "production"), OTHER);
    let look = exits(&folder, &["revoke", "vision-production", "--dry-run"], 1);
    assert!(look.contains("stays: cluster-resource-attribute vision/production"), "{look}");
    let words = look.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = format!("somebody else has set defaultIamRole to `{OTHER}` (cloudgrant wrote `arn:");
    assert!(words.contains(&what) && words.contains("a revoke leaves that to them"), "{words}");
    assert!(!words.contains("condition"), "{words}");
    // Of others that is nobody's business.
    exits(&folder, &["revoke", "vision-development", "--dry-run"], 0);
    let revoked = exits(&folder, &["revoke", "vision-production", "--yes"], 1);
    assert!(revoked.contains("stays: cluster-resource-attribute vision/production"), "{revoked}");
    assert!(!revoked.contains("~ cluster-resource-attribute"), "{revoked}");
    let there = records(&folder, "aws");
    assert_eq!(there["vision/production"]["defaultIamRole"], OTHER, "{there}");
    assert_eq!(there["forecasting/production"], before["forecasting/production"]);
    let again = exits(&folder, &["revoke", "vision-production", "--dry-run"], 1);
    assert!(!again.contains("~ cluster-resource-attribute"), "{again}");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({ "vision/production": { "defaultIamRole": OTHER } }));

    // Where nobody edited it, the domain's takes its place.
    let folder = Folder::with(&format!("{EXAMPLE}\n{NARROWER}"));
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["revoke", "vision-production", "--yes"], 0);
    let there = records(&folder, "aws");
    assert_eq!(there["vision/production"], there["forecasting/production"], "{there}");
}

/// The same where another field manager of the cluster's wrote the value.
#[test]
fn a_revoke_writes_over_no_annotation_that_somebody_else_set() {
    const KEY: &str = "eks.amazonaws.com/role-arn";
    const OTHER: &str = "arn:aws:iam::111122223333:role/somebody-else";
    let manifest = EXAMPLE.replace("delivery: admin", "delivery: kubernetes");
    let folder = Folder::with(&format!("{manifest}\n{NARROWER}"));
    exits(&folder, &["apply", "--yes"], 0);
    in_cluster(&folder, "aws", async |cluster| cluster.annotate("vision-production", json!({ KEY: OTHER })).await);
    let look = exits(&folder, &["revoke", "vision-production", "--dry-run"], 0);
    assert!(!look.contains("service-account-annotation vision-production/default  "), "{look}");
    exits(&folder, &["revoke", "vision-production", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws")["vision-production"][KEY], OTHER);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws")["vision-production"][KEY], OTHER);
}

/// What stays keeps no role from going: it names what is gone then.
#[test]
fn a_revoke_takes_all_else_away_where_a_project_is_archived_and_ends_with_1() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    let set = |state: &str| in_admin(&folder, "aws", &[("PUT", "/api/v1/projects/vision", json!({ "state": state }))]);
    set("ARCHIVED");
    let look = exits(&folder, &["revoke", "vision-development", "--dry-run"], 1);
    assert!(look.contains("stays: cluster-resource-attribute vision/development"), "{look}");
    let revoked = exits(&folder, &["revoke", "--all", "--yes"], 1);
    assert!(revoked.contains("stays: cluster-resource-attribute vision/production"), "{revoked}");
    assert!(revoked.contains("6 deleted") || revoked.contains("7 deleted"), "{revoked}");
    exits(&folder, &["revoke", "--all", "--yes"], 1);
    set("ACTIVE");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({}));
}

/// A domain is Flyte's, and there whether or not the manifest still names it.
#[test]
fn what_was_set_in_a_domain_goes_that_the_manifest_no_longer_names() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    let (first, second) = EXAMPLE.split_once("  - name: vision-development").expect("two grants");
    let (head, _) = first.split_once("  - name: models-production").expect("the first grant");
    let manifest = format!("{head}  - name: vision-development{second}");
    folder.write("cloudgrant.yaml", manifest.replace("domains: [development, production]", "domains: [development]"));
    exits(&folder, &["apply", "--yes"], 0);
    let there = records(&folder, "aws");
    assert!(there["vision/development"].is_object() && there["vision/production"].is_null(), "{there}");
    assert_eq!(there.as_object().map(serde_json::Map::len), Some(1), "{there}");
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({}));
}

#[test]
fn leaving_flyte_admin_takes_away_what_was_set_and_hands_off() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    folder.write("cloudgrant.yaml", EXAMPLE.replace("delivery: admin", "delivery: leave-admin"));
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains("- cluster-resource-attribute vision/production") && plan.contains("3 handoffs"), "{plan}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({}));
}

/// The values of a role that goes, go with it; those of others are for `apply`.
#[test]
fn one_grant_that_is_revoked_while_leaving_takes_the_values_of_its_role_along_and_no_others() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    folder.write("cloudgrant.yaml", EXAMPLE.replace("delivery: admin", "delivery: leave-admin"));
    let look = exits(&folder, &["revoke", "models-production", "--dry-run"], 0);
    assert!(look.contains("- cluster-resource-attribute forecasting/production"), "{look}");
    assert!(!look.contains("vision/development"), "{look}");
    exits(&folder, &["revoke", "models-production", "--yes"], 0);
    let there = records(&folder, "aws");
    assert_eq!(there.as_object().map(serde_json::Map::len), Some(1), "{there}");
    let again = exits(&folder, &["revoke", "models-production", "--yes"], 0);
    assert!(!again.contains("vision/development"), "{again}");
    assert_eq!(records(&folder, "aws"), there);
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({}));
}

/// Union's chart takes the same value on every cloud, under another name.
#[test]
fn union_is_told_by_its_own_attribute() {
    let manifest = crate::support::MANIFEST.replacen("kind: union\n", "kind: union\n  delivery: admin\n", 1);
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    let there = records(&folder, "aws");
    let role = there["forecasting/production"]["defaultUserRoleValue"].as_str().unwrap_or_default();
    assert!(
        role.ends_with("_forecasting_production") && there.as_object().is_some_and(|all| all.len() == 1),
        "{there}"
    );
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(records(&folder, "aws"), json!({}));
}

#[test]
fn a_plan_that_tells_flyte_admin() {
    assert_looks!(Folder::with(EXAMPLE).run(&["plan", "--sandbox"]));
}

#[test]
fn a_revoke_that_takes_attributes_away() {
    let folder = Folder::with(EXAMPLE);
    exits(&folder, &["apply", "--yes"], 0);
    assert_looks!(folder.run(&["revoke", "--all", "--dry-run", "--sandbox"]));
}

#[test]
fn what_would_be_done_by_hand_and_who_may_is_said() {
    let folder = Folder::with(EXAMPLE);
    let explained = exits(&folder, &["explain"], 0);
    assert!(explained.contains("flytectl update cluster-resource-attribute --attrFile"), "{explained}");
    let output = folder.output(&["permissions", "--for", "admin"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(document["calls"].as_array().map(Vec::len), Some(5), "{document:#}");
    assert_valid(&folder, &["permissions"]);
}

/// As cloudgrant itself is pointed to both sandboxes.
#[cfg(unix)]
#[test]
fn programs_in_the_sandbox_reach_its_flyte_admin_and_no_real_one() {
    let folder = Folder::with(EXAMPLE).variable("FLYTECTL_CONFIG", "/a/real/one").variable("UNIONAI_API_KEY", "real");
    let cloudgrant = env!("CARGO_BIN_EXE_cloudgrant");
    let run = |script: String| {
        let output = folder.output(&["sandbox", "--", "sh", "-c", &script]);
        (output.status.code(), said(&output))
    };
    let (code, variables) = run("env; cat \"$FLYTECTL_CONFIG\"".to_owned());
    assert_eq!(code, Some(0), "{variables}");
    assert!(variables.contains("FLYTE_PLATFORM_URL=http://127.0.0.1:"), "{variables}");
    assert!(variables.contains("endpoint: dns:///127.0.0.1:") && !variables.contains("real"), "{variables}");
    assert!(!variables.contains("CLOUDGRANT_FLYTE"), "{variables}");
    let (code, applied) = run(format!("{cloudgrant} apply --yes"));
    assert_eq!(code, Some(0), "{applied}");
    assert_eq!(records(&folder, "aws").as_object().map(serde_json::Map::len), Some(3));
    // Somebody has set the cloud's variables alone; and one whose port is forwarded to this machine is none either.
    for elsewhere in ["https://192.0.2.1", "http://127.0.0.1:9"] {
        let (code, refused) = run(format!("FLYTE_PLATFORM_URL={elsewhere} {cloudgrant} plan"));
        assert_eq!(code, Some(1), "{refused}");
        assert!(refused.contains("never written to a real deployment") || elsewhere.ends_with(":9"), "{refused}");
    }
}
