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
    /// How long one change is tried again where what it needs was made a moment ago and isn't known everywhere yet; at
    /// least [`Self::patience`].
    pub propagation: Duration,
    /// How long the cloud is looked for, before anything is changed, where there is no way to it.
    pub reach: Duration,
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
    /// With what the provider says of how long the cloud may take. What isn't known everywhere yet is waited for while
    /// changes are made as well, so that no call is given up before. A cloud that fails isn't waited for any longer.
    pub(super) fn for_timeout(self, timeout: Option<Duration>) -> Self {
        match timeout {
            Some(settle) => Self { settle, propagation: settle, ..self },
            None => self,
        }
    }

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
            propagation: Duration::ZERO,
            reach: Duration::from_secs(5),
            // As long as others wait for IAM: it is eventually consistent, and no documentation says how long that takes.
            settle: Duration::from_secs(120),
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_says_how_long_the_cloud_may_take() {
        let seconds = Duration::from_secs;
        let settings = Settings::default();
        assert_eq!(settings.clone().for_timeout(None), settings);
        let long = settings.clone().for_timeout(Some(seconds(600)));
        assert_eq!((long.settle, long.propagation, long.patience), (seconds(600), seconds(600), settings.patience));
        let short = settings.clone().for_timeout(Some(seconds(5)));
        assert_eq!((short.settle, short.propagation, short.patience), (seconds(5), seconds(5), settings.patience));
    }
}
