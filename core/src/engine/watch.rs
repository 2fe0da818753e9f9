//! Progress: what the engine does while it works.

use std::time::Duration;

use crate::contract::backend::Outcome;
use crate::contract::error::Error;
use crate::contract::object::change::Change;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The provider is asked what should be there.
    Asking,
    /// The cloud is asked what is there.
    Observing,
    /// A read failed for a reason that may pass, and is tried again after the wait.
    RetryingRead {
        /// Why.
        error: &'a Error,
        /// After which time.
        wait: Duration,
    },
    /// The changes begin.
    Applying {
        /// How many there are.
        total: usize,
    },
    /// A change begins.
    Started(&'a Change),
    /// A change failed for a reason that may pass, and is tried again after the wait.
    Retrying {
        /// Which one.
        change: &'a Change,
        /// Why.
        error: &'a Error,
        /// After which time.
        wait: Duration,
    },
    /// A change is made.
    Done(&'a Change, &'a Outcome),
    /// A change failed for good.
    Failed(&'a Change, &'a Error),
    /// Everything is applied; the cloud is asked whether it shows.
    Verifying,
    /// The cloud doesn't show everything yet.
    Settling {
        /// How many objects it doesn't show as they should be.
        left: usize,
        /// After which time it is asked again.
        wait: Duration,
    },
}

/// Whoever wants to know.
pub trait Watch: Send + Sync {
    /// Something happens. Called from the engine's task: be quick.
    fn event(&self, event: Event<'_>);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {
    fn event(&self, _: Event<'_>) {}
}
