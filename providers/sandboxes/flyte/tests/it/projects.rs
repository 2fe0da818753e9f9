use cloudgrant_flyte_sandbox::Seed;
use serde_json::json;

use crate::client::Flyte;

fn five() -> Seed {
    Seed { projects: ["a", "b", "c", "d", "e"].map(str::to_owned).into(), ..Seed::default() }
}

fn ids(page: &serde_json::Value) -> Vec<&str> {
    page["projects"].as_array().expect("a list").iter().filter_map(|project| project["id"].as_str()).collect()
}

#[tokio::test]
async fn pages_end_with_an_empty_token() {
    let flyte = Flyte::with(five()).await;
    flyte.archive("b").await;
    let path = "/api/v1/projects?limit=2&filters=ne(state,1)";
    let first = flyte.get(path).await.ok();
    assert_eq!((ids(&first), &first["token"]), (vec!["a", "c"], &json!("2")));
    let second = flyte.get(&format!("{path}&token=2")).await.ok();
    // A full page has a token, whether anything follows or not.
    assert_eq!((ids(&second), &second["token"]), (vec!["d", "e"], &json!("4")));
    let third = flyte.get(&format!("{path}&token=4")).await.ok();
    assert_eq!((ids(&third), &third["token"]), (vec![], &json!("")));
    assert_eq!(ids(&flyte.get("/api/v1/projects?limit=100").await.ok()), ["a", "c", "d", "e"]);
    assert_eq!(ids(&flyte.get("/api/v1/projects?filters=eq(state,1)").await.ok()), ["b"]);
    let last_first = "/api/v1/projects?sort_by.key=identifier&sort_by.direction=DESCENDING&limit=1";
    assert_eq!(ids(&flyte.get(last_first).await.ok()), ["e"]);
}

#[tokio::test]
async fn odd_pages_are_refused() {
    let flyte = Flyte::start().await;
    for (query, message) in [
        ("limit=-1", "parsing field \"limit\""),
        ("token=x", "invalid pagination token x for ListProjects"),
        ("filters=state", "invalid value for filters"),
        ("sort_by.key=colour", "invalid sort key 'colour'"),
    ] {
        flyte.get(&format!("/api/v1/projects?{query}")).await.fails(400, 3, message);
    }
}

#[tokio::test]
async fn a_project_has_every_domain_and_all_its_fields() {
    let flyte = Flyte::start().await;
    let domains = json!([
        {"id": "development", "name": "development"},
        {"id": "staging", "name": "staging"},
        {"id": "production", "name": "production"},
    ]);
    assert_eq!(flyte.get("/api/v1/domains").await.ok(), json!({"domains": domains}));
    let project = flyte.get("/api/v1/projects/flytesnacks").await.ok();
    let expected = json!({
        "id": "flytesnacks", "name": "flytesnacks", "domains": domains, "description": "", "labels": null,
        "state": "ACTIVE", "org": "",
    });
    assert_eq!(project, expected);
    let version = flyte.get("/api/v1/version").await.ok();
    assert_eq!(version["control_plane_version"]["Version"], "v1.16.8");
}

#[tokio::test]
async fn projects_are_registered_and_changed() {
    let flyte = Flyte::start().await;
    let vision = json!({"project": {"id": "vision", "name": "Vision", "labels": {"values": {"team": "a"}}}});
    assert_eq!(flyte.post("/api/v1/projects", vision.clone()).await.ok(), json!({}));
    flyte.post("/api/v1/projects", vision).await.fails(409, 6, "value with matching already exists");
    flyte.post("/api/v1/projects", json!({})).await.fails(400, 3, "missing project");
    flyte.post("/api/v1/projects", json!({"project": {"id": "x"}})).await.fails(400, 3, "missing project_name");
    let bad = json!({"project": {"id": "X", "name": "x"}});
    flyte.post("/api/v1/projects", bad).await.fails(400, 3, "invalid project id [X]");

    flyte.put("/api/v1/projects/vision", json!({"state": 1})).await.ok();
    let changed = flyte.get("/api/v1/projects/vision").await.ok();
    assert_eq!((&changed["state"], &changed["name"]), (&json!("ARCHIVED"), &json!("Vision")));
    assert_eq!(changed["labels"], json!({"values": {"team": "a"}}));
    // A state that is left out is the first one.
    flyte.put("/api/v1/projects/vision", json!({"description": "pictures"})).await.ok();
    let changed = flyte.get("/api/v1/projects/vision").await.ok();
    assert_eq!((&changed["state"], &changed["description"]), (&json!("ACTIVE"), &json!("pictures")));
    flyte.put("/api/v1/projects/none", json!({})).await.fails(404, 5, "project [none] not found");
    flyte.get("/api/v1/projects/none").await.fails(404, 5, "project [none] not found");
}

#[tokio::test]
async fn without_a_limit_all_come_and_only_nothing_has_a_token() {
    let flyte = Flyte::with(five()).await;
    let all = flyte.get("/api/v1/projects").await.ok();
    assert_eq!((ids(&all).len(), &all["token"]), (5, &json!("")));
    let none = flyte.get("/api/v1/projects?filters=eq(identifier,none)").await.ok();
    assert_eq!((ids(&none).len(), &none["token"]), (0, &json!("0")));
}
