//! Trying again: with growing, jittered waits, and never beyond a deadline.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use super::cancel::Cancel;
use super::settings::Settings;
use super::watch::{Event, Watch};
use crate::error::{Error, ErrorKind, Result};
use crate::pace::Pace;

/// The waits between tries: each up to twice the one before, with jitter, so that many changes that were
/// refused together don't come back together.
#[derive(Debug)]
pub(super) struct Waits {
    next: Duration,
    longest: Duration,
}

impl Waits {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { next: settings.first_wait, longest: settings.longest_wait }
    }

    pub(super) fn next(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        // Between half of it and the whole.
        let random = RandomState::new().build_hasher().finish() as u32;
        whole.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
    }
}

/// Calls until it succeeds, fails for good, patience is over, or somebody interrupts: what is under way then comes to
/// its end, and nothing is tried again. `waiting` hears of each wait.
pub(super) async fn until<T, F>(
    settings: &Settings,
    cancel: &Cancel,
    call: impl FnMut() -> F,
    waiting: impl FnMut(&Error, Duration),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let patience = |kind| match kind {
        ErrorKind::NotYet => settings.propagation.max(settings.patience),
        _ => settings.patience,
    };
    within(settings, patience, cancel, None, call, waiting).await
}

/// The same with a patience that depends on what is wrong. With a pace, a call to which the cloud answers nothing any more is
/// given up: what only reads may be.
async fn within<T, F>(
    settings: &Settings,
    patience: impl Fn(ErrorKind) -> Duration,
    cancel: &Cancel,
    pace: Option<&Pace>,
    mut call: impl FnMut() -> F,
    mut waiting: impl FnMut(&Error, Duration),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let begun = Instant::now();
    let mut waits = Waits::new(settings);
    let mut last = None;
    loop {
        let Some(answer) = heard_of(settings, pace, begun, call()).await else {
            // What came of the try before knows which request it is.
            let error = last.unwrap_or_else(silent);
            return Err(error.with("waited", format!("{} s, in vain", begun.elapsed().as_secs())));
        };
        let error = match answer {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = waits.next();
        if !error.kind().is_retryable() {
            return Err(error);
        }
        if begun.elapsed() + wait > patience(error.kind()) {
            return Err(error.with("waited", format!("{} s, in vain", begun.elapsed().as_secs())));
        }
        tracing::debug!(%error, ?wait, "trying again");
        waiting(&error, wait);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(error),
            () = tokio::time::sleep(wait) => {}
        }
        last = Some(error);
    }
}

/// What comes of a call; nothing where the cloud has answered none of its requests for as long as patience lasts. One that
/// answers, however slowly, is never given up.
async fn heard_of<T>(
    settings: &Settings,
    pace: Option<&Pace>,
    begun: Instant,
    call: impl Future<Output = Result<T>>,
) -> Option<Result<T>> {
    let Some(pace) = pace else { return Some(call.await) };
    let mut call = std::pin::pin!(call);
    loop {
        let until = pace.heard().unwrap_or(begun).max(begun) + settings.patience;
        match tokio::time::timeout_at(until, &mut call).await {
            Ok(answer) => return Some(answer),
            Err(_) if pace.heard().is_some_and(|heard| heard + settings.patience > until) => {}
            Err(_) => return None,
        }
    }
}

/// Nothing came back at all.
fn silent() -> Error {
    Error::new(ErrorKind::Unavailable, "the cloud doesn't answer")
        .with("cause", "no answer in time")
        .hint("check the way to the cloud: proxy, firewall, the endpoint; nothing was changed, run again")
}

