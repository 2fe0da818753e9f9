//! How many changes a plan has.

use serde::Serialize;

use crate::contract::object::change::{Action, Change};

/// How many changes of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Objects to be made.
    pub create: usize,
    /// Objects to be changed.
    pub update: usize,
    /// Objects to be removed.
    pub delete: usize,
    /// Steps for somebody else.
    pub handoff: usize,
    /// Wanted objects that are as they should be.
    pub unchanged: usize,
}

impl Summary {
    /// Counts changes.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut summary = Self::default();
        for change in changes {
            match change.action {
                Action::Create => summary.create += 1,
                Action::Update => summary.update += 1,
                Action::Delete => summary.delete += 1,
                Action::Handoff => summary.handoff += 1,
            }
        }
        summary
    }
}
