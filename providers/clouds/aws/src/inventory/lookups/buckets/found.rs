//! What was found out of buckets since the provider was connected.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::Note;

use crate::inventory::lookups::buckets::bucket::{Asked, Bucket, note};
use crate::resources::kms_key::Key;

/// Looks buckets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// With what was asked.
    pub(super) found: Mutex<BTreeMap<String, (Asked, Bucket)>>,
    /// What the stack's policies said before this run took them away.
    pub(super) said: Mutex<BTreeMap<String, Bucket>>,
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    /// Who owns a bucket by now that was somebody else's when it was granted, in words, as far as that was asked.
    pub(crate) fn kept_out(&self, name: &str) -> Option<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(name)?.1.kept_out.clone()
    }

    /// The buckets that aren't there, or aren't those any more that were granted, as far as that was asked, and what is said of
    /// each.
    pub(crate) fn reaching_nothing(&self) -> Vec<(String, Note)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = found.iter().filter(|(_, (_, bucket))| bucket.reaches_nothing);
        gone.filter_map(|(name, (_, bucket))| Some((name.clone(), note(name, bucket)?))).collect()
    }

    /// What is said of those at which nobody may look, as far as they were asked for.
    pub(crate) fn unread(&self) -> Vec<Note> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().filter(|(_, (_, one))| one.is_unread).filter_map(|(name, (_, one))| note(name, one)).collect()
    }

    /// The keys that encrypt the buckets that were asked for, and which bucket each does.
    pub(crate) fn keys(&self) -> Vec<(Key, String)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().filter_map(|(name, (_, bucket))| Some((bucket.key()?.clone(), name.clone()))).collect()
    }
}
