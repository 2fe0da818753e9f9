//! What came of an apply.

use std::time::Duration;

use crate::contract::backend::Outcome;
use crate::contract::error::Error;
use crate::contract::object::change::Change;
use crate::plan::Summary;

/// A change that was made.
#[derive(Debug)]
pub struct Applied {
    /// The change.
    pub change: Change,
    /// What came of it.
    pub outcome: Outcome,
}

/// A change that failed.
#[derive(Debug)]
pub struct Failed {
    /// The change.
    pub change: Change,
    /// Why.
    pub error: Error,
}

/// What came of an apply: every change is in exactly one of these lists.
#[derive(Debug, Default)]
pub struct Report {
    /// Made.
    pub applied: Vec<Applied>,
    /// Tried, and failed.
    pub failed: Vec<Failed>,
    /// Not begun, because of a failure or an interruption.
    pub remaining: Vec<Change>,
    /// For somebody else.
    pub handoffs: Vec<Change>,
    /// How many wanted objects were as they should be from the start.
    pub unchanged: usize,
    /// Made, but the cloud didn't show it in time.
    pub unverified: Vec<Change>,
    /// Why it couldn't be seen whether the cloud shows it.
    pub unseen: Option<Error>,
    /// Whether somebody interrupted.
    pub cancelled: bool,
    /// How many requests it took, where the provider counts them.
    pub requests: Option<u64>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether every change was made.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.remaining.is_empty()
    }

    /// Whether every change was made, and the cloud shows it.
    pub fn is_success(&self) -> bool {
        self.is_complete() && self.unverified.is_empty() && self.unseen.is_none()
    }

    /// Some changes were made again, which somebody else had undone: what was remarked is told with them, and what failed is
    /// no longer made; then the error has what was remarked. What wasn't begun again, an interruption kept: the next look finds it.
    pub(in crate::engine) fn made_again(&mut self, again: Self) {
        for Applied { change, outcome } in again.applied {
            let first = self.applied.iter_mut().find(|applied| applied.change.id == change.id);
            first.into_iter().for_each(|applied| applied.outcome.remarks.extend(outcome.remarks.clone()));
        }
        for Failed { change, mut error } in again.failed {
            for Applied { outcome, .. } in self.applied.extract_if(.., |applied| applied.change.id == change.id) {
                if !outcome.remarks.is_empty() {
                    error = error.with("earlier", outcome.remarks.join("; "));
                }
            }
            self.failed.push(Failed { change, error });
        }
    }

    /// How many changes of each kind were made.
    pub fn summary(&self) -> Summary {
        let applied = Summary::of(self.applied.iter().map(|applied| &applied.change));
        Summary { handoff: self.handoffs.len(), unchanged: self.unchanged, ..applied }
    }
}
