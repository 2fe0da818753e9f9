//! What is known of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::Note;

use crate::config::AccountId;
use crate::resources::kms_key::Key;

/// Whose a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Account(AccountId),
    /// None of the accounts that could be asked.
    Elsewhere,
    /// Nobody could be asked.
    Unknown,
}

/// How a bucket's objects are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// It couldn't be read, or nobody needs to know.
    Unknown,
    /// Under a key that takes no grant: S3's own, or one that AWS manages.
    NoKey,
    /// Under a customer-managed key.
    Key(Key),
}

/// What is known of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) owner: Owner,
    pub(crate) encryption: Encryption,
    /// Keys that encrypted it before, and what was written then. Source: Amazon S3 user guide, "Setting default server-side
    /// encryption behavior": a new default changes no object that is there.
    pub(crate) former: BTreeSet<Key>,
    /// Where what the stack's policies say of it can't all be so: then it is asked anew.
    pub(crate) contradictions: Option<Contradictions>,
    /// Who owns it by now, in words, where that isn't whose it was when it was granted: that one is kept out.
    pub(super) kept_out: Option<String>,
    pub(super) note: Option<String>,
    /// Whether it isn't there, or isn't the one any more that was granted: what is granted on it reaches nothing. The note says
    /// so.
    pub(super) reaches_nothing: bool,
    /// Whether S3 let nobody look at it. The note says so.
    pub(super) is_unread: bool,
    /// What whoever is to write there should know.
    pub(super) on_writing: Option<String>,
}

impl Bucket {
    pub(crate) fn new(owner: Owner, encryption: Encryption) -> Self {
        Self {
            owner,
            encryption,
            former: BTreeSet::new(),
            contradictions: None,
            kept_out: None,
            note: None,
            reaches_nothing: false,
            is_unread: false,
            on_writing: None,
        }
    }

    /// One that isn't there, or isn't the one any more that was granted, and what is said of that.
    pub(super) fn reaching_nothing(self, note: String) -> Self {
        Self { note: Some(note), reaches_nothing: true, ..self }
    }

    /// One that nobody may look at, and what is said of that.
    pub(super) fn unread(self, note: String) -> Self {
        Self { note: Some(note), is_unread: true, ..self }
    }

    /// The account that owns it, where that is known.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match &self.owner {
            Owner::Account(account) => Some(account),
            Owner::Elsewhere | Owner::Unknown => None,
        }
    }

    /// The customer-managed key, where there is one.
    pub(crate) fn key(&self) -> Option<&Key> {
        match &self.encryption {
            Encryption::Key(key) => Some(key),
            Encryption::Unknown | Encryption::NoKey => None,
        }
    }

    /// Whether it says all that is asked.
    pub(super) fn answers(&self, asked: Asked) -> bool {
        self.account().is_some()
            && self.contradictions.is_none()
            && (asked == Asked::Owner || self.encryption != Encryption::Unknown)
    }
}

/// What the stack's policies say of a bucket, where somebody has edited them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradictions {
    /// All that they name as its owner.
    pub(crate) owners: BTreeSet<AccountId>,
    /// Whether several keys are named as the one that encrypts it now: then only S3 knows.
    pub(crate) has_several_keys: bool,
}

/// What has to be known of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// To list objects.
    Owner,
    /// To read or write them, too.
    Encryption,
}

/// What buckets are looked up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Something may be granted there.
    Granting,
    /// Something else is revoked, and what is granted there stays as it is.
    Keeping,
    /// Statements of the stack are looked for, and nothing is made of what is found out.
    Searching,
}

/// The buckets of a batch, looked up, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets(pub(super) BTreeMap<String, Bucket>);

impl Buckets {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Bucket)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, bucket: &str) -> Option<&Bucket> {
        self.0.get(bucket)
    }

    /// What a reader of the plan should know of a bucket.
    pub(crate) fn note(&self, bucket: &str) -> Option<Note> {
        note(bucket, self.0.get(bucket)?)
    }

    /// The same where something is to be written there.
    pub(crate) fn note_on_writing(&self, bucket: &str) -> Option<Note> {
        let message = self.0.get(bucket)?.on_writing.clone()?;
        Some(Note::warning(format!("bucket {bucket}"), message))
    }
}

/// What a reader of the plan should know of a bucket.
pub(super) fn note(name: &str, bucket: &Bucket) -> Option<Note> {
    let message = bucket.note.clone()?;
    Some(Note::warning(format!("bucket {name}"), message))
}
