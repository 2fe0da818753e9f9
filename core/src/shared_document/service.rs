//! What differs between the services whose documents others write too.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::contract::error::{Error, Result};

/// One change to a document that others write too: the document, how it is read and written, and what is to become of it.
#[async_trait]
pub trait SharedDocument: Sync {
    /// What the document says. Equal where nothing differs that has to be written.
    type Document: Clone + PartialEq + Send + Sync;
    /// What a read says of the version, such as an ETag; `()` where the service has none.
    type Version: Send + Sync;
    /// A part of it that has a writer of its own, such as a statement of a policy. [`Infallible`](std::convert::Infallible) where
    /// what a write undid isn't looked for.
    type Part: Clone + PartialEq + Debug + Send + Sync;

    /// How often it is written, as others undid it or were quicker, before [`outrun`](Self::outrun) is the answer.
    const TRIES: usize;

    /// What keeps two writers apart.
    fn guard(&self) -> Guard;

    /// The document as it is, with everything in it as others wrote it. Never writes.
    ///
    /// # Errors
    /// It can't be read, or couldn't be written back as it is.
    async fn read(&self) -> Result<Versioned<Self::Document, Self::Version>>;

    /// What is there with the change in it, and all else as it was.
    ///
    /// # Errors
    /// Somebody else is in the way of the change.
    fn merged(&self, there: &Self::Document) -> Result<Merged<Self::Document>>;

    /// Replaces the document, once: whoever sends one again has to read again before. With a version, only where that is still the
    /// current one. Says what else was done that nobody asked for, for a report.
    ///
    /// # Errors
    /// It wasn't written, or isn't known to be.
    async fn write(&self, next: &Self::Document, version: &Self::Version) -> Result<Vec<String>, Unwritten>;

    /// The error where others undid the change in each of the tries, or were quicker.
    fn outrun(&self) -> Error;

    /// Whether what is there has the change already. `has_written` says whether an earlier try wrote it.
    fn is_done(&self, there: &Self::Document, merged: &Self::Document, has_written: bool) -> bool {
        let _ = has_written;
        there == merged
    }

    /// Whether a failed reading says that the change is made: with what the document is of, what was to be taken away is gone.
    fn is_gone(&self, error: &Error) -> bool {
        let _ = error;
        false
    }

    /// What others left there, without the change, as the service takes it.
    fn without_change(&self, there: Self::Document) -> Self::Document {
        there
    }

    /// What it is called in remarks: `the policy of bucket acme-shared`.
    fn title(&self) -> String {
        String::new()
    }

    /// What its parts are called in remarks.
    fn part_words(&self) -> PartWords {
        PartWords { noun: "part", unnamed: "without name" }
    }

    /// The parts of a document.
    fn parts<'a>(&self, document: &'a Self::Document) -> &'a [Self::Part] {
        let _ = document;
        &[]
    }

    /// A document with some parts put in and others taken out.
    fn with_parts(&self, document: Self::Document, added: &[Self::Part], removed: &[Self::Part]) -> Self::Document {
        let _ = (added, removed);
        document
    }

    /// The name of a part, unique within a document; `None` where it has none.
    fn name_of<'a>(&self, part: &'a Self::Part) -> Option<&'a str> {
        let _ = part;
        None
    }

    /// Whether two parts of one name say the same, in whatever words the service shows it for now.
    fn says_the_same(&self, one: &Self::Part, other: &Self::Part) -> bool {
        one == other
    }

    /// Whether this stack wrote a part. Each of these has a change of its own that looks after it.
    fn is_ours(&self, part: &Self::Part) -> bool {
        let _ = part;
        false
    }

    /// Whether some stack wrote a part, this one or another: no person's wish.
    fn is_of_a_stack(&self, part: &Self::Part) -> bool {
        self.is_ours(part)
    }
}

/// What parts of a document are called in remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartWords {
    /// `statement`
    pub noun: &'static str,
    /// In the place of a name where a part has none: `without Sid`.
    pub unnamed: &'static str,
}

/// What keeps two writers of a document apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// The service refuses a write whose version isn't the current one.
    Version,
    /// Nothing: what is written is read back.
    ReadBack,
    /// Nothing, and a reading may show an older document for some seconds: a second reading goes beside each write.
    ReadingBeside {
        /// How long a write without an answer may take until the service carries it out, at most.
        patience: Duration,
    },
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<D, V = ()> {
    /// What it says.
    pub document: D,
    /// Which version that is.
    pub version: V,
}

/// A document with a change in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged<D> {
    /// What is to be written.
    pub document: D,
    /// What stays otherwise than it was asked for, for a report.
    pub remarks: Vec<String>,
}

impl<D> From<D> for Merged<D> {
    fn from(document: D) -> Self {
        Self { document, remarks: Vec::new() }
    }
}

/// Why a document wasn't written, or isn't known to be.
#[derive(Debug)]
pub enum Unwritten {
    /// Somebody else was quicker: the version isn't the current one any more.
    Outrun,
    /// It wasn't carried out, and won't be.
    Refused(Error),
    /// It was carried out or not.
    Unknown(Error),
    /// The same, and the service may carry it out yet.
    MayCome(Error),
}

impl Unwritten {
    /// The same with another error.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        match self {
            Self::Outrun => Self::Outrun,
            Self::Refused(error) => Self::Refused(change(error)),
            Self::Unknown(error) => Self::Unknown(change(error)),
            Self::MayCome(error) => Self::MayCome(change(error)),
        }
    }
}
