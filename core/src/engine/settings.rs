//! How patient and how busy the engine is.

use std::time::Duration;

use crate::pace::Pace;

/// How patient and how busy the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The most changes that are under way at a time. There are fewer while the cloud takes fewer, see
    /// [`Pace`](crate::Pace), or where the provider doesn't tell its pace.
    pub concurrency: usize,
    /// How long one call is tried again while the cloud asks to slow down, fails, or hasn't caught up.
    pub patience: Duration,
    /// How long to wait, once all is applied, until the cloud shows it.
    pub settle: Duration,
    /// The first wait between two tries; each following one is longer, up to [`Self::longest_wait`].
    pub first_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
}

/// How many changes are under way where a provider doesn't tell its pace.
const UNPACED: usize = 16;

impl Settings {
    /// How many changes may be under way now.
    pub(super) fn concurrency(&self, pace: Option<&Pace>) -> usize {
        self.concurrency.min(pace.map_or(UNPACED, Pace::window)).max(1)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 128,
            patience: Duration::from_secs(120),
            settle: Duration::from_secs(60),
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
        }
    }
}
