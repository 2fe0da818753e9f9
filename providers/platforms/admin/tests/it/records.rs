//! Values come, stay as they are, and go, and nothing of others does.

use cloudgrant_core::{Action, Approval, ErrorKind, Silent};
use serde_json::json;

use crate::deployment::{DEFAULT, Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _, carry_out};

const VISION: &str = "vision/production";
const FORECASTING: &str = "forecasting/production";
const OTHER: &str = "arn:aws:iam::111122223333:role/other";

#[tokio::test]
async fn one_request_reads_all_records() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!(flyte.calls("admin:ListMatchableAttributes"), 1);
}

#[tokio::test]
async fn what_somebody_dropped_with_the_rest_of_a_record_is_put_back_beside_theirs() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    flyte.put(VISION, json!({ "quota": "1" })).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert_eq!((plan.changes.len(), plan.changes[0].action), (1, Action::Create));
    assert!(Run::of(&flyte).apply().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ "quota": "1", KEY: ROLE }));
}

#[tokio::test]
async fn a_value_that_somebody_edited_is_shown_and_put_back_and_stays_theirs_in_a_revoke() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    flyte.add(VISION, json!({ KEY: OTHER })).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(change.action, Action::Update);
    assert_eq!(change.before.as_ref().expect("before").value()["attributes"][KEY], OTHER);
    assert!(change.warning.as_ref().is_some_and(|warning| warning.contains(ROLE)), "{change:?}");
    // What is there is wanted by now, and isn't what the stack wrote: else a revoke would leave it.
    let wanted = Run { value: OTHER, ..Run::of(&flyte) };
    assert_eq!(wanted.plan().await.expect("a plan").changes.len(), 2);

    let report = Run::of(&flyte).revoke().await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(flyte.records().await, json!({ VISION: { KEY: OTHER } }));
    assert!(Run::of(&flyte).plan().await.is_err_and(|error| error.kind() == ErrorKind::Conflict));
    flyte.put(VISION, json!({})).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    flyte.add(VISION, json!({ KEY: OTHER })).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ KEY: ROLE }));
    // One that was edited is wanted as it is: it becomes the stack's, and goes with it.
    flyte.add(VISION, json!({ KEY: OTHER })).await;
    assert!(wanted.apply().await.is_success());
    assert!(wanted.revoke().await.is_success());
    assert_eq!(flyte.records().await, json!({}));
}

/// As with `flytectl get --attrFile` and `update` with another project in the file.
#[tokio::test]
async fn a_record_that_somebody_copied_elsewhere_is_theirs() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let copy = flyte.records().await[VISION].clone();
    for place in ["forecasting/development", "vision"] {
        flyte.put(place, copy.clone()).await;
    }
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert!(plan.is_empty(), "{:?}", plan.changes);
    let told: Vec<_> = plan.notes.iter().filter(|note| note.message.contains("copied")).collect();
    assert_eq!(told.len(), 2, "{:?}", plan.notes);
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.records().await, json!({ "forecasting/development": copy, "vision": copy }));
    // Where it is wanted afterwards, it becomes the stack's.
    flyte.put(VISION, copy.clone()).await;
    flyte.put(FORECASTING, copy).await;
    assert!(Run::of(&flyte).apply().await.is_success());
    assert!(Run::of(&flyte).revoke().await.is_success());
    let left = flyte.records().await;
    assert!(left[VISION].is_null() && left[FORECASTING].is_null(), "{left}");
}

#[tokio::test]
async fn somebody_else_s_value_is_never_overwritten_unless_it_is_the_same() {
    let flyte = Deployment::start().await;
    flyte.put(VISION, json!({ KEY: OTHER, "more": "1" })).await;
    let refused = Run::of(&flyte).plan().await.expect_err("theirs");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(refused.to_string().contains("role/other` already"), "{refused}");
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ KEY: OTHER, "more": "1" }));
    // Another stack's is somebody else's as well, and it says whose.
    flyte.put(VISION, json!({})).await;
    let theirs = Run { stack: "others", value: OTHER, projects: &["vision"], ..Run::of(&flyte) };
    assert!(theirs.apply().await.is_success());
    let refused = Run::of(&flyte).plan().await.expect_err("another stack's");
    assert!(refused.to_string().contains("by another stack (`cloudgrant.others."), "{refused}");
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.record(VISION).await, json!({ KEY: OTHER }));
    // As a handoff had it done.
    flyte.put(VISION, json!({ KEY: ROLE })).await;
    let plan = Run::of(&flyte).plan().await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("from now on it is this stack's")), "{:?}", plan.notes);
    assert!(Run::of(&flyte).apply().await.is_success());
    assert!(Run::of(&flyte).revoke().await.is_success());
    assert_eq!(flyte.records().await, json!({}));
}

#[tokio::test]
async fn what_changed_since_the_plan_was_made_is_not_overwritten() {
    let flyte = Deployment::start().await;
    Run::of(&flyte).apply().await;
    let run = Run { value: OTHER, ..Run::of(&flyte) };
    let engine = run.engine();
    let plan = engine.plan(&Silent).await.expect("a plan").approve(Approval::InAdvance);
    let third = "arn:aws:iam::111122223333:role/third";
    flyte.add(VISION, json!({ KEY: third })).await;
    let report = carry_out(&engine, plan).await;
    assert!(!report.is_success(), "{report:?}");
    assert_eq!(flyte.record(VISION).await, json!({ KEY: third }));
    assert_eq!(flyte.record(FORECASTING).await, json!({ KEY: OTHER }));
}

/// Flyte admin's deletion takes what is below along, and one without a type in its body takes somebody's limits.
#[tokio::test]
async fn a_revoke_deletes_nothing_below_and_nothing_of_another_type() {
    let flyte = Deployment::start().await;
    for name in [VISION, FORECASTING] {
        flyte.put_limits(name).await;
    }
    flyte.put("vision/production/train.main", json!({ "a": "b" })).await;
    let limits = flyte.records_of("TASK_RESOURCE").await;
    assert_eq!(limits.as_object().map(serde_json::Map::len), Some(2));
    Run::of(&flyte).apply().await;
    let report = Run::of(&flyte).revoke().await;
    assert!(report.is_success(), "{report:?}");
    let remarks: Vec<_> = report.applied.iter().flat_map(|applied| &applied.outcome.remarks).collect();
    assert!(remarks.iter().any(|remark| remark.contains("workflow train.main")), "{remarks:?}");
    assert_eq!(flyte.records().await, json!({ VISION: {}, "vision/production/train.main": { "a": "b" } }));
    assert_eq!(flyte.records_of("TASK_RESOURCE").await, limits);
    assert_eq!(flyte.synced("vision-production").await, DEFAULT);
    assert!(Run::of_nothing(&flyte).plan().await.expect("a plan").is_empty());
}
