//! Pace: how many requests are under way, and how fast they follow each other, is what the cloud says.
//!
//! A provider's client asks for a [`Turn`] before each request goes over the wire, retries included, and tells how it was
//! answered. What comes of it holds for everything that the client sends:
//!
//! - A window of requests under way. It doubles with each round trip, halves where the cloud can't cope (server errors,
//!   lost connections, no answer in time), and from then on grows by one a round trip. The engine begins as many changes
//!   as the window holds.
//! - A rate for each *lane*: a kind of request that the cloud counts by itself. There is none until a request is refused
//!   for coming too fast; then it is a little less than what was answered of late, and grows until the next refusal.
//!   Clouds don't publish most of their limits, and share them between all who use an account.
//! - Rests, where the cloud says when to come back (`Retry-After`), and no more requests under way in a lane than the
//!   cloud says are left.

pub(crate) mod answering;
mod lane;
pub(crate) mod request_timeout;
mod shared;
mod signal;
mod turn;
mod window;

use std::sync::Arc;

use tokio::time::Instant;

use lane::{Lane, Wait};
use shared::Shared;
pub use signal::Signal;
pub use turn::Turn;

/// The pace of a client. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Shared>);

impl Pace {
    /// How many requests may be under way at the moment.
    pub fn window(&self) -> usize {
        self.0.state().window.size()
    }

    /// The rate that a lane is held to, in requests a second; `None` where nothing was refused so far.
    pub fn rate(&self, lane: &str) -> Option<f64> {
        self.0.state().lanes.get(lane).and_then(Lane::rate)
    }

    /// Waits for a turn. The request must be sent at once when this returns; a turn that is dropped counts as a request of
    /// which nobody knows what came of it.
    ///
    /// Nothing is held while waiting: somebody who waits and isn't polled, as one of several futures of which another is
    /// awaited alone, keeps nobody from theirs.
    pub async fn turn(&self, lane: &str) -> Turn {
        loop {
            // Before looking, so that nothing that happens after it is missed.
            let changed = self.0.changed.notified();
            let wait = {
                let mut state = self.0.state();
                let room = state.window.has_room();
                let lane = state.lanes.entry(lane.to_owned()).or_default();
                let wait = if room { lane.wait(Instant::now()) } else { Some(Wait::ForRoom) };
                if wait.is_none() {
                    lane.sent(Instant::now());
                    state.window.sent();
                }
                wait
            };
            match wait {
                None => break,
                Some(Wait::ForRoom) => changed.await,
                Some(Wait::Until(due)) => tokio::time::sleep_until(due).await,
            }
        }
        Turn::new(self.0.clone(), lane.to_owned())
    }
}

#[cfg(test)]
mod tests;
