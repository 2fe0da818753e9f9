//! Holding requests, so that what happens at a certain moment can be looked at: a client that is killed there, say.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

/// From a certain request on, nothing is carried out until somebody says so.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// The first sequence number that is held before it is carried out.
    before: Option<u64>,
    /// The sequence number that is held after it is carried out.
    after: Option<u64>,
    /// The sequence numbers that are held, and whether they are carried out.
    held: Mutex<BTreeMap<u64, bool>>,
    /// Whether held requests go on, or nothing comes of them; `None` until somebody says which.
    verdict: watch::Sender<Option<bool>>,
}

impl Gate {
    /// `since` is the sequence number of the last request that came before this gate.
    pub(crate) fn new(since: u64, hold_before: Option<u64>, hold_after: Option<u64>) -> Self {
        let after = hold_after.map(|position| since.saturating_add(position));
        let before = hold_before.map(|position| since.saturating_add(position));
        let behind = after.map(|after| after.saturating_add(1));
        let before = [before, behind].into_iter().flatten().min();
        Self { before, after, ..Self::default() }
    }

    /// Waits if the request is to be held before it is carried out; whether it goes on.
    pub(crate) async fn before(&self, sequence: u64) -> bool {
        if self.before.is_none_or(|first| sequence < first) {
            return true;
        }
        self.wait(sequence, false).await
    }

    /// Waits if the request is to be held before it is answered; whether it goes on.
    pub(crate) async fn after(&self, sequence: u64) -> bool {
        if self.after != Some(sequence) {
            return true;
        }
        self.wait(sequence, true).await
    }

    async fn wait(&self, sequence: u64, carried_out: bool) -> bool {
        self.held().insert(sequence, carried_out);
        let mut verdict = self.verdict.subscribe();
        // The sender lives as long as self, so waiting can't fail.
        let goes_on = verdict.wait_for(Option::is_some).await.is_ok_and(|verdict| *verdict == Some(true));
        self.held().remove(&sequence);
        goes_on
    }

    /// Lets all go that are held, and all that come; or has nothing come of those that are held and those that come.
    pub(crate) fn release(&self, goes_on: bool) {
        self.verdict.send_replace(Some(goes_on));
    }

    /// What is held, as JSON.
    pub(crate) fn show(&self) -> Value {
        let held: Vec<_> = self
            .held()
            .iter()
            .map(|(sequence, carried_out)| json!({"sequence": sequence, "carried_out": carried_out}))
            .collect();
        json!({ "held": held })
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, bool>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
