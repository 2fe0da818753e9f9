//! Trying again: what passes is waited out, what doesn't is told at once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudgrant_core::{Cancel, ErrorKind, Event, Settings, Silent};

use crate::fake::{Fake, Listen, Step, apply, apply_with, engine, object};

fn failing(kind: ErrorKind, times: u32) -> Arc<Fake> {
    Arc::new(Fake::wanting(vec![object("a", &[])]).acting(move |_, number| match number {
        number if number <= times => Step::Fail(kind, Duration::ZERO),
        _ => Step::Make(Duration::ZERO),
    }))
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_waited_out() {
    for kind in [ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::NotYet] {
        let fake = failing(kind, 5);
        let report = apply(&fake).await;
        assert!(report.is_success(), "{kind:?}: {report:?}");
        assert_eq!(fake.tries("a"), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_up_to_the_longest() {
    let fake = failing(ErrorKind::Throttled, 8);
    let waits = Mutex::new(Vec::new());
    let watch = Listen(|event: Event<'_>| {
        if let Event::Retrying { wait, error, .. } = event {
            assert_eq!(error.kind(), ErrorKind::Throttled);
            waits.lock().expect("lock").push(wait);
        }
    });
    assert!(apply_with(&fake, Settings::default(), &watch, &Cancel::default()).await.is_success());
    let waits = waits.lock().expect("lock");
    let whole = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000].map(Duration::from_millis);
    assert_eq!(waits.len(), whole.len());
    for (wait, whole) in waits.iter().zip(whole) {
        assert!(*wait >= whole / 2 && *wait <= whole, "{wait:?} of {whole:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let fake = failing(ErrorKind::NotYet, u32::MAX);
    let settings = Settings { patience: Duration::from_secs(30), ..Settings::default() };
    let report = apply_with(&fake, settings, &Silent, &Cancel::default()).await;
    let error = &report.failed[0].error;
    assert_eq!(error.kind(), ErrorKind::NotYet);
    let waited = error.context().iter().find(|(key, _)| *key == "waited").map(|(_, value)| value.as_str());
    assert!(waited.is_some_and(|value| value.ends_with(" s, in vain")), "{error}");
    assert!(report.elapsed <= Duration::from_secs(30) && report.elapsed > Duration::from_secs(20), "{report:?}");
    assert!(fake.tries("a") > 5);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_fails_at_once() {
    let kinds =
        [ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::Quota, ErrorKind::Unexpected, ErrorKind::AccessDenied];
    for kind in kinds {
        let fake = failing(kind, u32::MAX);
        let report = apply(&fake).await;
        assert_eq!((fake.tries("a"), report.failed[0].error.kind()), (1, kind));
        assert_eq!(report.elapsed, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn questions_are_asked_again_as_well() {
    let fake = Arc::new(Fake::wanting(vec![object("a", &[])]));
    fake.unanswered.store(3, Ordering::SeqCst);
    let again = Mutex::new(0);
    let watch = Listen(|event: Event<'_>| {
        if matches!(event, Event::RetryingRead { .. }) {
            *again.lock().expect("lock") += 1;
        }
    });
    let plan = engine(&fake, Settings::default()).plan(&watch).await.expect("a plan");
    assert_eq!((plan.changes.len(), *again.lock().expect("lock")), (1, 3));

    fake.unanswered.store(u32::MAX, Ordering::SeqCst);
    let error = engine(&fake, Settings::default()).plan(&Silent).await.expect_err("in vain");
    assert_eq!(error.kind(), ErrorKind::Throttled);
}

#[tokio::test(start_paused = true)]
async fn whoever_interrupts_does_not_wait_for_patience() {
    let fake = failing(ErrorKind::Throttled, u32::MAX);
    let cancel = Cancel::default();
    let watch = Listen(|event: Event<'_>| {
        if matches!(event, Event::Retrying { .. }) {
            cancel.cancel();
        }
    });
    let report = apply_with(&fake, Settings::default(), &watch, &cancel).await;
    assert_eq!((report.failed.len(), fake.tries("a")), (1, 1));
}
