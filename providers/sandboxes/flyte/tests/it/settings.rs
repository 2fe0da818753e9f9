//! The settings service and the projects of Flyte 2, over Connect.

use std::io::{Read as _, Write as _};

use cloudgrant_flyte_sandbox::{Domain, Seed, Services};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Flyte, Reply, finish};

const SERVICE: &str = "/flyteidl2.settings.SettingsService";
const PROJECTS: &str = "/flyteidl2.project.ProjectService";

async fn call(flyte: &Flyte, path: &str, body: Value) -> Reply {
    let request = flyte.request(Method::POST, path).header("content-type", "application/json");
    finish(request.header("connect-protocol-version", "1").body(body.to_string())).await
}

async fn settings(flyte: &Flyte, method: &str, body: Value) -> Reply {
    call(flyte, &format!("{SERVICE}/{method}"), body).await
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str, part: &str) {
    assert_eq!((reply.status, reply.body["code"].as_str()), (status, Some(code)), "{}", reply.body);
    let message = reply.body["message"].as_str().unwrap_or_default();
    assert!(message.contains(part), "`{message}` does not contain `{part}`");
}

fn pair() -> Value {
    json!({ "domain": "development", "project": "flytesnacks" })
}

fn account(name: &str) -> Value {
    json!({ "security": { "serviceAccount": { "state": "SETTING_STATE_VALUE", "stringValue": name } } })
}

