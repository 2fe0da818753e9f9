//! Settings come, stay as they are, and go, and nothing of others does.

use cloudgrant_core::{Action, Approval, ErrorKind, Silent};
use serde_json::{Value, json};

use crate::deployment::{ACCOUNT, Deployment, FORECASTING, ROLE, VISION, account, text};
use crate::stack::{Run, Runs as _, carry_out};

#[tokio::test]
async fn each_project_and_domain_is_a_request_and_a_revoke_says_what_is_inherited_again() {
    let flyte = Deployment::start().await;
    flyte.put("production", &account("of-domain")).await;
    let reads = flyte.calls("settings:GetSettingsForEdit");
    Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!((flyte.calls("settings:GetSettingsForEdit") - reads, flyte.calls("project:ListProjects")), (4, 1));
    assert!(Run::of(&flyte).apply().await.is_success());
    let marked = flyte.settings(VISION).await["annotations"]["mapValue"]["entries"].clone();
    assert!(marked.to_string().contains(&format!("vision/production={ACCOUNT} {ROLE}")), "{marked}");
    let plan = Run::of(&flyte).engine_of_revoke().plan(&Silent).await.expect("a plan");
    let told: Vec<_> = plan.changes.iter().filter_map(|change| change.warning.as_deref()).collect();
    assert!(told.iter().any(|told| told.contains("`of-domain` of domain production again")), "{told:?}");
}

#[tokio::test]
async fn an_account_or_a_principal_that_changes_is_written_anew_and_what_nobody_wants_any_more_goes() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let other = Run { projects: &["vision"], account: "others", ..Run::of(&flyte) };
    assert!(other.apply().await.is_success());
    assert_eq!((flyte.runs_under(VISION).await, flyte.runs_under(FORECASTING).await), ("others".into(), Value::Null));
    assert_eq!(flyte.settings(FORECASTING).await, json!({}));
    // By the account's annotation it is another one, and by the setting the same: the mark says which it was.
    let of_other = Run { principal: "arn:aws:iam::111122223333:role/other", ..other.clone() };
    let plan = of_other.plan().await.expect("a plan");
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(
        (change.action, change.before.as_ref().expect("before").value()["principal"].clone()),
        (Action::Update, json!(ROLE))
    );
    assert!(of_other.apply().await.is_success());
    assert!(of_other.plan().await.expect("a plan").is_empty());
}

#[tokio::test]
async fn what_somebody_dropped_with_the_rest_of_the_settings_is_put_back_beside_theirs() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let theirs = json!({ "run": { "defaultQueue": text("gpu") } });
    flyte.put(VISION, &theirs).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!((plan.changes.len(), plan.changes[0].action), (1, Action::Create));
    assert!(Run::of(&flyte).apply().await.is_success());
    let there = flyte.unmarked(VISION).await;
    assert_eq!((&there["run"], &there["security"]), (&theirs["run"], &account(ACCOUNT)["security"]));
    // Where they kept the mark alone, it is the stack's, and is put back as well.
    let mut settings = flyte.settings(VISION).await;
    settings.as_object_mut().expect("settings").remove("security");
    flyte.put(VISION, &settings).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!((plan.changes.len(), plan.changes[0].action), (1, Action::Update));
    assert!(Run::of(&flyte).apply().await.is_success());
    assert_eq!(flyte.runs_under(VISION).await, ACCOUNT);
}

