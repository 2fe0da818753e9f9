//! What all clones of a pace share: the requests that are under way, and what became of those before.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::pace::lane::Lane;
use crate::pace::signal::Signal;
use crate::pace::window::Window;

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Somebody came to an end: there may be room.
    pub(super) changed: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) window: Window,
    pub(super) lanes: HashMap<String, Lane>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Shared").field("window", &state.window).field("lanes", &state.lanes.len()).finish()
    }
}

impl Shared {
    /// Says how a request was answered that was sent at `sent`; `None` where nobody knows.
    pub(super) fn answered(&self, lane: &str, sent: Instant, signal: Option<Signal>) {
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
        self.changed.notify_waiters();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