#[tokio::test]
async fn levels_are_told_unmerged_and_broadest_first() {
    let flyte = Flyte::start().await;
    let domain = json!({ "domain": "development" });
    for (key, name) in [(json!({}), "of-all"), (domain.clone(), "of-domain")] {
        let made = settings(&flyte, "CreateSettings", json!({ "key": key, "settings": account(name) })).await.ok();
        assert_eq!(made, json!({ "settingsRecord": { "key": key, "settings": account(name), "version": "1" } }));
    }
    let told = settings(&flyte, "GetSettingsForEdit", json!({ "key": pair() })).await.ok();
    let levels = json!([
        { "key": {}, "settings": account("of-all"), "version": "1" },
        { "key": domain, "settings": account("of-domain"), "version": "1" },
        // Without a record there is no version, and `CreateSettings` makes one.
        { "key": pair(), "settings": {} },
    ]);
    assert_eq!(told, json!({ "requestedKey": pair(), "levels": levels }));
    let accounts = flyte.get("/_sandbox/run_accounts").await.ok();
    let of = |domain: &str| {
        let mut all = accounts["run_accounts"].as_array().expect("a list").iter();
        all.find(|one| one["domain"] == domain).expect("one")["service_account"].clone()
    };
    assert_eq!((of("development"), of("production")), (json!("of-domain"), json!("of-all")));
    // An account that is unset keeps the wider ones out.
    let unset = json!({ "security": { "serviceAccount": { "state": "SETTING_STATE_UNSET" } } });
    settings(&flyte, "CreateSettings", json!({ "key": pair(), "settings": unset })).await.ok();
    let accounts = flyte.get("/_sandbox/run_accounts").await.ok();
    assert!(
        accounts.to_string().contains(r#"{"project":"flytesnacks","domain":"development","service_account":null}"#)
    );
}

#[tokio::test]
async fn a_version_is_a_lock() {
    let flyte = Flyte::start().await;
    let write = async |method: &str, version: Value, name: &str| {
        let body = json!({ "key": pair(), "settings": account(name), "version": version });
        settings(&flyte, method, body).await
    };
    refused(&write("UpdateSettings", Value::Null, "a").await, 400, "invalid_argument", "a version is required");
    refused(
        &write("UpdateSettings", json!("1"), "a").await,
        400,
        "failed_precondition",
        "settings version conflict: v1::",
    );
    assert_eq!(write("CreateSettings", Value::Null, "a").await.ok()["settingsRecord"]["version"], "1");
    refused(
        &write("CreateSettings", Value::Null, "b").await,
        409,
        "already_exists",
        "settings already exists: v1::development",
    );
    assert_eq!(write("UpdateSettings", json!("1"), "b").await.ok()["settingsRecord"]["version"], "2");
    for stale in [json!("1"), json!(3), json!("18446744073709551615")] {
        refused(&write("UpdateSettings", stale, "c").await, 400, "failed_precondition", "version conflict");
    }
    // A number is read as well, and what is replaced is all of it.
    let body = json!({ "key": pair(), "settings": {}, "version": 2 });
    settings(&flyte, "UpdateSettings", body).await.ok();
    let told = settings(&flyte, "GetSettingsForEdit", json!({ "key": pair() })).await.ok();
    assert_eq!(told["levels"][2], json!({ "key": pair(), "settings": {}, "version": "3" }));
}

#[tokio::test]
async fn settings_and_versions_are_there_after_a_restart() {
    let flyte = Flyte::start().await;
    for key in [json!({}), json!({ "domain": "development" }), pair()] {
        settings(&flyte, "CreateSettings", json!({ "key": key, "settings": account("a") })).await.ok();
    }
    let before = settings(&flyte, "GetSettingsForEdit", json!({ "key": pair() })).await.ok();
    let Flyte { running, folder, .. } = flyte;
    running.stop().await;
    let flyte = Flyte::start_in(folder, Seed::default()).await;
    assert_eq!(settings(&flyte, "GetSettingsForEdit", json!({ "key": pair() })).await.ok(), before);
}

#[tokio::test]
async fn what_the_service_refuses_is_refused() {
    let flyte = Flyte::start().await;
    let quantity = |text: &str| json!({ "state": "SETTING_STATE_VALUE", "quantityValue": text });
    for (key, sent, part) in [
        (Value::Null, json!({}), "key is required"),
        (json!({ "project": "flytesnacks" }), json!({}), "a project-scope key requires a domain"),
        (pair(), Value::Null, "settings is required"),
        (
            pair(),
            json!({ "taskResource": { "min": { "cpu": quantity("two") } } }),
            "invalid task_resource.min.cpu \"two\"",
        ),
        (
            pair(),
            json!({ "taskResource": { "max": { "memory": quantity("1K") } } }),
            "invalid task_resource.max.memory",
        ),
        (
            pair(),
            json!({ "run": { "maxActionConcurrency": { "state": 2, "intValue": "1" } } }),
            "invalid max_action_concurrency 1",
        ),
        (
            pair(),
            json!({ "run": { "maxActionConcurrency": { "state": 2, "intValue": "many" } } }),
            "proto: invalid value for int64",
        ),
        (pair(), json!({ "security": { "serviceAccount": { "state": "SET" } } }), "proto: invalid value for enum"),
        (pair(), json!({ "security": [] }), "proto: syntax error"),
    ] {
        let reply = settings(&flyte, "CreateSettings", json!({ "key": key, "settings": sent })).await;
        refused(&reply, 400, "invalid_argument", part);
    }
    // What isn't a value isn't checked, and what nobody knows is discarded: client and server may differ.
    let odd = json!({ "run": { "maxActionConcurrency": { "intValue": "1" } }, "ofTomorrow": { "state": 2 } });
    let made = settings(&flyte, "CreateSettings", json!({ "key": pair(), "settings": odd, "more": 1 })).await.ok();
    assert_eq!(made["settingsRecord"]["settings"], json!({ "run": { "maxActionConcurrency": { "intValue": "1" } } }));
    refused(
        &settings(&flyte, "GetSettings", json!({ "key": pair() })).await,
        501,
        "unimplemented",
        "not implemented yet",
    );
}

#[tokio::test]
async fn connect_s_own_rules_hold() {
    let flyte = Flyte::start().await;
    let path = format!("{SERVICE}/GetSettingsForEdit");
    let request = |of: &str| {
        flyte.request(Method::POST, &path).header("content-type", of).body(json!({ "key": pair() }).to_string())
    };
    for good in ["application/json", "application/json; charset=utf-8"] {
        finish(request(good)).await.ok();
    }
    for bad in ["text/plain", "application/grpc", "application/json; charset=latin1"] {
        let reply = request(bad).send().await.expect("an answer");
        assert_eq!(reply.status(), 415, "{bad}");
        assert!(reply.headers().contains_key("accept-post"), "{bad}");
    }
    refused(
        &finish(request("application/json").header("connect-protocol-version", "2")).await,
        400,
        "invalid_argument",
        "must be \"1\"",
    );
    refused(
        &finish(request("application/json").header("content-encoding", "br")).await,
        501,
        "unimplemented",
        "unknown compression \"br\"",
    );
    let empty = flyte.request(Method::POST, &path).header("content-type", "application/json");
    refused(&finish(empty).await, 400, "invalid_argument", "zero-length payload");
    let unknown = flyte.request(Method::POST, &format!("{SERVICE}/DeleteSettings")).send().await.expect("an answer");
    assert_eq!(unknown.status(), 404);
    assert_eq!(flyte.request(Method::GET, &path).send().await.expect("an answer").status().as_u16(), 405);
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

#[tokio::test]
async fn requests_and_answers_may_be_compressed_and_not_without_end() {
    let flyte = Flyte::start().await;
    let path = format!("{SERVICE}/GetSettingsForEdit");
    let send = async |body: Vec<u8>| {
        let request = flyte.request(Method::POST, &path).header("content-type", "application/json");
        let request = request.header("content-encoding", "gzip").header("accept-encoding", "gzip");
        request.body(body).send().await.expect("an answer")
    };
    let answer = send(packed(json!({ "key": pair() }).to_string().as_bytes())).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["content-encoding"].to_str().expect("text")), (200, "gzip"));
    let mut text = String::new();
    GzDecoder::new(&answer.bytes().await.expect("a body")[..]).read_to_string(&mut text).expect("gzip");
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(told["requestedKey"], pair());
    assert_eq!(send(b"no gzip".to_vec()).await.status(), 400);
    // A small body that becomes a large one.
    assert_eq!(send(packed(&vec![b' '; 17 * 1024 * 1024])).await.status(), 429);
}

