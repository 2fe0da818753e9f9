//! One request's turn.

use std::sync::Arc;

use tokio::time::Instant;

use crate::pace::shared::Shared;
use crate::pace::signal::Signal;

/// The right to send one request, from [`Pace::turn`](crate::Pace::turn).
#[derive(Debug)]
#[must_use = "the request must be sent, and its answer told"]
pub struct Turn {
    pace: Arc<Shared>,
    lane: String,
    sent: Instant,
    signal: Option<Signal>,
}

impl Turn {
    pub(super) fn new(pace: Arc<Shared>, lane: String) -> Self {
        Self { pace, lane, sent: Instant::now(), signal: None }
    }

    /// The request came back, or not.
    pub fn answered(mut self, signal: Signal) {
        self.signal = Some(signal);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.pace.answered(&self.lane, self.sent, self.signal);
    }
}
