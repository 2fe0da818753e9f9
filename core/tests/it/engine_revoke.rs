//! Whoever only takes away goes past what can't be made, and nothing is lost for that.

use std::sync::Arc;
use std::time::Duration;

use cloudgrant_core::{
    Action, Approval, Cancel, Engine, Error, ErrorKind, Found, GrantName, IntentId, Limit, Plan, Result, Settings,
    Silent, Stack,
};

use crate::fake::{Fake, Step, flyte, found, granting, granting_stores, id, names, object_for};

const ALL: [&str; 3] = ["gone", "stays", "pending"];
const WHY: &str = "the issuer isn't there";
const WRITES: &[Action] = &[Action::Create, Action::Update];

/// What is there, each as it is wanted for some grants.
fn having(fake: Fake, things: &[(&str, &[&str])]) -> Fake {
    for (name, grants) in things {
        let thing = Found { attributes: object_for(name, grants).attributes, ..found(&[]) };
        fake.world.lock().expect("lock").insert(id(name), thing);
    }
    fake
}

/// A thing of each of three grants, the last of which nobody has applied yet, and one that two of them share.
fn applied() -> Fake {
    let of_one = ["gone", "stays", "pending"].map(|name| object_for(name, &[name]));
    let fake = Fake::wanting(of_one.into_iter().chain([object_for("shared", &["gone", "stays"])]).collect());
    having(fake, &[("gone", &["gone"]), ("stays", &["stays"]), ("shared", &["gone", "stays"])])
}

fn engine(fake: Fake, grants: &[&str]) -> Engine {
    let stack = Stack::parse("acme").expect("stack");
    Engine::new("fake", Arc::new(fake), flyte(), stack, granting(grants), Settings::default())
}

async fn plan(fake: Fake) -> Result<Plan> {
    engine(fake, &ALL).plan(&Silent).await
}

/// Plans to take `gone` away, and leaves the other two.
async fn revoke(fake: Fake) -> Result<Plan> {
    engine(fake, &ALL[1..]).taking_away_from(granting(&ALL)).plan(&Silent).await
}

fn actions(plan: &Plan) -> Vec<(Action, &str)> {
    plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect()
}

fn facts(error: &Error) -> Vec<(&str, &str)> {
    error.context().iter().map(|(key, value)| (*key, value.as_str())).collect()
}

