//! What can't be done is said before anything is.

use std::sync::Arc;

use cloudgrant_core::{ErrorKind, Purpose, Silent, Stack};
use cloudgrant_flyte_sandbox::{Domain, Seed, Services};
use cloudgrant_platform_settings::SettingsRecords;
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use serde_json::json;

use crate::deployment::{ACCOUNT, Deployment, VISION, account, text};
use crate::stack::{Run, Runs as _, intents_of};

/// What is set for a project that isn't there yet would hold for nobody in Flyte 2, and isn't taken by Union.
#[tokio::test]
async fn projects_and_domains_that_the_platform_does_not_know_are_named_with_what_to_do() {
    let lacking = [
        (Seed { projects: vec!["forecasting".to_owned()], ..Deployment::seed() }, "project vision isn't registered"),
        (Seed { domains: vec![Domain::new("development")], ..Deployment::seed() }, "no domain production"),
    ];
    for (seed, what) in lacking {
        let flyte = Deployment::start_with(seed, "").await;
        let refused = Run::of(&flyte).plan().await.expect_err(what);
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert!(refused.to_string().contains(what), "{refused}");
        let hint = refused.hint_text().expect("a hint");
        assert!(hint.contains("flyte create project --id ") && hint.contains("set up the domain production"), "{hint}");
        assert_eq!(flyte.writes(), 0);
        assert!(Run::of(&flyte).revoke().await.is_success());
    }
    // What became of the plan meanwhile, the service says, and the error what to do.
    let union = |projects: &[&str]| Seed {
        projects: projects.iter().map(|project| (*project).to_owned()).collect(),
        services: Services::Both,
        organization: "acme".to_owned(),
        ..Deployment::seed()
    };
    let flyte = Deployment::start_with(union(&["forecasting"]), "deny=project:ListProjects").await;
    let run = Run { platform: "union", organization: "acme", ..Run::of(&flyte) };
    let refused = run.plan().await.expect_err("not found");
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(refused.hint_text().is_some_and(|hint| hint.contains("flyte create project --id vision")), "{refused:?}");
}

/// Union's settings are those of an organization.
#[tokio::test]
async fn on_union_the_organization_is_named_and_no_other_is_asked_for() {
    let seed = Seed { services: Services::Both, organization: "acme".to_owned(), ..Deployment::seed() };
    let flyte = Deployment::start_with(seed, "").await;
    let run = Run { platform: "union", organization: "acme", ..Run::of(&flyte) };
    assert!(run.apply().await.is_success());
    assert_eq!(flyte.runs_under(VISION).await, ACCOUNT);
    assert!(run.revoke().await.is_success());
    let nameless = Run { organization: "", ..run.clone() };
    let refused = nameless.plan().await.expect_err("nobody says whose");
    assert!(refused.hint_text().is_some_and(|hint| hint.contains("`platform.organization`")), "{refused:?}");
    let other = Run { organization: "other", ..run };
    assert_eq!(other.plan().await.expect_err("another's").kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_control_plane_without_settings_says_what_to_choose() {
    let flyte = Deployment::start_with(Seed { services: Services::Admin, ..Deployment::seed() }, "").await;
    let refused = Run::of(&flyte).plan().await.expect_err("Flyte 1");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.hint_text().is_some_and(|hint| hint.contains("`platform.delivery: admin`")), "{refused:?}");
}

/// A mark would bring back what somebody shut out.
#[tokio::test]
async fn where_annotations_are_shut_out_nothing_is_set() {
    let flyte = Deployment::start().await;
    let theirs = json!({ "annotations": { "state": "SETTING_STATE_UNSET" } });
    flyte.put(VISION, &theirs).await;
    let refused = Run::of(&flyte).plan().await.expect_err("no place for a mark");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.to_string().contains("`~unset`") && refused.hint_text().is_some(), "{refused:?}");
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.settings(VISION).await, theirs);
}

/// A project that is left out of the manifest and may not be looked at may have something of the stack's.
#[tokio::test]
async fn what_may_not_be_listed_is_told_as_not_searched() {
    let flyte = Deployment::start_with(Deployment::seed(), "").await;
    assert!(Run::of(&flyte).apply().await.is_success());
    let seed = Deployment::seed();
    let denied = Deployment::start_with(seed, "deny=project:ListProjects").await;
    let plan = Run::of(&denied).plan().await.expect("what is wanted is known all the same");
    assert_eq!(plan.changes.len(), 2);
    let plan = Run::of(&denied).engine_of_revoke().plan(&Silent).await.expect("a plan");
    let [unsearched] = plan.unsearched.as_slice() else { panic!("{plan:?}") };
    assert!(
        unsearched.place.contains("other projects") && unsearched.reason.contains("--for settings"),
        "{unsearched:?}"
    );
}

