//! What this run writes to, as far as lists hold it.

use std::collections::BTreeSet;

/// The lists in which what the stack writes is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Identities,
    Credentials,
    Assignments,
    Roles,
}

/// What was written since the last look.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Somewhere in these lists.
    pub(crate) lists: BTreeSet<List>,
    /// Of the role assignments, where that list isn't among these: those of these principals.
    pub(crate) holders: BTreeSet<String>,
}

impl Written {
    /// Whether nothing was.
    pub(crate) fn is_nothing(&self) -> bool {
        self.lists.is_empty() && self.holders.is_empty()
    }
}
