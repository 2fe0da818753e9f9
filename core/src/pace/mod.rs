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
mod turn;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use lane::{Lane, Wait};
pub use turn::Turn;
use window::Window;

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

/// The pace of a client. Clones share it.
#[derive(Clone, Default)]
pub struct Pace(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Somebody came to an end: there may be room.
    changed: Notify,
}

#[derive(Default)]
struct State {
    window: Window,
    lanes: HashMap<String, Lane>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Pace").field("window", &state.window).field("lanes", &state.lanes.len()).finish()
    }
}

impl Pace {
    /// How many requests may be under way at the moment.
    pub fn window(&self) -> usize {
        self.state().window.size()
    }

    /// The rate that a lane is held to, in requests a second; `None` where nothing was refused so far.
    pub fn rate(&self, lane: &str) -> Option<f64> {
        self.state().lanes.get(lane).and_then(Lane::rate)
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
                let mut state = self.state();
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
        Turn::new(self.clone(), lane.to_owned())
    }

    /// Says how a request was answered that was sent at `sent`; `None` where nobody knows.
    fn answered(&self, lane: &str, sent: Instant, signal: Option<Signal>) {
        let now = Instant::now();
        let mut state = self.state();
        let State { window, lanes } = &mut *state;
        let lane = lanes.entry(lane.to_owned()).or_default();
        window.came_back();
        lane.came_back();
        match signal {
            Some(Signal::Answered { remaining }) => {
                window.grow();
                lane.answered(now, remaining);
            }
            Some(Signal::Throttled { after }) => lane.throttled(sent, now, after),
            Some(Signal::Overloaded) => window.shrink(sent, now),
            None => {}
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
