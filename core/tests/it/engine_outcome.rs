//! What comes of an apply: failures, interruptions, a world that changed, a world that lags.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cloudgrant_core::{Approval, Cancel, ErrorKind, Event, Object, ObjectId, Settings, Silent, Summary};

use crate::fake::{Fake, Listen, Step, apply, apply_with, engine, found, id, names, object};

#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let all = vec![
        object("bad", &[]),
        object("child", &["bad"]),
        object("grandchild", &["child"]),
        object("x", &[]),
        object("y", &["x"]),
    ];
    let fake = Arc::new(Fake::wanting(all).acting(|change, _| match change.id.name.as_str() {
        "bad" => Step::Fail(ErrorKind::Quota, Duration::ZERO),
        _ => Step::Make(Duration::from_secs(1)),
    }));
    let report = apply(&fake).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["x", "y"]);
    assert_eq!(names(&report.remaining), ["child", "grandchild"]);
    assert_eq!(report.summary(), Summary { create: 2, ..Summary::default() });
    assert!(!report.is_complete() && !report.is_success() && !report.cancelled);
    // Core says what the provider can't know.
    assert_eq!(report.failed[0].error.to_string(), "try 1; object: thing bad; for: grant all");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_stops_everything_that_has_not_begun() {
    for kind in [ErrorKind::AccessDenied, ErrorKind::Credentials, ErrorKind::WrongAccount] {
        let all = (0..6).map(|at| object(&at.to_string(), &[])).collect();
        let fake = Arc::new(Fake::wanting(all).acting(move |change, _| match change.id.name.as_str() {
            "0" => Step::Fail(kind, Duration::from_millis(100)),
            _ => Step::Make(Duration::from_secs(1)),
        }));
        let settings = Settings { concurrency: 2, ..Settings::default() };
        let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
        assert_eq!((report.failed.len(), report.applied.len(), report.remaining.len()), (1, 1, 4), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_stops_its_own_kind_alone() {
    let other = |name: &str| Object { id: ObjectId::new("other", name), ..object(name, &[]) };
    let all = vec![object("0", &[]), object("1", &[]), object("2", &[]), other("x"), other("y")];
    let fake = Arc::new(Fake::wanting(all).acting(|change, _| match change.id.kind {
        "thing" => Step::Fail(ErrorKind::AccessDenied, Duration::from_millis(100)),
        _ => Step::Make(Duration::from_secs(1)),
    }));
    let settings = Settings { concurrency: 1, ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["x", "y"]);
    assert_eq!((report.failed.len(), names(&report.remaining)), (1, vec!["1", "2"]));
}

#[tokio::test(start_paused = true)]
async fn what_may_be_taken_away_goes_though_other_things_may_not() {
    let fake = Fake::wanting(Vec::new()).having(&[("0", &[]), ("1", &[]), ("2", &[]), ("3", &[])]);
    let fake = Arc::new(fake.acting(|change, _| match change.id.name.as_str() {
        "0" | "2" => Step::Fail(ErrorKind::AccessDenied, Duration::from_millis(100)),
        _ => Step::Make(Duration::from_secs(1)),
    }));
    let settings = Settings { concurrency: 1, ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["3", "1"]);
    assert_eq!((report.failed.len(), report.remaining.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_before_what_is_to_replace_it_is_there() {
    let fake = Fake::wanting(vec![object("new", &[])]).having(&[("old", &[])]);
    let fake = Arc::new(fake.acting(|_, _| Step::Fail(ErrorKind::AccessDenied, Duration::ZERO)));
    let report = apply(&fake).await;
    assert_eq!((report.failed.len(), names(&report.remaining)), (1, vec!["old"]));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_finishes_what_is_under_way() {
    let all = (0..6).map(|at| object(&at.to_string(), &[])).collect();
    let fake = Fake::wanting(all).having(&[("old", &[])]);
    let fake = Arc::new(fake.acting(|change, _| match change.id.name.as_str() {
        "0" => Step::Make(Duration::from_secs(1)),
        _ => Step::Make(Duration::from_secs(5)),
    }));
    let cancel = Cancel::default();
    let watch = Listen(|event: Event<'_>| {
        if matches!(event, Event::Done(..)) {
            cancel.cancel();
        }
    });
    let settings = Settings { concurrency: 2, ..Settings::default() };
    let report = apply_with(&fake, settings, &watch, &cancel).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["0", "1"]);
    assert_eq!(names(&report.remaining), ["2", "3", "4", "5", "old"]);
    assert!(report.cancelled && report.failed.is_empty());
    assert_eq!(report.elapsed, Duration::from_secs(5));

    // Run again, it is finished.
    assert!(apply(&fake).await.is_success());
    assert_eq!(fake.world.lock().expect("lock").len(), 6);
    assert_eq!(fake.tries("0"), 1);
}

#[tokio::test(start_paused = true)]
async fn cancelled_can_be_waited_for() {
    let cancel = Cancel::default();
    let waiting = cancel.clone();
    let waiter = tokio::spawn(async move { waiting.cancelled().await });
    tokio::task::yield_now().await;
    assert!(!waiter.is_finished());
    cancel.cancel();
    waiter.await.expect("woken");
    assert!(cancel.is_cancelled());
    cancel.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_no_longer_fits_is_refused() {
    let fake = Arc::new(Fake::wanting(vec![object("a", &[]), object("b", &[])]));
    let engine = engine(&fake, Settings::default());
    let plan = engine.plan(&Silent).await.expect("a plan");
    let theirs = cloudgrant_core::Found { attributes: object("b", &[]).attributes, ..found(&[]) };
    fake.world.lock().expect("lock").insert(id("b"), theirs);
    let error = engine.apply(plan.approve(Approval::Person), &Silent, &Cancel::default()).await.expect_err("stale");
    assert_eq!(error.kind(), ErrorKind::PlanStale);
    assert!(error.to_string().contains("object: thing b"), "{error}");
    assert!(fake.log().is_empty(), "something was applied: {:?}", fake.log());
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_approved_in_advance_is_applied_without_another_look() {
    // By whom the plan is approved, how old it is, whether another engine made it: how often the cloud is looked at while
    // it is applied, of which once is afterwards.
    for (approval, age, another, looks) in [
        (Approval::InAdvance, 1, false, 1),
        (Approval::InAdvance, 11, false, 2),
        (Approval::InAdvance, 1, true, 2),
        (Approval::Person, 1, false, 2),
    ] {
        let fake = Arc::new(Fake::wanting(vec![object("a", &[])]));
        let plans = engine(&fake, Settings::default());
        let plan = plans.plan(&Silent).await.expect("a plan");
        let applies = if another { engine(&fake, Settings::default()) } else { plans };
        tokio::time::sleep(Duration::from_secs(age)).await;
        let before = fake.questions.load(Ordering::SeqCst);
        let report = applies.apply(plan.approve(approval), &Silent, &Cancel::default()).await.expect("a report");
        assert!(report.is_success(), "{report:?}");
        // Each look is two questions: what should be there, and what is.
        let asked = fake.questions.load(Ordering::SeqCst) - before;
        assert_eq!(asked, looks * 2, "{approval:?} after {age} s, by another: {another}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_world_that_lags_is_waited_for() {
    let fake = Arc::new(Fake::wanting(vec![object("a", &[])]).lagging(4));
    let report = apply(&fake).await;
    assert!(report.is_success() && report.unverified.is_empty(), "{report:?}");
    assert!(report.elapsed > Duration::from_secs(1), "it waited: {:?}", report.elapsed);
}

#[tokio::test(start_paused = true)]
async fn what_never_shows_is_unverified() {
    let all = vec![object("a", &[]), object("b", &[])];
    let fake = Arc::new(Fake::wanting(all).acting(|change, _| match change.id.name.as_str() {
        "a" => Step::Pretend,
        _ => Step::Make(Duration::ZERO),
    }));
    let settings = Settings { settle: Duration::from_secs(20), ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    assert_eq!(names(&report.unverified), ["a"]);
    assert!(report.is_complete() && !report.is_success());
    assert!(report.elapsed <= Duration::from_secs(20) && report.elapsed >= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn nothing_to_do_is_done_without_a_change_or_a_second_look() {
    let fake = Arc::new(Fake::wanting(vec![object("a", &[])]));
    apply(&fake).await;
    let before = fake.log().len();
    let report = apply(&fake).await;
    assert!(report.is_success());
    assert_eq!((report.unchanged, report.summary().create, fake.log().len()), (1, 0, before));
    // The plan has looked, and that is all.
    assert_eq!(report.requests, Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_report_survives_when_nobody_can_look_again() {
    let fake = Arc::new(Fake::wanting(vec![object("x", &[])]));
    let watching = fake.clone();
    let watch = Listen(move |event: Event<'_>| {
        if matches!(event, Event::Done(..)) {
            watching.unanswered.store(u32::MAX, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let report = apply_with(&fake, Settings::default(), &watch, &Cancel::default()).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["x"]);
    assert!(report.is_complete() && !report.is_success());
    assert_eq!(report.unseen.map(|error| error.kind()), Some(ErrorKind::Throttled));
}
