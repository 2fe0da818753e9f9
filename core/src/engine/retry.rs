//! Trying again: with growing, jittered waits, and never beyond a deadline.

use std::time::Duration;

use tokio::time::Instant;

use crate::contract::error::{Error, ErrorKind, Result};
use crate::engine::cancel::Cancel;
use crate::engine::settings::Settings;
use crate::engine::watch::{Event, Watch};

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
        whole.mul_f64(0.5 + 0.5 * fastrand::f64())
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
    within(settings, patience, settings.patience, cancel, call, waiting).await
}

/// The same with a patience that depends on what is wrong, and one for no way to the cloud, from when that began.
async fn within<T, F>(
    settings: &Settings,
    patience: impl Fn(ErrorKind) -> Duration,
    reach: Duration,
    cancel: &Cancel,
    mut call: impl FnMut() -> F,
    mut waiting: impl FnMut(&Error, Duration),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let begun = Instant::now();
    let mut waits = Waits::new(settings);
    // Who was right to wait for something isn't out of patience when another thing comes after it.
    let mut longest = Duration::ZERO;
    let mut unreachable_since = None;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if !error.kind().is_retryable() {
            return Err(error);
        }
        if error.kind() == ErrorKind::Unreachable && unreachable_since.is_none() {
            // The waits may have grown long over something else.
            waits = Waits::new(settings);
        }
        let mut wait = waits.next();
        longest = longest.max(patience(error.kind()));
        let is_over = match error.kind() {
            ErrorKind::Unreachable => {
                let left = reach.saturating_sub(unreachable_since.get_or_insert_with(Instant::now).elapsed());
                // The last try comes when the time is over, not before: the way may be back by then.
                wait = wait.min(left);
                left.is_zero()
            }
            _ => {
                unreachable_since = None;
                begun.elapsed() + wait > longest
            }
        };
        if is_over {
            return Err(error.with("waited", format!("{} s, in vain", begun.elapsed().as_secs())));
        }
        tracing::debug!(%error, ?wait, "trying again");
        waiting(&error, wait);
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(error),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// [`until`] for what only reads: where there is no way to the cloud, whoever waits is told soon. While changes are
/// made, a way that fails for a while is waited for.
pub(super) async fn reading<T, F>(
    settings: &Settings,
    watch: &dyn Watch,
    cancel: &Cancel,
    call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let reach = settings.reach.min(settings.patience);
    let patience = |kind| match kind {
        ErrorKind::Unreachable => reach,
        _ => settings.patience,
    };
    within(settings, patience, reach, cancel, call, |error, wait| watch.event(Event::RetryingRead { error, wait }))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::watch::Silent;

    async fn given_up_after(kind: ErrorKind, reads: bool) -> Duration {
        given_up(Settings::default(), kind, reads).await
    }

    async fn given_up(settings: Settings, kind: ErrorKind, reads: bool) -> Duration {
        let (cancel, begun) = (Cancel::default(), Instant::now());
        let call = || async { Err::<(), _>(Error::new(kind, "no")) };
        let result = if reads {
            reading(&settings, &Silent, &cancel, call).await
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

    /// As with a host of which is only known after some requests that nobody answers there, and one that is gone for a moment.
    #[tokio::test(start_paused = true)]
    async fn no_way_to_the_cloud_is_told_soon_after_other_failures_too() {
        let settings = Settings::default();
        for (gone_for, comes_back) in [(settings.reach / 2, true), (settings.patience, false)] {
            let (begun, mut gone_since) = (Instant::now(), None);
            let call = || {
                let gone =
                    (begun.elapsed() >= Duration::from_secs(20)).then(|| *gone_since.get_or_insert(begun.elapsed()));
                let answer = match gone {
                    None => Err(Error::new(ErrorKind::Unavailable, "no")),
                    Some(since) if begun.elapsed() < since + gone_for => Err(Error::new(ErrorKind::Unreachable, "no")),
                    Some(_) => Ok(()),
                };
                std::future::ready(answer)
            };
            let answer = reading(&settings, &Silent, &Cancel::default(), call).await;
            assert_eq!(answer.is_ok(), comes_back, "{answer:?}");
            let longest = Duration::from_secs(20) + settings.longest_wait + settings.reach;
            assert!(begun.elapsed() <= longest && longest < settings.patience, "{:?}", begun.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_for_one_thing_waits_for_the_next_one_too() {
        let settings = Settings { propagation: Duration::from_secs(600), ..Settings::default() };
        let (begun, throttled) = (Instant::now(), std::sync::atomic::AtomicBool::new(false));
        let call = || async {
            match begun.elapsed().as_secs() {
                0..300 => Err(Error::new(ErrorKind::NotYet, "no")),
                _ if !throttled.swap(true, std::sync::atomic::Ordering::Relaxed) => {
                    Err(Error::new(ErrorKind::Unavailable, "no"))
                }
                _ => Ok(()),
            }
        };
        let answer = until(&settings, &Cancel::default(), call, |_, _| {}).await;
        assert!(answer.is_ok(), "{answer:?}");
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
