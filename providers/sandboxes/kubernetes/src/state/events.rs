//! What happened to objects, one event a write: the last of them are kept, and told to those who watch.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::resources::Resource;

/// So many events are kept. Whoever wants to go on from before them has to list anew.
const KEPT: usize = 1000;

/// A write.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its number.
    pub(crate) revision: u64,
    pub(crate) resource: &'static Resource,
    /// The object before, where there was one.
    pub(crate) before: Option<Value>,
    /// The object since, in the version of this write; where it is gone, as it was when it went.
    pub(crate) object: Value,
    pub(crate) is_gone: bool,
}

/// The last events, and those who are told of new ones.
#[derive(Debug)]
pub(crate) struct Events {
    /// The number of the write after which all are kept.
    since: u64,
    kept: VecDeque<Arc<Event>>,
    watching: Vec<UnboundedSender<Arc<Event>>>,
}

/// Events from a write on: those that were, and those to come.
#[derive(Debug)]
pub(crate) struct Following {
    pub(crate) past: Vec<Arc<Event>>,
    pub(crate) coming: UnboundedReceiver<Arc<Event>>,
}

impl Events {
    /// None yet, after the write of this number. A restart keeps none.
    pub(super) fn since(revision: u64) -> Self {
        Self { since: revision, kept: VecDeque::new(), watching: Vec::new() }
    }

    pub(super) fn add(&mut self, event: Event) {
        let event = Arc::new(event);
        // Who doesn't watch any more has let go of the other end.
        self.watching.retain(|watching| watching.send(Arc::clone(&event)).is_ok());
        self.kept.push_back(event);
        if self.kept.len() > KEPT
            && let Some(gone) = self.kept.pop_front()
        {
            self.since = gone.revision;
        }
    }

    /// The events after the write of a number.
    ///
    /// # Errors
    /// Not all of them are kept; the number after whose write they are.
    pub(crate) fn after(&mut self, revision: u64) -> Result<Following, u64> {
        if revision < self.since {
            return Err(self.since);
        }
        let past = self.kept.iter().filter(|event| event.revision > revision).cloned().collect();
        let (sender, coming) = unbounded_channel();
        self.watching.push(sender);
        Ok(Following { past, coming })
    }
}
