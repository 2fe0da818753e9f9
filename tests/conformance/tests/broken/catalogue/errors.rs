//! Providers whose errors mislead, or say too much.

use std::fmt;

use cloudgrant_conformance::reference::{Cloud, SECRET};
use cloudgrant_core::{Desired, Error, ErrorKind, Note};

use super::breakage;
use crate::breakage::{Breakage, Verb};

fn turned(error: Error, from: ErrorKind, into: ErrorKind) -> Error {
    if error.kind() == from { Error::new(into, error.message()).with("operation", "Something") } else { error }
}

breakage! {
    /// Absence is just another failure.
    VagueAboutAbsence {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            turned(error, ErrorKind::NotFound, ErrorKind::Unexpected)
        }
    }
}

breakage! {
    /// A refusal is just another failure.
    VagueAboutRefusal {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            turned(error, ErrorKind::AccessDenied, ErrorKind::Unexpected)
        }
    }
}

breakage! {
    /// Doesn't say what was refused.
    VagueAboutOperation {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            Error::new(error.kind(), error.message())
        }
    }
}

breakage! {
    /// Gives up when asked to slow down.
    Impatient {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            turned(error, ErrorKind::Throttled, ErrorKind::Quota)
        }
    }
}

breakage! {
    /// Gives up when the cloud fails for a moment.
    Overloaded {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            turned(error, ErrorKind::Unavailable, ErrorKind::Unexpected)
        }
    }
}

breakage! {
    /// Takes what isn't known everywhere yet for absent.
    Hasty {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            turned(error, ErrorKind::NotYet, ErrorKind::NotFound)
        }
    }
}

breakage! {
    /// Shows the secret in a note.
    LeakingNote {
        fn wanted(&self, _: &Cloud, _: Verb, answer: &mut Desired) {
            answer.notes.push(Note::info("secret labels-token", format!("it is {SECRET}")));
        }
    }
}

breakage! {
    /// Shows the whole request when it fails.
    LeakingError {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            error.with("request", format!("PUT token={SECRET}"))
        }
    }
}

breakage! {
    /// Keeps the whole request among an error's causes.
    LeakingCause {
        fn failed(&self, _: &Cloud, error: Error) -> Error {
            error.source(std::io::Error::other(format!("PUT token={SECRET}")))
        }
    }
}

/// Shows its credentials to whoever prints it.
#[derive(Default)]
pub(crate) struct LeakingDebug;

impl fmt::Debug for LeakingDebug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }
}

impl Breakage for LeakingDebug {}
