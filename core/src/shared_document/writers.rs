//! One writer at a time for each document: it is replaced as a whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::shared_document::meanwhile::Meanwhile;

/// The writers of a process, by document, with what each document's last writer remembers of others' edits.
#[derive(Debug)]
pub struct Writers<K, P>(Mutex<HashMap<K, Arc<Mutex<Meanwhile<P>>>>>);

impl<K, P> Default for Writers<K, P> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Eq + Hash, P> Writers<K, P> {
    /// Waits until nobody else in this process writes the document. Whoever drops the answer lets the next one in.
    pub async fn of(&self, document: K) -> OwnedMutexGuard<Meanwhile<P>> {
        let one = self.0.lock().await.entry(document).or_default().clone();
        one.lock_owned().await
    }
}
