//! What a folder has been through: how often it was in use, and what was made in it at the start.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Result, Store};

/// The history of a folder.
#[derive(Debug)]
pub struct History {
    start: u64,
    seeded: BTreeSet<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Meta {
    starts: u64,
}

impl History {
    /// Reads it, and notes that the folder is in use once more.
    ///
    /// # Errors
    /// When the folder can't be read or written.
    pub fn begin(store: &Store) -> Result<Self> {
        let meta: Meta = store.load("meta")?.pop().unwrap_or_default();
        let start = meta.starts.saturating_add(1);
        store.put(&["meta", "starts"], &Meta { starts: start })?;
        let seeded: Vec<BTreeSet<String>> = store.load("seeded")?;
        Ok(Self { start, seeded: seeded.into_iter().flatten().collect() })
    }

    /// How often the folder was in use, this time included.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Whether something was seeded before, now or by an earlier process.
    pub fn is_seeded(&self, what: &str) -> bool {
        self.seeded.contains(what)
    }

    /// Remembers that something was seeded, so that it stays deleted once somebody deletes it.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn mark_seeded(&mut self, store: &Store, what: String) -> Result<()> {
        self.seeded.insert(what);
        store.put(&["seeded", "made"], &self.seeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_remembers() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), "aws").expect("opens");
        let mut first = History::begin(&store).expect("an empty folder");
        assert_eq!((first.start(), first.is_seeded("a role")), (1, false));
        first.mark_seeded(&store, "a role".to_owned()).expect("writes");
        assert!(first.is_seeded("a role"));
        let second = History::begin(&store).expect("the same folder");
        assert_eq!((second.start(), second.is_seeded("a role"), second.is_seeded("another")), (2, true, false));
    }
}
