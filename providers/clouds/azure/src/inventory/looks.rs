//! Which lists an observation reads anew: all of them, but for those that nobody wrote to since a moment ago.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::inventory::snapshot::Snapshot;
use crate::inventory::written::{List, Written};

/// How old a list may be that the look after an apply takes from the one before it. What others change meanwhile, the next plan sees.
const RECENT: Duration = Duration::from_secs(60);

/// The looks at Azure of one run.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// Filled by the verbs, used up by the next observation: a plan reads every list once.
    current: Option<Arc<Snapshot>>,
    /// The one before, and when it began.
    last: Option<(Arc<Snapshot>, Instant)>,
    began: Option<Instant>,
    /// The lists that were written to since.
    written: Written,
}

impl Looks {
    /// What is read, and read into. `new` makes one that has read nothing.
    pub(crate) fn current(&mut self, new: impl FnOnce() -> Snapshot) -> Arc<Snapshot> {
        if let Some(current) = &self.current {
            return current.clone();
        }
        let written = std::mem::take(&mut self.written);
        // Whoever wrote nothing looks again because the last look doesn't do.
        let last = self.last.take().filter(|(_, began)| !written.is_nothing() && began.elapsed() < RECENT);
        let snapshot = Arc::new(match last {
            Some((last, _)) => new().with_what_is_as_in(&last, &written),
            None => new(),
        });
        (self.current, self.began) = (Some(snapshot.clone()), Some(Instant::now()));
        snapshot
    }

    /// The current one was observed: the next look is another.
    pub(crate) fn used_up(&mut self) {
        self.last = self.current.take().zip(self.began.take());
    }

    /// Nothing that was read so far holds any more.
    pub(crate) fn forget(&mut self) {
        (self.current, self.last) = (None, None);
    }

    /// What is in these lists is written to, with whatever success.
    pub(crate) fn writes(&mut self, lists: &[List]) {
        self.written.lists.extend(lists);
    }

    /// Of the role assignments, only those of a principal are written to.
    pub(crate) fn writes_roles_of(&mut self, principal: &str) {
        self.written.holders.insert(principal.to_owned());
    }
}
