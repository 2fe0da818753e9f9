//! A plan that is only shown says beside it what an apply would be refused for.

use std::sync::Arc;

use cloudgrant_core::{
    Action, Approval, Cancel, Engine, Error, ErrorKind, Found, Limit, Plan, Settings, Silent, Stack,
};

use crate::fake::{Fake, flyte, found, granting, id, object_for};

const WHY: &str = "the caller may not make it";

/// A thing that is there, and one that is to be made.
fn half() -> Fake {
    let fake = Fake::wanting(["there", "new"].map(|name| object_for(name, &[name])).to_vec());
    let there = object_for("there", &["there"]).attributes;
    fake.world.lock().expect("lock").insert(id("there"), Found { attributes: there, ..found(&[]) });
    fake
}

fn engine(fake: Fake) -> Engine {
    let stack = Stack::parse("acme").expect("stack");
    Engine::new("fake", Arc::new(fake), flyte(), stack, granting(&["there", "new"]), Settings::default())
}

async fn shown(fake: Fake) -> Plan {
    engine(fake).only_showing().plan(&Silent).await.expect("a plan")
}

/// Refuses what can't be made of these.
fn without(objects: &[&'static str], is_of_caller: bool) -> Fake {
    let mut fake = half();
    fake.unmakeable = vec![(&[Action::Create], objects.to_vec(), WHY)];
    fake.is_of_caller = is_of_caller;
    fake
}

fn told(error: &Error) -> String {
    format!("{error:?}")
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_made_is_planned_and_told() {
    for is_of_caller in [true, false] {
        let fake = || without(&["new"], is_of_caller);
        let plan = shown(fake()).await;
        assert_eq!(plan.changes, shown(half()).await.changes);
        let refusal = plan.refusal.clone().expect("an apply would be refused");
        assert_eq!(refusal.is_of_caller(), is_of_caller);
        let error = engine(fake()).plan(&Silent).await.expect_err("an apply is refused");
        assert_eq!(told(refusal.error()), told(&error));
        // Whoever kept the plan can't carry it out either, not even where all could be made by now.
        for approval in [Approval::InAdvance, Approval::Person] {
            let applied = engine(half()).apply(plan.clone().approve(approval), &Silent, &Cancel::default()).await;
            assert_eq!(told(&applied.expect_err("it has a refusal")), told(&error));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_need_not_be_made() {
    let plan = engine(without(&["there"], false)).plan(&Silent).await.expect("nothing of it is to be made");
    assert_eq!(plan.changes.len(), 1);
    assert!(shown(without(&["there"], false)).await.refusal.is_none());
    // To change it takes what isn't there.
    let changed = without(&["there"], false);
    changed.world.lock().expect("lock").insert(id("there"), found(&[]));
    assert_eq!(engine(changed).plan(&Silent).await.expect_err("it differs").message(), WHY);
}

/// What keeps anybody from it is told beside what only keeps the caller from it, and counts.
#[tokio::test(start_paused = true)]
async fn a_limit_is_told_beside_the_plan() {
    let (what, hint) = ("things in all".to_owned(), "grant less".to_owned());
    let limits = vec![Limit { what, quota: 1, needed: 2, hint, objects: [id("new")].into() }];
    let mut fake = without(&["new"], true);
    fake.limits = limits;
    let plan = shown(fake).await;
    let refusal = plan.refusal.expect("too much");
    assert!(!refusal.is_of_caller());
    assert_eq!((refusal.error().kind(), refusal.error().problems().len()), (ErrorKind::AccessDenied, 2));
    assert_eq!(plan.changes.len(), 1);
}