#[tokio::test]
async fn an_account_that_somebody_edited_is_shown_and_put_back_and_stays_theirs_in_a_revoke() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    flyte.set_account(VISION, "theirs").await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(change.action, Action::Update);
    assert_eq!(
        change.before.as_ref().expect("before").value()["settings"],
        json!({ "security.service_account": "theirs" })
    );
    assert!(change.warning.as_ref().is_some_and(|warning| warning.contains("cloudgrant wrote `tasks`")), "{change:?}");

    let report = Run::of(&flyte).revoke().await;
    assert!(report.is_success(), "{report:?}");
    let remarks: Vec<_> = report.applied.iter().flat_map(|applied| &applied.outcome.remarks).collect();
    assert!(remarks.iter().any(|remark| remark.contains("stays `theirs`")), "{remarks:?}");
    assert_eq!((flyte.settings(VISION).await, flyte.settings(FORECASTING).await), (account("theirs"), json!({})));
    assert!(Run::of(&flyte).plan().await.is_err_and(|error| error.kind() == ErrorKind::Conflict));
    flyte.put(VISION, &json!({})).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    // Also one that says that there is to be none.
    let unset = json!({ "serviceAccount": { "state": "SETTING_STATE_UNSET" } });
    flyte.edit(VISION, |settings| _ = settings.insert("security".to_owned(), unset.clone())).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!(
        plan.changes[0].before.as_ref().expect("before").value()["settings"],
        json!({ "security.service_account": "~unset" })
    );
    assert!(Run::of(&flyte).apply().await.is_success());
    assert_eq!(flyte.unmarked(VISION).await, account(ACCOUNT));
}

/// As with `flyte get settings` and `edit settings --from-file` of another project.
#[tokio::test]
async fn settings_that_somebody_copied_elsewhere_are_theirs() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let copy = flyte.settings(VISION).await;
    flyte.put("forecasting/development", &copy).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert!(plan.is_empty(), "{:?}", plan.changes);
    assert_eq!(plan.notes.iter().filter(|note| note.message.contains("copied")).count(), 1, "{:?}", plan.notes);
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.settings("forecasting/development").await, copy);
    // Where it is wanted afterwards, it becomes the stack's.
    flyte.put(FORECASTING, &copy).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!((flyte.settings(VISION).await, flyte.settings(FORECASTING).await), (json!({}), json!({})));
}

#[tokio::test]
async fn somebody_else_s_account_is_never_overwritten_unless_it_is_the_same() {
    let flyte = Deployment::start().await;
    let mut theirs = account("theirs");
    theirs["run"] = json!({ "defaultQueue": text("gpu") });
    flyte.put(VISION, &theirs).await;
    let refused = Run::of(&flyte).plan().await.expect_err("theirs");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.to_string().contains("`theirs` already"), "{refused}");
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.settings(VISION).await, theirs);
    // Another stack's is somebody else's as well, also where it is the same account.
    flyte.put(VISION, &json!({})).await;
    let others = Run { stack: "others", projects: &["vision"], ..Run::of(&flyte) };
    assert!(others.apply().await.is_success());
    let refused = Run::of(&flyte).plan().await.expect_err("another stack's");
    assert!(refused.to_string().contains("by another stack (`cloudgrant.others."), "{refused}");
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.runs_under(VISION).await, ACCOUNT);
    assert!(others.revoke().await.is_success());
    // As a handoff had it done.
    flyte.put(VISION, &account(ACCOUNT)).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("from now on it is this stack's")), "{:?}", plan.notes);
    assert!(Run::of(&flyte).apply().await.is_success());
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.settings(VISION).await, json!({}));
}

#[tokio::test]
async fn what_changed_since_the_plan_was_made_is_not_overwritten() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let run = Run { account: "others", ..Run::of(&flyte) };
    let engine = run.engine();
    let plan = engine.plan(&Silent).await.expect("a plan").approve(Approval::InAdvance);
    flyte.set_account(VISION, "third").await;
    let report = carry_out(&engine, plan).await;
    assert!(!report.is_success(), "{report:?}");
    assert_eq!(
        (flyte.runs_under(VISION).await, flyte.runs_under(FORECASTING).await),
        ("third".into(), "others".into())
    );
}

/// Each project and domain is a request: what fails of so many is asked for again, and not all of it.
#[tokio::test]
async fn the_settings_of_many_projects_are_read_although_some_answers_fail() {
    let mut seed = Deployment::seed();
    seed.projects.extend((0..48).map(|at| format!("project-{at}")));
    let flyte = Deployment::start_with(seed, "errors=0.2,seed=6").await;
    let report = Run::of(&flyte).apply().await;
    assert!(report.is_success(), "{report:?}");
    let (reads, plans) = (flyte.calls("settings:GetSettingsForEdit"), flyte.calls("project:ListProjects"));
    assert!(reads < 100 * 5, "{reads} reads of 100 records in {plans} looks");
}
