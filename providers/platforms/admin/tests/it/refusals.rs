//! What can't be done is said before anything is.

use std::sync::Arc;

use cloudgrant_core::{ErrorKind, Purpose};
use cloudgrant_flyte_sandbox::{Domain, Seed};
use cloudgrant_platform_admin::AdminRecords;
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use serde_json::json;

use crate::deployment::{Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _, intents_of};

const VISION: &str = "vision/production";

/// A record of a pair hides that of its project as a whole.
#[tokio::test]
async fn a_record_that_would_hide_a_wider_one_is_not_made() {
    let flyte = Deployment::start().await;
    flyte.put("vision", json!({ "projectQuotaCpu": "4" })).await;
    let refused = Run::of(&flyte).plan().await.expect_err("it would be hidden");
    assert!(refused.to_string().contains("would hide that of project vision"), "{refused}");
    assert!(refused.hint_text().is_some_and(|hint| hint.contains("-p vision -d production")), "{refused:?}");
    let report = Run::of(&flyte).revoke().await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(flyte.records().await, json!({ "vision": { "projectQuotaCpu": "4" } }));
    // As the hint says.
    flyte.put(VISION, json!({ "projectQuotaCpu": "4" })).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ "projectQuotaCpu": "4", KEY: ROLE }));
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ "projectQuotaCpu": "4" }));
}

#[tokio::test]
async fn projects_and_domains_that_flyte_admin_does_not_have_are_named() {
    let seed = Seed { projects: vec!["forecasting".to_owned()], ..Deployment::seed() };
    let flyte = Deployment::start_with(seed, "").await;
    let refused = Run::of(&flyte).plan().await.expect_err("not registered");
    assert!(refused.to_string().contains("project vision isn't registered"), "{refused}");
    let seed = Seed {
        domains: vec![Domain { id: "production".to_owned(), name: "prod".to_owned() }],
        custom_data: Default::default(),
        ..Deployment::seed()
    };
    let flyte = Deployment::start_with(seed, "").await;
    let refused = Run::of(&flyte).plan().await.expect_err("its namespaces are called otherwise");
    assert!(refused.to_string().contains("is called prod"), "{refused}");
    // What was set there before can be taken away.
    flyte.put(VISION, Run::written(VISION, KEY, ROLE)).await;
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.records().await, json!({}));
}

/// A last page that is full says that another follows.
#[tokio::test]
async fn projects_are_found_on_every_page() {
    for (others, pages) in [(198, 3), (199, 3), (97, 1), (98, 2)] {
        let mut projects: Vec<_> = (0..others).map(|at| format!("a-{at}")).collect();
        projects.extend(Deployment::seed().projects);
        let flyte = Deployment::start_with(Seed { projects, ..Deployment::seed() }, "").await;
        let plan = Run::of(&flyte).plan().await.expect("vision is on the last page");
        assert_eq!((plan.changes.len(), flyte.calls("admin:ListProjects")), (2, pages), "{others}");
    }
}

/// Flyte admin changes nothing of an archived project, and its record stays. It keeps nothing else from going.
#[tokio::test]
async fn what_cannot_be_taken_away_in_an_archived_project_stays_and_is_told() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    flyte.project("vision", "ARCHIVED").await;
    let plan = Run::of(&flyte).engine_of_revoke().plan(&cloudgrant_core::Silent).await.expect("a plan");
    let [stays] = plan.stays.as_slice() else { panic!("{plan:?}") };
    assert!(stays.object.name == VISION && stays.reason.contains("--activate") && !stays.is_empty, "{stays:?}");
    assert!(Run::of(&flyte).plan().await.is_ok_and(|plan| plan.is_empty() && plan.stays.is_empty()), "it is wanted");
    let report = Run::of(&flyte).revoke().await;
    assert!(report.is_success() && report.applied.len() == 1, "{report:?}");
    assert_eq!(Run::of_nothing(&flyte).plan().await.expect("a plan").stays.len(), 1);
    let records = flyte.records().await;
    assert_eq!(records.as_object().map(serde_json::Map::len), Some(1), "the rest is gone: {records}");
    flyte.project("vision", "ACTIVE").await;
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.records().await, json!({}));
}

