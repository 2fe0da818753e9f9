//! What the answers to requests say of the pace.

use std::time::Duration;

/// How a request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// As it should be, or with an error that has nothing to do with how many requests there are.
    Answered {
        /// How many requests the cloud says are left, where it says so.
        remaining: Option<u64>,
    },
    /// It was refused for coming too fast.
    Throttled {
        /// After which time the cloud says to come back.
        after: Option<Duration>,
    },
    /// The cloud failed, or nothing came in time.
    Overloaded,
}
