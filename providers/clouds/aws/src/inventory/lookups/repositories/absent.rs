//! Repositories of the own account that aren't there.

use std::sync::{Mutex, PoisonError};

use cloudgrant_core::Note;

use crate::resources::kinds::repository::Repository;

/// The repositories that the verbs didn't find, until the plan looks at what there is.
#[derive(Debug, Default)]
pub(crate) struct Absent {
    absent: Mutex<Vec<(Repository, For, Note)>>,
    unread: Mutex<Vec<Note>>,
}

/// Whom something is granted on a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// In the account itself they need no object for that.
    Nodes,
    Tasks,
}

impl Absent {
    /// Takes note of one, with what is said of it.
    pub(crate) fn add(&self, repository: &Repository, whom: For, note: Note) {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).push((repository.clone(), whom, note));
    }

    pub(crate) fn all(&self) -> Vec<(Repository, For, Note)> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of what is said of those that couldn't be looked for.
    pub(crate) fn add_unread(&self, note: Note) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub(crate) fn unread(&self) -> Vec<Note> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
