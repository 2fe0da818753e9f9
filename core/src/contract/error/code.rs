//! Codes: what went wrong, for programs to decide by. Nothing is decided by what people read.

use std::fmt;

use crate::contract::error::kind::ErrorKind;

/// What went wrong, in a word of ours that stays: the [kind](ErrorKind)'s, or one that a provider has for what it tells apart within a
/// kind.
///
/// ```
/// use cloudgrant_core::{Code, Error, ErrorKind};
///
/// const LOCKED: Code = Code::new("locked");
///
/// let plain = Error::new(ErrorKind::Conflict, "the bucket can't be written");
/// assert_eq!(plain.code(), ErrorKind::Conflict.into());
/// assert_eq!(plain.with_code(LOCKED).code(), LOCKED);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(&'static str);

impl Code {
    /// A provider's own: lower-case words with dashes between.
    pub const fn new(word: &'static str) -> Self {
        Self(word)
    }

    /// The word.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<ErrorKind> for Code {
    fn from(kind: ErrorKind) -> Self {
        Self(match kind {
            ErrorKind::Manifest => "manifest",
            ErrorKind::Usage => "usage",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::NotFound => "not-found",
            ErrorKind::AccessDenied => "access-denied",
            ErrorKind::Credentials => "credentials",
            ErrorKind::WrongAccount => "wrong-account",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Quota => "quota",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Unreachable => "unreachable",
            ErrorKind::NotYet => "not-yet",
            ErrorKind::PlanStale => "plan-stale",
            ErrorKind::ProviderBug => "provider-bug",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Unexpected => "unexpected",
        })
    }
}

/// What a cloud itself says is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudError {
    /// Its code, as the provider compares it. Empty where it gave none.
    pub code: String,
    /// Its message. What it means is read by the provider alone, and only where the cloud has one code for several things.
    pub message: String,
}
