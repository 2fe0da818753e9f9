//! What comes of a case.

use std::fmt;
use std::io::Write;

use cloudgrant_core::Error;

/// What comes of a case that finds nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider keeps the sentence.
    Passed,
    /// It could not be told, or not wholly, and why.
    Skipped(String),
}

/// A sentence of the contract that the provider doesn't keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The sentence.
    pub sentence: &'static str,
    /// What the provider did instead.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the contract says: {}\nbut: {}", self.sentence, self.found)
    }
}

impl std::error::Error for Violation {}

/// What comes of a case.
pub type Verdict = Result<Outcome, Violation>;

/// Why a case ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Found(String),
    Skip(String),
}

/// What a case's own code returns, before the sentence is put to it.
pub(crate) type Checked<T = ()> = Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Found(format!("an error where none belongs: {error:?}"))
    }
}

pub(crate) fn found<T>(what: impl Into<String>) -> Checked<T> {
    Err(Stop::Found(what.into()))
}

pub(crate) fn skip<T>(why: impl Into<String>) -> Checked<T> {
    Err(Stop::Skip(why.into()))
}

/// Something is wrong unless the condition holds.
pub(crate) fn hold(condition: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { found(otherwise()) }
}

pub(crate) fn judge(sentence: &'static str, result: Checked) -> Verdict {
    match result {
        Ok(()) => Ok(Outcome::Passed),
        Err(Stop::Skip(why)) => Ok(Outcome::Skipped(why)),
        Err(Stop::Found(found)) => Err(Violation { sentence, found }),
    }
}

/// Runs a case as a test: panics if the provider breaks the sentence, and says on standard error if it was skipped.
///
/// [`suite!`](crate::suite) calls it.
///
/// # Panics
/// With the sentence and what was found instead.
pub fn run<F: Future<Output = Verdict>>(case: &str, verdict: F) {
    // A runtime of our own, so that the integrator's crate needs none; two threads, because a fixture may well serve
    // its cloud from the same process.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let verdict = match runtime {
        Ok(runtime) => runtime.block_on(verdict),
        Err(error) => panic!("no runtime for the test: {error}"),
    };
    match verdict {
        Ok(Outcome::Passed) => {}
        // Written past the test harness, which would swallow what is printed.
        Ok(Outcome::Skipped(why)) => drop(writeln!(std::io::stderr(), "skipped: {case}: {why}")),
        Err(violation) => panic!("{violation}"),
    }
}
