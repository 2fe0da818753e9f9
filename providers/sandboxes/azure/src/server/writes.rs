//! Writes of federated credentials that are under way: one at a time for each identity.
//!
//! Azure refuses a second one while the first has not been answered. A write of the sandbox takes a while too
//! ([`SHORTEST`], and what the `latency` knob adds), so that writes that overlap are seen to.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a write of a federated credential takes at the least.
pub(crate) const SHORTEST: Duration = Duration::from_millis(5);

/// The identities that are being written to.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    identities: Mutex<HashSet<String>>,
}

/// A write under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    writes: &'a Writes,
    identity: String,
}

impl Writes {
    /// Begins a write on an identity, unless one is under way.
    pub(crate) fn begin(&self, identity: &str) -> Option<Write<'_>> {
        let mut identities = self.identities.lock().unwrap_or_else(PoisonError::into_inner);
        identities.insert(identity.to_owned()).then(|| Write { writes: self, identity: identity.to_owned() })
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.writes.identities.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.identity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_for_each_identity() {
        let writes = Writes::default();
        let first = writes.begin("a").expect("free");
        assert!(writes.begin("a").is_none());
        assert!(writes.begin("b").is_some());
        drop(first);
        assert!(writes.begin("a").is_some());
    }
}
