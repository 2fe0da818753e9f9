//! What is made when, and how much at a time.

use std::sync::Arc;
use std::time::Duration;

use cloudgrant_core::{Cancel, ErrorKind, Settings, Silent};

use crate::fake::{Fake, Step, apply, apply_with, names, object};

#[tokio::test(start_paused = true)]
async fn each_change_waits_for_what_it_needs() {
    let fake =
        Arc::new(Fake::wanting(vec![object("c", &["b"]), object("b", &["a"]), object("a", &[]), object("x", &[])]));
    let report = apply(&fake).await;
    assert!(report.is_success());
    assert!(fake.at("-a") < fake.at("+b") && fake.at("-b") < fake.at("+c"), "{:?}", fake.log());
    assert!(fake.at("+x") < fake.at("-a"), "what needs nothing doesn't wait: {:?}", fake.log());
    assert_eq!(report.elapsed, Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn deletions_come_last_and_in_reverse() {
    let fake = Fake::wanting(vec![object("new", &[])]).having(&[("role", &[]), ("attachment", &["role"])]);
    let fake = Arc::new(fake);
    assert!(apply(&fake).await.is_success());
    assert_eq!(fake.log(), ["+new", "-new", "+attachment", "-attachment", "+role", "-role"]);
    assert_eq!(fake.world.lock().expect("lock").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_unless_everything_was_made() {
    let fake = Fake::wanting(vec![object("bad", &[]), object("good", &[])]).having(&[("old", &[])]);
    let fake = Arc::new(fake.acting(|change, _| match change.id.name.as_str() {
        "bad" => Step::Fail(ErrorKind::Unexpected, Duration::ZERO),
        _ => Step::Make(Duration::ZERO),
    }));
    let report = apply(&fake).await;
    assert_eq!(names(report.failed.iter().map(|failed| &failed.change)), ["bad"]);
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["good"]);
    assert_eq!(names(&report.remaining), ["old"]);
    assert_eq!(fake.tries("old"), 0);
}

#[tokio::test(start_paused = true)]
async fn as_much_at_a_time_as_allowed_and_no_more() {
    for (concurrency, most, seconds) in [(1, 1, 10), (3, 3, 4), (16, 10, 1), (0, 1, 10)] {
        let all = (0..10).map(|at| object(&at.to_string(), &[])).collect();
        let fake = Arc::new(Fake::wanting(all));
        let settings = Settings { concurrency, ..Settings::default() };
        let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
        assert!(report.is_success());
        assert_eq!((fake.most(), report.elapsed.as_secs()), (most, seconds), "concurrency {concurrency}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_change_holds_up_only_what_needs_it() {
    let fake = Fake::wanting(vec![
        object("slow", &[]),
        object("after-slow", &["slow"]),
        object("a", &[]),
        object("b", &["a"]),
    ]);
    let fake = Arc::new(
        fake.acting(|change, _| Step::Make(Duration::from_secs(if change.id.name == "slow" { 10 } else { 1 }))),
    );
    let report = apply(&fake).await;
    assert!(fake.at("-b") < fake.at("-slow"), "{:?}", fake.log());
    assert_eq!(report.elapsed, Duration::from_secs(11));
}