#[tokio::test]
async fn on_union_the_organization_the_project_and_the_domain_must_be_there() {
    let flyte = Flyte::with(Seed { organization: "acme".to_owned(), ..Seed::default() }).await;
    let get = async |key: Value| settings(&flyte, "GetSettingsForEdit", json!({ "key": key })).await;
    refused(&get(pair()).await, 400, "invalid_argument", "key.org: value length");
    refused(&get(json!({ "org": "other" })).await, 403, "permission_denied", "organization other");
    let of = |project: &str, domain: &str| json!({ "org": "acme", "project": project, "domain": domain });
    refused(&get(of("none", "development")).await, 404, "not_found", "project [none] not found");
    refused(&get(of("flytesnacks", "none")).await, 404, "not_found", "domain [none] not found");
    let told = get(of("flytesnacks", "development")).await.ok();
    assert_eq!(told["levels"][0]["key"], json!({ "org": "acme" }));
    // Flyte 2 takes settings of any.
    let flyte = Flyte::start().await;
    settings(
        &flyte,
        "CreateSettings",
        json!({ "key": { "org": "x", "domain": "none", "project": "none" }, "settings": {} }),
    )
    .await
    .ok();
}

#[tokio::test]
async fn projects_come_in_pages_and_archived_ones_when_asked_for() {
    let projects = (0..5).map(|at| format!("p{at}")).collect();
    let seed = Seed { projects, domains: vec![Domain::new("d")], services: Services::Settings, ..Seed::default() };
    let flyte = Flyte::with(seed).await;
    let list = async |body: Value| call(&flyte, &format!("{PROJECTS}/ListProjects"), body).await;
    let ids = |answer: &Value| {
        let page = answer["projects"]["projects"].as_array().cloned().unwrap_or_default();
        page.iter().map(|one| one["id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let first = list(json!({ "limit": 2 })).await.ok();
    assert_eq!((ids(&first), &first["projects"]["token"]), (vec!["p0".to_owned(), "p1".to_owned()], &json!("2")));
    assert_eq!(
        first["projects"]["projects"][0],
        json!({ "id": "p0", "name": "p0", "domains": [{ "id": "d", "name": "d" }] })
    );
    let last = list(json!({ "limit": 2, "token": "4" })).await.ok();
    assert_eq!((ids(&last), last["projects"]["token"].is_null()), (vec!["p4".to_owned()], true));
    let archived = json!({ "project": { "id": "p1", "state": "PROJECT_STATE_ARCHIVED" } });
    call(&flyte, &format!("{PROJECTS}/UpdateProject"), archived).await.ok();
    assert_eq!(ids(&list(json!({})).await.ok()).len(), 4);
    let all = list(json!({ "filters": "gte(state,0)" })).await.ok();
    assert_eq!((ids(&all).len(), &all["projects"]["projects"][1]["state"]), (5, &json!("PROJECT_STATE_ARCHIVED")));
    refused(&list(json!({ "limit": 201 })).await, 400, "invalid_argument", "exceeds maximum of 200");
    let create = json!({ "project": { "id": "speech", "name": "Speech" } });
    call(&flyte, &format!("{PROJECTS}/CreateProject"), create.clone()).await.ok();
    refused(&call(&flyte, &format!("{PROJECTS}/CreateProject"), create).await, 409, "already_exists", "speech");
    let got = call(&flyte, &format!("{PROJECTS}/GetProject"), json!({ "id": "speech" })).await.ok();
    assert_eq!(got["project"]["name"], "Speech");
    refused(&call(&flyte, &format!("{PROJECTS}/GetProject"), json!({ "id": "none" })).await, 404, "not_found", "none");
}

#[tokio::test]
async fn a_control_plane_has_the_services_of_its_generation() {
    for (services, admin, connect) in
        [(Services::Admin, 200, 404), (Services::Settings, 404, 200), (Services::Both, 200, 200)]
    {
        let flyte = Flyte::with(Seed { services, ..Seed::default() }).await;
        assert_eq!(flyte.get("/api/v1/projects").await.status, admin, "{services:?}");
        let request = flyte.request(Method::POST, &format!("{SERVICE}/GetSettingsForEdit"));
        let request = request.header("content-type", "application/json").body(json!({ "key": {} }).to_string());
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), connect, "{services:?}");
    }
}

#[tokio::test]
async fn faults_are_told_as_connect_tells_errors() {
    let flyte = Flyte::start().await;
    flyte.knobs("throttle-next=1,errors-next=1").await;
    let get = async || settings(&flyte, "GetSettingsForEdit", json!({ "key": pair() })).await;
    refused(&get().await, 429, "resource_exhausted", "Too Many Requests");
    refused(&get().await, 500, "internal", "asked to fail");
    flyte.knobs("deny=settings:UpdateSettings").await;
    get().await.ok();
    let body = json!({ "key": pair(), "settings": {}, "version": "1" });
    refused(&settings(&flyte, "UpdateSettings", body).await, 403, "permission_denied", "settings:UpdateSettings");
}
