//! Who read and wrote identities and their federated credentials, in the order in which it was carried out.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::planted::PERSON;

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Reads identities: one, or all.
    Reads,
    /// Makes an identity, or replaces its tags.
    Writes,
    /// Deletes an identity with all that is its own.
    Deletes,
    /// Reads an identity's credentials.
    ReadsCredentials,
    /// Makes or changes a credential.
    WritesCredential,
}

#[derive(Debug)]
struct Call {
    turn: u64,
    at: Duration,
    by: String,
    deed: Deed,
    /// In lower case.
    path: String,
}

/// The calls of runs, each of which has a token of its own, and of the person.
#[derive(Debug)]
pub(super) struct Calls(Vec<Call>);

impl Calls {
    /// From the sandbox's log.
    pub(super) fn read(log: &[Value]) -> Self {
        let call = |line: &Value| {
            let rest = line["action"].as_str()?.strip_prefix("Microsoft.ManagedIdentity/userAssignedIdentities/")?;
            let deed = match rest {
                "read" => Deed::Reads,
                "write" => Deed::Writes,
                "delete" => Deed::Deletes,
                "federatedIdentityCredentials/read" => Deed::ReadsCredentials,
                "federatedIdentityCredentials/write" => Deed::WritesCredential,
                _ => return None,
            };
            let done = line["status"].as_u64().is_some_and(|status| (200..300).contains(&status));
            let reads = matches!(deed, Deed::Reads | Deed::ReadsCredentials);
            if !done && !reads {
                return None;
            }
            let path = line["path"].as_str()?.split('?').next()?.to_lowercase();
            let by = if line["caller"] == PERSON { PERSON } else { line["token"].as_str()? };
            let at = Duration::from_micros(line["at_us"].as_u64()?);
            Some(Call { turn: line["turn"].as_u64()?, at, by: by.to_owned(), deed, path })
        };
        let mut calls: Vec<_> = log.iter().filter_map(call).collect();
        calls.sort_by_key(|call| call.turn);
        Self(calls)
    }

    /// For each write of an identity that isn't the person's, how long ago its writer had read it, or had read before
    /// that.
    pub(super) fn windows(&self, last: usize) -> Vec<Duration> {
        let mut reads: HashMap<&str, Vec<Duration>> = HashMap::new();
        let mut windows = Vec::new();
        for call in self.0.iter().filter(|call| call.by != PERSON) {
            let reads = reads.entry(&call.by).or_default();
            match call.deed {
                Deed::Reads => reads.push(call.at),
                Deed::Writes => {
                    windows.extend(reads.iter().nth_back(last - 1).map(|read| call.at.saturating_sub(*read)));
                }
                _ => {}
            }
        }
        windows
    }

    /// The turn of the person's last write of an identity's tags, or of a credential.
    pub(super) fn last_by_person(&self, deed: Deed, path: &str, before: u64) -> Option<u64> {
        let wanted = |call: &&Call| call.by == PERSON && call.deed == deed && call.path == path && call.turn < before;
        self.0.iter().rev().find(wanted).map(|call| call.turn)
    }

    /// The turn of the person's reading of credentials of that number, counted from 1; at the end there is none.
    pub(super) fn reading(&self, number: usize) -> u64 {
        let readings = self.0.iter().filter(|call| call.by == PERSON && call.deed == Deed::ReadsCredentials);
        number.checked_sub(1).and_then(|at| readings.map(|call| call.turn).nth(at)).unwrap_or(u64::MAX)
    }

    /// What others did to an identity between two turns, and whether they had a chance to see what was there at the first
    /// one: whether they had `looked` at it in between.
    pub(super) fn others(&self, deed: Deed, looked: Deed, path: &str, from: u64, until: u64) -> Vec<bool> {
        let between: Vec<_> =
            self.0.iter().filter(|call| call.by != PERSON && call.turn > from && call.turn < until).collect();
        let sees = |at: usize, by: &str| {
            between[..at].iter().any(|call| call.by == by && call.deed == looked && call.path.starts_with(path))
        };
        let wanted = between.iter().enumerate().filter(|(_, call)| call.deed == deed && call.path == path);
        wanted.map(|(at, call)| sees(at, &call.by)).collect()
    }
}