/// [`until`] for what only reads: where there is no way to the cloud, whoever waits is told soon. While changes are
/// made, a way that fails for a while is waited for.
pub(super) async fn reading<T, F>(
    settings: &Settings,
    pace: Option<&Pace>,
    watch: &dyn Watch,
    cancel: &Cancel,
    call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let patience = |kind| match kind {
        ErrorKind::Unreachable => settings.reach.min(settings.patience),
        _ => settings.patience,
    };
    within(settings, patience, cancel, pace, call, |error, wait| watch.event(Event::RetryingRead { error, wait })).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Silent;

    async fn given_up_after(kind: ErrorKind, reads: bool) -> Duration {
        given_up(Settings::default(), kind, reads).await
    }

    async fn given_up(settings: Settings, kind: ErrorKind, reads: bool) -> Duration {
        let (cancel, begun) = (Cancel::default(), Instant::now());
        let call = || async { Err::<(), _>(Error::new(kind, "no")) };
        let result = if reads {
            reading(&settings, Some(&Pace::default()), &Silent, &cancel, call).await
        } else {
            until(&settings, &cancel, call, |_, _| {}).await
        };
        assert_eq!(result.expect_err("it never works").kind(), kind);
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn no_way_to_the_cloud_is_told_soon_unless_changes_are_under_way() {
        let Settings { reach, patience, longest_wait, .. } = Settings::default();
        assert!(given_up_after(ErrorKind::Unreachable, true).await <= reach);
        assert!(given_up_after(ErrorKind::Unavailable, true).await + longest_wait > patience);
        assert!(given_up_after(ErrorKind::Unreachable, false).await + longest_wait > patience);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cloud_that_never_answers_is_given_up_while_nothing_but_reading_is_under_way() {
        let (settings, cancel, begun) = (Settings::default(), Cancel::default(), Instant::now());
        let silent = || std::future::pending::<Result<()>>();
        let error =
            reading(&settings, Some(&Pace::default()), &Silent, &cancel, silent).await.expect_err("nothing comes");
        assert_eq!((error.kind(), begun.elapsed()), (ErrorKind::Unavailable, settings.patience));
        let told = |key| error.context().iter().any(|(name, value)| *name == key && !value.is_empty());
        assert!(told("cause") && told("waited") && error.hint_text().is_some(), "{error:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cloud_that_answers_slowly_is_waited_for() {
        let (settings, cancel, pace) = (Settings::default(), Cancel::default(), Pace::default());
        let pages = || async {
            for _ in 0..10 {
                let turn = pace.turn("pages").await;
                tokio::time::sleep(Duration::from_secs(60)).await;
                turn.answered(crate::pace::Signal::Answered { remaining: None });
            }
            Ok(())
        };
        reading(&settings, Some(&pace), &Silent, &cancel, pages).await.expect("it comes to its end");
    }

    /// The try before the last one knew which request it is.
    #[tokio::test(start_paused = true)]
    async fn what_is_given_up_says_what_came_of_the_try_before() {
        let (settings, cancel, tries) = (Settings::default(), Cancel::default(), std::cell::Cell::new(0));
        let call = || async {
            tries.set(tries.get() + 1);
            tokio::time::sleep(Duration::from_secs(70)).await;
            Err::<(), _>(Error::new(ErrorKind::Unavailable, "iam:ListRoles failed"))
        };
        let error =
            reading(&settings, Some(&Pace::default()), &Silent, &cancel, call).await.expect_err("it never works");
        assert_eq!((error.message(), tries.get()), ("iam:ListRoles failed", 2));
        assert!(error.context().contains(&("waited", "120 s, in vain".to_owned())), "{error:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_known_everywhere_yet_is_waited_for_as_long_as_the_cloud_may_take() {
        let settings = Settings { propagation: Duration::from_secs(600), ..Settings::default() };
        let Settings { patience, propagation, longest_wait, .. } = settings;
        let given_up = async |kind, reads| given_up(settings.clone(), kind, reads).await;
        assert!(given_up(ErrorKind::NotYet, false).await + longest_wait > propagation);
        assert!(given_up(ErrorKind::Unavailable, false).await <= patience);
        assert!(given_up(ErrorKind::NotYet, true).await <= patience);
    }
}