/// Two deployments may have the same projects.
#[tokio::test]
async fn another_deployment_than_the_manifest_s_is_refused_by_name_and_asked_nothing_of_settings() {
    let flyte = Deployment::start().await;
    let address = flyte.running.endpoint().trim_start_matches("http://").to_owned();
    for means in ["flyte.example.com", "127.0.0.1:1", "127.0.0.10"] {
        let run = Run { means: Some(means), ..Run::of(&flyte) };
        for engine in [run.engine(), run.engine_of_revoke()] {
            let refused = engine.plan(&Silent).await.expect_err(means);
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
    let flyte = Deployment::start_with(Deployment::seed(), "deny=settings:CreateSettings").await;
    let report = Run::of(&flyte).apply().await;
    let failed = &report.failed.first().expect("it failed").error;
    assert_eq!(failed.kind(), ErrorKind::AccessDenied);
    assert!(failed.hint_text().is_some_and(|hint| hint.contains("--for settings")), "{failed:?}");
    let records = SettingsRecords::new(&Stack::parse("acme").expect("a stack"), "home", "flyte", "");
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
    async fn handle(&self, request: Request) -> Response {
        let status = reqwest::StatusCode::from_u16(self.0).expect("a status");
        // The list of projects is right, and what comes then isn't.
        if self.1.contains("levels") && request.path.ends_with("/ListProjects") {
            let body = json!({ "projects": { "projects": [{ "id": "vision", "domains": [{ "id": "production" }] }] } });
            return Response::new(status, body.to_string());
        }
        Response::new(status, self.1)
    }
}

/// What isn't the settings service's is never taken for an empty list: a revoke would find nothing to do.
#[tokio::test]
async fn answers_of_something_else_are_no_empty_list() {
    for (status, body) in [
        (200, "<html>sign in</html>"),
        (200, "{}"),
        (200, r#"{"projects": []}"#),
        (200, r#"{"projects": null}"#),
        (200, r#"{"levels": []}"#),
        (200, r#"{"levels": [{"key": {"domain": "production", "project": "other"}}]}"#),
        (200, r#"{"levels": [{"key": {"domain": "production", "project": "vision"}, "settings": "none"}]}"#),
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

/// Taken for its end, it would hide all projects that follow.
#[tokio::test]
async fn a_list_of_projects_that_goes_on_where_it_was_is_no_list() {
    let body = r#"{"projects": {"projects": [{"id": "vision", "domains": [{"id": "production"}]}], "token": "100"}}"#;
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, Arc::new(Page(200, body))).await.expect("a server");
    let refused = Run::at(&format!("http://{}", server.address())).plan().await.expect_err("no end");
    assert!(refused.to_string().contains("goes on where it was before"), "{refused}");
}

/// Nothing could be asked of what has no id: it is an odd answer of the service, and no mistake of this program's.
#[tokio::test]
async fn a_project_without_an_id_is_no_answer_of_the_service() {
    let odd = [
        r#"{"projects": {"projects": [{"id": "vision", "domains": [{"id": "production"}]}, {"name": "odd"}]}}"#,
        r#"{"projects": {"projects": [{"id": "vision", "domains": [{"id": "production"}, {"name": "odd"}]}]}}"#,
    ];
    for body in odd {
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Plain, Arc::new(Page(200, body))).await.expect("a server");
        let refused = Run::at(&format!("http://{}", server.address())).plan().await.expect_err(body);
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
        assert!(refused.to_string().contains("isn't an answer of the settings service"), "{refused}");
    }
}

/// Flyte 2 keeps the settings of an archived project, and what is the stack's is found and taken back there.
#[tokio::test]
async fn what_is_the_stack_s_in_an_archived_project_goes_as_well() {
    let flyte = Deployment::start().await;
    assert!(Run::of(&flyte).apply().await.is_success());
    let archived = json!({ "project": { "id": "vision", "state": "PROJECT_STATE_ARCHIVED" } });
    let (status, answer) = flyte.call("project.ProjectService", "UpdateProject", &archived).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(flyte.unmarked(VISION).await, account(ACCOUNT));
    assert!(Run::of_nothing(&flyte).apply().await.is_success());
    assert_eq!(flyte.settings(VISION).await, json!({}));
}

/// An empty name is somebody's word as well: it keeps that of the domain out.
#[tokio::test]
async fn an_empty_account_that_somebody_set_is_in_the_way_and_stays() {
    for set in [text(""), json!({ "state": "SETTING_STATE_UNSET" })] {
        let flyte = Deployment::start().await;
        flyte.put(VISION, &json!({ "security": { "serviceAccount": set } })).await;
        // The service writes no empty text.
        let theirs = flyte.settings(VISION).await;
        let refused = Run::of(&flyte).plan().await.expect_err("theirs is in the way");
        assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
        assert!(Run::of(&flyte).revoke().await.is_success());
        assert_eq!(flyte.settings(VISION).await, theirs);
        // Put in place of ours, it stays where ours goes.
        flyte.put(VISION, &json!({})).await;
        assert!(Run::of(&flyte).apply().await.is_success());
        let mut settings = flyte.settings(VISION).await;
        settings["security"] = theirs["security"].clone();
        flyte.put(VISION, &settings).await;
        assert!(!Run::of(&flyte).plan().await.expect("a plan").is_empty());
        assert!(Run::of(&flyte).revoke().await.is_success());
        assert_eq!(flyte.settings(VISION).await, theirs);
    }
}
