//! What happens in any cluster: that of a sandbox, or a real one (see `any_cluster.rs`).

use cloudgrant_core::{Action, Approval, Attributes, ErrorKind, Plan, Result, Silent};
use serde_json::json;

use crate::any_cluster::{AnyCluster, AnyRun};
use crate::cluster::KEY;
use crate::stack::{Runs as _, carry_out};

/// What a plan was refused for, without what only this test's names begin with.
fn refusal(cluster: &AnyCluster, plan: Result<Plan>) -> (ErrorKind, String) {
    let error = plan.expect_err("a refusal");
    (error.kind(), cluster.plain(&format!("{error:?}")))
}

/// Both have it, and each may give it up. That it stays then is known before.
#[tokio::test]
async fn a_value_that_another_manager_has_as_well_is_shared_and_stays_with_that_one() {
    let cluster = AnyCluster::start().await;
    cluster.apply("vision", "helm", json!({ KEY: "client-1" })).await;
    let run = AnyRun::of(&cluster, &["vision"]);
    assert!(run.apply().await.is_success());
    assert!(run.plan().await.expect("a plan").is_empty());
    for engine in [run.engine_of_revoke(), AnyRun::of(&cluster, &[]).engine()] {
        let plan = engine.plan(&Silent).await.expect("a plan");
        let [stays] = plan.stays.as_slice() else { panic!("{:?}", plan.stays) };
        assert_eq!(cluster.plain(&stays.object.name), "vision-production/tasks");
        assert!(stays.reason.contains("`helm` has it as well"), "{}", stays.reason);
        assert_eq!(plan.changes.iter().map(|change| change.action).collect::<Vec<_>>(), [Action::Delete]);
    }
    let report = run.revoke().await;
    assert!(report.is_success(), "{report:?}");
    let remarks = &report.applied[0].outcome.remarks;
    assert!(remarks[0].contains("stays: it is also managed by `helm`"), "{remarks:?}");
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "client-1" }));
    assert_eq!(cluster.managers("vision").await, ["helm"]);
}

/// A hand that writes the value that is there has nothing of it by that: it goes with what the stack gives up.
#[tokio::test]
async fn who_writes_the_same_value_without_applying_it_has_no_part_in_it() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    assert!(run.apply().await.is_success());
    cluster.annotate("vision", json!({ KEY: "client-1" })).await;
    let plan = run.engine_of_revoke().plan(&Silent).await.expect("a plan");
    assert!(plan.stays.is_empty(), "{:?}", plan.stays);
    assert!(run.revoke().await.is_success());
    assert_eq!(cluster.annotations("vision").await, json!({}));
}

#[tokio::test]
async fn an_account_that_is_not_there_is_made_and_stays() {
    let cluster = AnyCluster::start().await;
    cluster.delete("vision").await;
    let run = AnyRun::of(&cluster, &["vision"]);
    let plan = run.plan().await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("it is made, and stays")), "{:?}", plan.notes);
    assert!(run.apply().await.is_success());
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "client-1" }));
    assert!(run.revoke().await.is_success());
    assert_eq!(cluster.annotations("vision").await, json!({}));
}

/// Somebody else's new account of the same name is none that the plan was about.
#[tokio::test]
async fn an_account_that_was_made_anew_since_the_plan_is_not_annotated() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    for is_made_anew in [true, false] {
        let engine = run.engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        cluster.delete("vision").await;
        if is_made_anew {
            cluster.create("vision").await;
        }
        let report = carry_out(&engine, plan.approve(Approval::InAdvance)).await;
        let [failed] = report.failed.as_slice() else { panic!("{report:?}") };
        assert_eq!(failed.error.kind(), ErrorKind::PlanStale, "{}", failed.error);
        let there = cluster.account("vision").await;
        assert_eq!(there.is_some(), is_made_anew);
        assert!(there.is_none_or(|account| account.metadata.annotations.is_none()));
    }
}

/// What was the stack's went with the account; an account that is gone isn't made for giving it up.
#[tokio::test]
async fn an_account_that_went_since_the_plan_has_nothing_to_give_up() {
    let cluster = AnyCluster::start().await;
    for is_made_anew in [true, false] {
        let run = AnyRun::of(&cluster, &["vision"]);
        assert!(run.apply().await.is_success());
        let engine = AnyRun::of(&cluster, &[]).engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        cluster.delete("vision").await;
        if is_made_anew {
            cluster.create("vision").await;
        }
        let report = carry_out(&engine, plan.approve(Approval::InAdvance)).await;
        assert!(report.is_success(), "{report:?}");
        assert_eq!(cluster.account("vision").await.is_some(), is_made_anew);
    }
}

#[tokio::test]
async fn another_manager_s_value_is_a_conflict_that_names_it() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    // Before anybody applied, nobody is written down.
    cluster.annotate("vision", json!({ KEY: "of-a-hand" })).await;
    let (kind, said) = refusal(&cluster, run.plan().await);
    assert!(
        kind == ErrorKind::Conflict && said.contains("`before-first-apply`, which is whoever set it by hand"),
        "{said}"
    );
    cluster.annotate("vision", json!({ KEY: null })).await;
    cluster.apply("vision", "helm", json!({ KEY: "of-helm" })).await;
    let (kind, said) = refusal(&cluster, run.plan().await);
    assert_eq!(kind, ErrorKind::Conflict);
    for part in [
        KEY,
        "service account vision-production/tasks",
        "`helm`",
        &format!("kubectl annotate serviceaccount tasks --namespace vision-production {KEY}-"),
    ] {
        assert!(said.contains(part), "`{part}` isn't in `{said}`");
    }
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "of-helm" }));
}

