//! What the manifest names and can't be used as things are: it isn't there, or it is there and isn't fit. Nothing new can be made
//! of it, which is for the observation to say, and nobody is kept from anything else by that.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::{Diagnostic, Error, ErrorKind};

use crate::names::resource_id::{ResourceId, folded};

/// Why something can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    kind: ErrorKind,
    message: String,
    facts: Vec<(&'static str, String)>,
    hint: Option<String>,
    /// Whether it isn't there, or the caller can't see it. Otherwise what is given on it works no more, for certain.
    pub(crate) is_absent: bool,
}

impl Unusable {
    /// It isn't there, or the caller can't see it.
    pub(crate) fn absent(why: Diagnostic) -> Self {
        let named_by = (!why.path.is_empty()).then_some(("named by", why.path));
        Self {
            kind: ErrorKind::NotFound,
            message: why.message,
            facts: named_by.into_iter().collect(),
            hint: why.hint,
            is_absent: true,
        }
    }

    /// It is there, and what is given on it doesn't work.
    pub(crate) fn unfit(why: Diagnostic) -> Self {
        Self { is_absent: false, ..Self::absent(why) }
    }

    /// The same, in the words of an error.
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.message().to_owned(),
            facts: error.context().to_vec(),
            hint: error.hint_text().map(ToOwned::to_owned),
            is_absent: false,
        }
    }

    /// What to say to whoever wants something of it.
    pub(crate) fn error(self) -> Error {
        let error = Error::new(self.kind, self.message);
        let error = self.facts.into_iter().fold(error, |error, (key, value)| error.with(key, value));
        self.hint.into_iter().fold(error, Error::hint)
    }
}

/// All of it, by what it is.
#[derive(Debug, Default)]
pub(crate) struct AllUnusable {
    /// Resources, subscriptions and identities by their IDs, roles by those of their definitions; in lower case.
    of_assignments: Mutex<BTreeMap<String, Unusable>>,
    /// Whom identities are to trust, by the identities' IDs.
    trust: Mutex<BTreeMap<String, Unusable>>,
}

impl AllUnusable {
    /// Nothing can be assigned on it, or to it, or it can't be assigned. What was said of it first stays.
    pub(crate) fn assign(&self, what: &str, why: Unusable) {
        let mut all = self.of_assignments.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(folded(what)).or_insert(why);
    }

    /// What can't be trusted as an identity is to trust it.
    pub(crate) fn trust(&self, identity: &ResourceId, why: Unusable) {
        let mut all = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(folded(identity.as_str())).or_insert(why);
    }

    /// On what, to whom, or as what nothing can be assigned.
    pub(crate) fn of_assignments(&self) -> BTreeMap<String, Unusable> {
        self.of_assignments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which identities can't trust whom they should.
    pub(crate) fn of_trust(&self) -> BTreeMap<String, Unusable> {
        self.trust.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