/// What stays has its access from something that goes, until something new gives it that.
fn exchange() -> Fake {
    let mut fake = Fake::wanting(vec![object_for("old", &["gone"]), object_for("new", &["stays"])]);
    fake.replaces = [(id("new"), vec![id("old")])].into();
    having(fake, &[("old", &["gone"])])
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_whose_place_can_not_be_taken() {
    let mut fake = exchange();
    fake.unmakeable = vec![(&[Action::Create], vec!["new"], WHY)];
    let error = revoke(fake).await.expect_err("what stays would lose what it has");
    assert_eq!(error.message(), WHY);
    assert_eq!(facts(&error), [("object", "thing new"), ("for", "grant stays")]);
    assert_eq!(actions(&revoke(exchange()).await.expect("a plan")), [(Action::Create, "new"), (Action::Delete, "old")]);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_made_refuses_an_apply_and_no_revoke() {
    let fake = || {
        let mut fake = applied();
        fake.unmakeable = vec![(&[Action::Create], vec!["pending", "stays", "shared", "elsewhere"], WHY)];
        fake
    };
    let error = plan(fake()).await.expect_err("it can't be made");
    // Once for all that it concerns.
    assert_eq!((error.message(), error.problems().len()), (WHY, 0));
    assert_eq!(facts(&error), [("for", "grant pending")], "the others are there");
    // What is there is narrowed, and what goes goes.
    let left = revoke(fake()).await.expect("a plan");
    assert_eq!(actions(&left), [(Action::Update, "shared"), (Action::Delete, "gone")]);
    assert_eq!(left.changes, revoke(applied()).await.expect("a plan").changes);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_changed_refuses_a_revoke_that_has_to_change_it() {
    let with = |objects: &[&'static str]| {
        let mut fake = applied();
        fake.unmakeable = vec![(WRITES, objects.to_vec(), WHY)];
        fake
    };
    assert_eq!(revoke(with(&["stays", "pending", "gone"])).await.expect("a plan").changes.len(), 2);
    let error = revoke(with(&["pending", "shared"])).await.expect_err("it has to change");
    assert_eq!((error.message(), error.kind()), (WHY, ErrorKind::AccessDenied));
    assert_eq!(facts(&error), [("object", "thing shared"), ("for", "grant gone")]);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_deleted_refuses_a_revoke_that_would_do_nothing_else() {
    let with = |objects: &[&'static str]| {
        let mut fake = applied();
        fake.unmakeable = vec![(&[Action::Delete], objects.to_vec(), WHY)];
        fake
    };
    // An apply takes away what it can.
    assert!(plan(with(&["gone", "stays"])).await.is_ok());
    let plan = revoke(with(&["gone", "stays"])).await.expect("the rest goes");
    assert_eq!((plan.changes.len(), plan.undeletable), (2, [id("gone")].into()), "what stays is not deleted");
    let all = engine(with(&["gone", "elsewhere"]), &[]).searching_everywhere(granting(&ALL)).plan(&Silent).await;
    assert_eq!(all.expect("a plan").undeletable, [id("gone")].into());
    // Nor does what it needs go before it.
    for needs in [&[][..], &["under"]] {
        let alone = Fake::wanting(vec![object_for("gone", &["gone"]), object_for("under", &["gone"])]);
        let mut alone = having(alone, &[("gone", &["gone"])]);
        alone.world.lock().expect("lock").extend(needs.iter().map(|name| (id(name), found(&[]))));
        alone.world.lock().expect("lock").insert(id("gone"), found(needs));
        alone.unmakeable = vec![(&[Action::Delete], vec!["gone"], WHY)];
        let error = revoke(alone).await.expect_err("nothing goes");
        assert_eq!(facts(&error), [("object", "thing gone"), ("for", "grant gone")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_refuses_a_revoke_only_where_it_makes_something() {
    let with = |mut fake: Fake, objects: &[&str]| {
        let objects = objects.iter().map(|name| id(name)).collect();
        let (what, hint) = ("things in all".to_owned(), "grant less".to_owned());
        fake.limits = vec![Limit { what, quota: 2, needed: 3, hint, objects }];
        fake
    };
    let all = ["gone", "stays", "pending", "shared", "new"];
    assert_eq!(plan(with(applied(), &all)).await.expect_err("too much").kind(), ErrorKind::Quota);
    assert_eq!(revoke(with(applied(), &all)).await.expect("a plan").changes.len(), 2);
    let error = revoke(with(exchange(), &all)).await.expect_err("too much");
    assert_eq!((error.message(), error.hint_text()), ("things in all: 3 needed, 2 allowed", Some("grant less")));
    assert_eq!(facts(&error), [("object", "thing new"), ("for", "grant stays")]);
    assert!(revoke(with(exchange(), &["other"])).await.is_ok(), "another limit is no business of it");
}

/// What is revoked asks for nothing where it is gone; where the cloud fails, nobody knows what it asks for.
#[tokio::test(start_paused = true)]
async fn whatever_keeps_what_is_revoked_from_being_told_is_in_the_way_but_that_it_is_gone() {
    for kind in [ErrorKind::NotFound, ErrorKind::Manifest] {
        let mut fake = applied();
        fake.refusing = Some(("gone", kind));
        let plan = revoke(fake).await.expect("a plan");
        assert_eq!(actions(&plan), [(Action::Update, "shared"), (Action::Delete, "gone")]);
    }
    for kind in [ErrorKind::AccessDenied, ErrorKind::Unexpected, ErrorKind::Credentials] {
        let mut fake = applied();
        fake.refusing = Some(("gone", kind));
        let error = revoke(fake).await.expect_err("it fails");
        assert_eq!(error.kind(), kind);
    }
}

/// The manifest can't be planned with what is revoked: what somebody was asked for, for that, may be there, and is told.
#[tokio::test(start_paused = true)]
async fn what_somebody_may_have_been_asked_for_and_can_not_be_told_is_no_success() {
    let revoked = async |hands_off: bool, revoked: &[&str], stays: &[&str]| {
        let mut fake = applied();
        (fake.refusing, fake.is_refusing_always, fake.hands_off) =
            (Some(("gone", ErrorKind::NotFound)), true, hands_off);
        let stack = Stack::parse("acme").expect("stack");
        let intents = granting_stores(stays);
        let engine = Engine::new("fake", Arc::new(fake), flyte(), stack, intents, Settings::default());
        let all: Vec<_> = revoked.iter().chain(stays).copied().collect();
        engine.taking_away_from(granting_stores(&all)).plan(&Silent).await.expect("a plan")
    };
    let grant = |name: &str| IntentId::Grant(GrantName::parse(name).expect("a name"));
    let plan = revoked(true, &["gone"], &["stays"]).await;
    let place = "what somebody else was asked for, for grant gone";
    let told: Vec<_> = plan.unsearched.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(told, [place]);
    let reason = &plan.unsearched[0].reason;
    assert!(reason.starts_with("it can't be told: can't be told") && reason.contains("grant gone"), "{reason}");
    assert_eq!(plan.unsearched_for[place], [grant("gone")].into());
    // Of another one that is revoked with it, it is told.
    let plan = revoked(true, &["gone", "pending"], &["stays"]).await;
    assert_eq!(plan.unsearched_for.values().flatten().collect::<Vec<_>>(), [&grant("gone")]);
    // Where nobody is ever asked, nothing is missing.
    assert!(revoked(false, &["gone"], &["stays"]).await.unsearched.is_empty());
}

/// A lost write, and a deletion that somebody undid: what was approved is held against what is there.
#[tokio::test(start_paused = true)]
async fn what_a_revoke_did_not_bring_about_is_told() {
    for lost in ["shared", "gone", ""] {
        let fake = applied().acting(move |change, _| match change.id.name == lost {
            true => Step::Pretend,
            false => Step::Make(Duration::from_secs(1)),
        });
        let engine = engine(fake, &ALL[1..]).taking_away_from(granting(&ALL));
        let plan = engine.plan(&Silent).await.expect("a plan");
        let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
        let unverified = report.expect("a report").unverified;
        assert_eq!(names(&unverified), if lost.is_empty() { vec![] } else { vec![lost] });
    }
}
