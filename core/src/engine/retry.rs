//! Trying again: with growing, jittered waits, and never beyond a deadline.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio::time::Instant;

use super::cancel::Cancel;
use super::settings::Settings;
use super::watch::{Event, Watch};
use crate::error::{Error, Result};

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
    mut call: impl FnMut() -> F,
    mut waiting: impl FnMut(&Error, Duration),
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let begun = Instant::now();
    let mut waits = Waits::new(settings);
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = waits.next();
        if !error.kind().is_retryable() {
            return Err(error);
        }
        if begun.elapsed() + wait > settings.patience {
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

/// [`until`] for what only reads.
pub(super) async fn reading<T, F>(
    settings: &Settings,
    watch: &dyn Watch,
    cancel: &Cancel,
    call: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    until(settings, cancel, call, |error, wait| watch.event(Event::RetryingRead { error, wait })).await
}