/// Two deployments may have the same projects.
#[tokio::test]
async fn another_deployment_than_the_manifest_s_is_refused_by_name_and_asked_nothing() {
    let flyte = Deployment::start().await;
    let address = flyte.running.endpoint().trim_start_matches("http://").to_owned();
    for means in ["flyte.example.com", "127.0.0.1:1", "127.0.0.10"] {
        let run = Run { means: Some(means), ..Run::of(&flyte) };
        for engine in [run.engine(), run.engine_of_revoke()] {
            let refused = engine.plan(&cloudgrant_core::Silent).await.expect_err(means);
            assert_eq!(refused.kind(), ErrorKind::WrongAccount);
            assert!(refused.message().contains(means) && refused.message().contains(&address), "{refused}");
        }
    }
    assert!(flyte.running.counts().by_action.is_empty());
    for means in [address.as_str(), "127.0.0.1"] {
        assert!(Run { means: Some(means), ..Run::of(&flyte) }.plan().await.is_ok(), "{means}");
    }
}

#[tokio::test]
async fn a_denied_write_says_which_calls_are_needed() {
    let knobs = "deny=admin:UpdateProjectDomainAttributes";
    let flyte = Deployment::start_with(Deployment::seed(), knobs).await;
    let report = Run::of(&flyte).apply().await;
    let failed = &report.failed.first().expect("it failed").error;
    assert_eq!(failed.kind(), ErrorKind::AccessDenied);
    assert!(failed.hint_text().is_some_and(|hint| hint.contains("--for admin")), "{failed:?}");
    let records = AdminRecords::new(&cloudgrant_core::Stack::parse("acme").expect("a stack"), "home", "flyte");
    let intents = intents_of(&["vision"]);
    let of = |purpose| records.permissions(&intents, purpose).document;
    assert_eq!(of(Purpose::Plan)["calls"].as_array().map(Vec::len), Some(2));
    assert_eq!(of(Purpose::Apply)["changes"], json!([{ "project": "vision", "domain": "production" }]));
}

/// Somebody else's answer, with whatever status.
#[derive(Debug)]
struct Page(u16, &'static str);

#[async_trait]
impl Handler for Page {
    async fn handle(&self, _: Request) -> Response {
        let status = reqwest::StatusCode::from_u16(self.0).expect("a status");
        Response::new(status, self.1)
    }
}

/// What isn't Flyte admin's is never taken for an empty list: a revoke would find nothing to do.
#[tokio::test]
async fn answers_of_something_else_are_no_empty_list() {
    for (status, body) in [
        (200, "<html>sign in</html>"),
        (200, "{}"),
        (200, r#"{"configurations": null}"#),
        (200, r#"{"configurations": [{"project": "vision", "domain": "production"}]}"#),
        (302, ""),
        (404, "404 page not found"),
        (204, ""),
    ] {
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Plain, Arc::new(Page(status, body))).await.expect("a server");
        let mut run = Run::at(&format!("http://{}", server.address()));
        run.projects = &[];
        let refused = run.plan().await.map(|plan| plan.changes.len());
        assert!(refused.is_err(), "{status} {body}: {refused:?}");
    }
}

/// A project without an id, and a list of projects that goes on where it was: taken for its end, that would hide all that follow.
#[tokio::test]
async fn odd_lists_of_projects_are_no_answers_of_flyte_admin() {
    let vision = r#"{"id": "vision", "domains": [{"id": "production"}]}"#;
    for (projects, token, said) in [
        (format!(r#"{vision}, {{"name": "odd"}}"#), "", "isn't an answer of Flyte admin"),
        (vision.to_owned(), "100", "goes on where it was before"),
    ] {
        let body = format!(r#"{{"configurations": [], "projects": [{projects}], "token": "{token}"}}"#);
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Plain, Arc::new(Page(200, body.leak()))).await.expect("a server");
        let refused = Run::at(&format!("http://{}", server.address())).plan().await.expect_err(said);
        assert!(refused.to_string().contains(said), "{refused}");
    }
}
