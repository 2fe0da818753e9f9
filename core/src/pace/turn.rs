//! One request's turn.

use tokio::time::Instant;

use crate::pace::{Pace, Signal};

/// The right to send one request, from [`Pace::turn`].
#[derive(Debug)]
#[must_use = "the request must be sent, and its answer told"]
pub struct Turn {
    pace: Pace,
    lane: String,
    sent: Instant,
    signal: Option<Signal>,
}

impl Turn {
    pub(super) fn new(pace: Pace, lane: String) -> Self {
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