/// It is no longer the stack's: whoever overwrites a field has it.
#[tokio::test]
async fn a_value_that_was_overwritten_is_drift_with_the_name_of_whoever_did_it() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    assert!(run.apply().await.is_success());
    cluster.annotate("vision", json!({ KEY: "another" })).await;
    let (kind, said) = refusal(&cluster, run.plan().await);
    assert!(kind == ErrorKind::Conflict && said.contains("`kubectl-annotate`"), "{said}");
    let looked = run.engine().only_looking().plan(&Silent).await.expect("a look");
    assert!(looked.refusal.as_ref().is_some_and(|refusal| refusal.error().kind() == ErrorKind::Conflict));
    let [change] = looked.changes.as_slice() else { panic!("{looked:?}") };
    let tree = |attributes: &Option<Attributes>| attributes.as_ref().map(Attributes::value);
    assert_eq!(change.action, Action::Update);
    assert_eq!(tree(&change.before), Some(json!({ "annotations": { KEY: "another" } })));
    assert_eq!(tree(&change.after), Some(json!({ "annotations": { KEY: "client-1" } })));
    assert!(looked.has_drift());
    // Whoever only takes away leaves it alone.
    let report = run.revoke().await;
    assert!(report.is_success() && report.applied.is_empty(), "{report:?}");
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "another" }));
}

/// Pods of an account go on running under what somebody else wrote there, which a revoke doesn't touch.
#[tokio::test]
async fn whoever_takes_everything_away_is_told_what_others_wrote_over_it() {
    const ROLE: &str = "eks.amazonaws.com/role-arn";
    const CLIENT: &str = "azure.workload.identity/client-id";
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    assert!(run.apply().await.is_success());
    cluster.annotate("vision", json!({ KEY: "another", ROLE: "arn:another", CLIENT: "client-2" })).await;
    let plan = run.engine_of_revoke().plan(&Silent).await.expect("a plan");
    let [of_azure, of_aws] = plan.notes.as_slice() else { panic!("{:?}", plan.notes) };
    for (note, key, value) in [(of_aws, ROLE, "(arn:another)"), (of_azure, CLIENT, "(client-2)")] {
        let and_not_ours = format!("{value}, and not from this stack");
        for part in [key, &and_not_ours, "its pods run under that", "kubectl annotate"] {
            assert!(note.message.contains(part), "`{part}` isn't in `{}`", note.message);
        }
    }
    assert!(run.revoke().await.applied.is_empty());
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "another", ROLE: "arn:another", CLIENT: "client-2" }));
}

/// As when Helm comes in between.
#[tokio::test]
async fn a_conflict_that_comes_after_the_plan_names_the_manager_too() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision"]);
    let engine = run.engine();
    let plan = engine.plan(&Silent).await.expect("a plan");
    cluster.apply("vision", "helm", json!({ KEY: "of-helm" })).await;
    let report = carry_out(&engine, plan.approve(Approval::InAdvance)).await;
    let [failed] = report.failed.as_slice() else { panic!("{report:?}") };
    assert_eq!(failed.error.kind(), ErrorKind::Conflict);
    assert!(failed.error.message().contains("`helm`"), "{}", failed.error);
    assert_eq!(cluster.annotations("vision").await, json!({ KEY: "of-helm" }));
}

#[tokio::test]
async fn another_cluster_than_the_manifest_s_is_refused_by_name() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["forecasting", "vision"]);
    assert!(run.apply().await.is_success());
    let before = cluster.versions().await;
    let elsewhere = AnyRun { issuers: vec!["https://oidc.example/id/TWO".to_owned()], ..run };
    let (kind, said) = refusal(&cluster, elsewhere.plan().await);
    assert_eq!(kind, ErrorKind::WrongAccount);
    let issuer = &cluster.issuer;
    assert!(said.contains(&format!("its issuer is `{issuer}`, and not `https://oidc.example/id/TWO`")), "{said}");
    // Who takes everything away doesn't want it of another cluster either.
    let all = elsewhere.engine_of_revoke();
    assert_eq!(refusal(&cluster, all.plan(&Silent).await).0, ErrorKind::WrongAccount);
    let (kind, said) = refusal(&cluster, AnyRun { issuers: Vec::new(), ..elsewhere }.plan().await);
    assert!(kind == ErrorKind::Manifest && said.contains("name the cluster's issuer"), "{said}");
    assert_eq!(cluster.versions().await, before);
}

#[tokio::test]
async fn an_issuer_counts_as_aws_has_it_and_other_clusters_are_told() {
    let cluster = AnyCluster::start().await;
    // AWS has it without the scheme.
    let issuer = cluster.issuer.trim_start_matches("https://").to_owned();
    let issuers = vec![issuer, "oidc.example/id/TWO".to_owned()];
    let both = AnyRun { issuers, ..AnyRun::of(&cluster, &["forecasting", "vision"]) };
    let plan = both.plan().await.expect("a plan");
    let [unsearched] = plan.unsearched.as_slice() else { panic!("{plan:?}") };
    assert!(unsearched.place.contains("oidc.example/id/TWO"), "{unsearched:?}");
}

#[tokio::test]
async fn a_namespace_that_is_missing_is_told_and_keeps_nobody_from_taking_away() {
    let cluster = AnyCluster::start().await;
    let run = AnyRun::of(&cluster, &["vision", "unknown"]);
    let (kind, said) = refusal(&cluster, run.plan().await);
    assert_eq!(kind, ErrorKind::NotFound);
    assert!(said.contains("the namespace unknown-production isn't there"), "{said}");
    assert!(said.contains("kubectl create namespace unknown-production"), "{said}");
    cluster.create_namespace("unknown").await;
    assert!(run.apply().await.is_success());
}
