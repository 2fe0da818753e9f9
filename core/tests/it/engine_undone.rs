//! What others undo by writing the same document at the same time, and interruptions in the middle of a wait.

use std::sync::Arc;
use std::time::Duration;

use cloudgrant_core::{Action, Cancel, ErrorKind, Event, Object, Ownership, Settings, Silent};

use crate::fake::{Fake, Listen, PRETENDED, Step, apply_with, names, object};

/// A part of something that others write too.
fn part(name: &str) -> Object {
    Object { ownership: Ownership::Fragment { of: "theirs".to_owned() }, ..object(name, &[]) }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_somebody_overwrote_is_made_again() {
    let all = vec![part("part"), object("whole", &[])];
    let fake = Arc::new(Fake::wanting(all).acting(|_, tries| match tries {
        1 => Step::Pretend,
        _ => Step::Make(Duration::ZERO),
    }));
    let settings = Settings { settle: Duration::from_secs(20), ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    // What is the stack's alone, nobody else writes: the cloud is waited for.
    assert_eq!((fake.tries("part"), fake.tries("whole")), (2, 1));
    assert_eq!(names(&report.unverified), ["whole"]);
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["part", "whole"], "each once");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_cannot_be_made_again_has_failed() {
    let fake = Arc::new(Fake::wanting(vec![part("part"), part("other")]).acting(|change, tries| {
        match (change.id.name.as_str(), tries) {
            ("part", 1) => Step::Pretend,
            ("part", _) => Step::Fail(ErrorKind::AccessDenied, Duration::ZERO),
            _ => Step::Make(Duration::ZERO),
        }
    }));
    let settings = Settings { settle: Duration::from_secs(20), ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    assert_eq!(names(report.applied.iter().map(|applied| &applied.change)), ["other"]);
    assert_eq!(names(report.failed.iter().map(|failed| &failed.change)), ["part"]);
    let error = &report.failed[0].error;
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(error.context().contains(&("earlier", PRETENDED.to_owned())), "{error:?}");
    assert!(report.unverified.is_empty(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_world_that_lags_is_not_written_twice_at_the_first_look() {
    let fake = Arc::new(Fake::wanting(vec![part("part")]).lagging(1));
    let report = apply_with(&fake, Settings::default(), &Silent, &Cancel::default()).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(fake.tries("part"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_somebody_undid_is_made_again() {
    let fake = Fake::wanting(Vec::new()).having(&[("old", &[])]);
    let fake = Arc::new(fake.acting(|change, tries| {
        assert_eq!(change.action, Action::Delete);
        if tries == 1 { Step::Pretend } else { Step::Make(Duration::ZERO) }
    }));
    let report = apply_with(&fake, Settings::default(), &Silent, &Cancel::default()).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(fake.tries("old"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_a_wait_that_has_begun() {
    let fake =
        Arc::new(Fake::wanting(vec![object("a", &[])]).acting(|_, _| Step::Fail(ErrorKind::Throttled, Duration::ZERO)));
    let minute = Duration::from_secs(60);
    let settings = Settings { first_wait: minute, longest_wait: minute, patience: 10 * minute, ..Settings::default() };
    let cancel = Cancel::default();
    let watch = Listen(|event: Event<'_>| {
        if matches!(event, Event::Retrying { .. }) {
            let cancel = cancel.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                cancel.cancel();
            });
        }
    });
    let report = apply_with(&fake, settings, &watch, &cancel).await;
    assert_eq!((report.failed.len(), fake.tries("a"), report.elapsed), (1, 1, Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_the_last_look_as_well() {
    let fake = Arc::new(Fake::wanting(vec![object("a", &[])]).acting(|_, _| Step::Make(Duration::ZERO)));
    let cancel = Cancel::default();
    let watch = Listen(|event: Event<'_>| match event {
        Event::Verifying => fake.unanswered.store(u32::MAX, std::sync::atomic::Ordering::SeqCst),
        Event::RetryingRead { .. } => cancel.cancel(),
        _ => {}
    });
    let report = apply_with(&fake, Settings::default(), &watch, &cancel).await;
    assert!(report.is_complete() && !report.is_success() && report.unseen.is_some(), "{report:?}");
    assert!(report.elapsed < Duration::from_secs(1), "{:?}", report.elapsed);
}
