//! Exit codes.

use std::process::ExitCode;

use cloudgrant_core::{Error, ErrorKind, Refusal};

/// With which code to exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is done, or nothing is to do.
    Done,
    /// Something failed.
    Failed,
    /// The command line or the manifest is wrong.
    Misuse,
    /// Something is to do, and `--exit-code` asked to say so.
    Differs,
    /// Interrupted before anything began.
    Interrupted,
    /// Another program's.
    Of(u8),
}

impl Exit {
    /// The code for an error.
    pub(crate) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Cancelled => Self::Interrupted,
            kind if kind.is_usage() => Self::Misuse,
            _ => Self::Failed,
        }
    }

    /// The code for a plan of which an apply would be refused; none where that is only so of this caller, who reads what
    /// somebody else may apply.
    pub(crate) fn of_refusal(refusal: &Refusal) -> Option<Self> {
        (!refusal.is_of_caller()).then(|| Self::of(refusal.error()))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Misuse => Self::from(2),
            Exit::Differs => Self::from(3),
            Exit::Interrupted => Self::from(130),
            Exit::Of(code) => Self::from(code),
        }
    }
}
