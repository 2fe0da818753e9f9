//! How often each action was called.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// A snapshot of a [`Counter`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All requests, whatever their answer was.
    pub total: u64,
    /// Requests by action, for example `iam:CreateRole`.
    pub by_action: BTreeMap<String, u64>,
}

/// Counts requests while a sandbox runs; it can be read at any time.
#[derive(Debug, Default)]
pub struct Counter {
    counts: Mutex<Counts>,
}

impl Counter {
    /// Counts one request. Throttled and failed requests count too: what a client sent is what is measured.
    pub fn count(&self, action: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total += 1;
        // An action is new only once, so the common case allocates nothing.
        if let Some(count) = counts.by_action.get_mut(action) {
            *count += 1;
        } else {
            counts.by_action.insert(action.to_owned(), 1);
        }
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts again from zero.
    pub fn reset(&self) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_action_and_in_total() {
        let counter = Counter::default();
        counter.count("iam:GetRole");
        counter.count("iam:GetRole");
        counter.count("sts:GetCallerIdentity");
        let counts = counter.counts();
        assert_eq!(counts.total, 3);
        assert_eq!(counts.by_action["iam:GetRole"], 2);
        counter.reset();
        assert_eq!(counter.counts(), Counts::default());
    }
}
