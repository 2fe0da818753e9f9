//! Annotations come, stay as they are, and go, and nothing of others does.

use cloudgrant_core::{Action, Approval, ErrorKind, Silent};
use serde_json::json;

use crate::cluster::{Cluster, KEY};
use crate::stack::{Run, Runs as _, carry_out};

const VISION: &str = "vision-production";

/// Both have it, and each may give it up. That it stays then is known before.
#[tokio::test]
async fn a_value_that_another_manager_has_as_well_is_shared_and_stays_with_that_one() {
    let cluster = Cluster::start().await;
    cluster.apply(VISION, "helm", json!({ KEY: "client-1" })).await;
    let run = Run { projects: &["vision"], ..Run::of(&cluster) };
    assert!(run.apply().await.is_success());
    assert!(run.plan().await.expect("a plan").is_empty());
    for engine in [run.engine_of_revoke(), Run::of_nothing(&cluster).engine()] {
        let plan = engine.plan(&Silent).await.expect("a plan");
        let [stays] = plan.stays.as_slice() else { panic!("{:?}", plan.stays) };
        assert_eq!(stays.object.name, "vision-production/default");
        assert!(stays.reason.contains("`helm` has it as well"), "{}", stays.reason);
        assert_eq!(plan.changes.iter().map(|change| change.action).collect::<Vec<_>>(), [Action::Delete]);
    }
    let report = run.revoke().await;
    assert!(report.is_success(), "{report:?}");
    let remarks = &report.applied[0].outcome.remarks;
    assert!(remarks[0].contains("stays: it is also managed by `helm`"), "{remarks:?}");
    assert_eq!(cluster.annotations(VISION).await, json!({ KEY: "client-1" }));
    assert_eq!(cluster.managers(VISION).await, ["helm"]);
}

/// A hand that writes the value that is there has nothing of it by that: it goes with what the stack gives up.
#[tokio::test]
async fn who_writes_the_same_value_without_applying_it_has_no_part_in_it() {
    let cluster = Cluster::start().await;
    let run = Run { projects: &["vision"], ..Run::of(&cluster) };
    assert!(run.apply().await.is_success());
    cluster.annotate(VISION, json!({ KEY: "client-1" })).await;
    let plan = run.engine_of_revoke().plan(&Silent).await.expect("a plan");
    assert!(plan.stays.is_empty(), "{:?}", plan.stays);
    assert!(run.revoke().await.is_success());
    assert_eq!(cluster.annotations(VISION).await, json!({}));
}

#[tokio::test]
async fn an_account_that_is_not_there_is_made_and_stays() {
    let cluster = Cluster::start().await;
    cluster.delete(VISION).await;
    let run = Run { projects: &["vision"], ..Run::of(&cluster) };
    let plan = run.plan().await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("it is made, and stays")), "{:?}", plan.notes);
    assert!(run.apply().await.is_success());
    assert_eq!(cluster.annotations(VISION).await, json!({ KEY: "client-1" }));
    assert!(run.revoke().await.is_success());
    assert_eq!(cluster.annotations(VISION).await, json!({}));
}

/// Somebody else's new account of the same name is none that the plan was about.
#[tokio::test]
async fn an_account_that_was_made_anew_since_the_plan_is_not_annotated() {
    let cluster = Cluster::start().await;
    let run = Run { projects: &["vision"], ..Run::of(&cluster) };
    for is_made_anew in [true, false] {
        let engine = run.engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        cluster.delete(VISION).await;
        if is_made_anew {
            cluster.create(VISION).await;
        }
        let report = carry_out(&engine, plan.approve(Approval::InAdvance)).await;
        let [failed] = report.failed.as_slice() else { panic!("{report:?}") };
        assert_eq!(failed.error.kind(), ErrorKind::PlanStale, "{}", failed.error);
        let there = cluster.account(VISION).await;
        assert_eq!(there.is_some(), is_made_anew);
        assert!(there.is_none_or(|account| account.metadata.annotations.is_none()));
    }
}

/// What was the stack's went with the account; an account that is gone isn't made for giving it up.
#[tokio::test]
async fn an_account_that_went_since_the_plan_has_nothing_to_give_up() {
    let cluster = Cluster::start().await;
    for is_made_anew in [true, false] {
        let run = Run { projects: &["vision"], ..Run::of(&cluster) };
        assert!(run.apply().await.is_success());
        let engine = Run::of_nothing(&cluster).engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        cluster.delete(VISION).await;
        if is_made_anew {
            cluster.create(VISION).await;
        }
        let report = carry_out(&engine, plan.approve(Approval::InAdvance)).await;
        assert!(report.is_success(), "{report:?}");
        assert_eq!(cluster.account(VISION).await.is_some(), is_made_anew);
    }
}

#[tokio::test]
async fn a_cluster_that_throttles_fails_and_cuts_is_asked_again() {
    let cluster = Cluster::start_with("throttle=0.2,errors=0.1,drop=0.2,seed=7", &[]).await;
    let report = Run::of(&cluster).apply().await;
    assert!(report.is_success(), "{report:?}");
    let report = Run::of(&cluster).revoke().await;
    assert!(report.is_success(), "{report:?}");
}
