//! What comes of a case.

use std::fmt;
use std::io::Write;

use cloudgrant_core::Error;

use crate::cases::CASES;
use crate::fixture::Fixture;

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

/// Runs a case as a test: panics if the provider breaks the sentence, and if the case was skipped for a reason that the
/// fixture doesn't declare ([`Fixture::SKIPPED`]). Says on standard error what was skipped.
///
/// [`suite!`](crate::suite) calls it.
///
/// # Panics
/// With the sentence and what was found instead; with what was skipped and isn't declared; with what is declared and
/// isn't skipped.
pub fn run<F: Fixture, V: Future<Output = Verdict>>(case: &str, verdict: V) {
    judged(case, CASES, F::SKIPPED, verdict);
}

/// The same for cases of any suite, of which a fixture declares some as skipped.
pub(crate) fn judged<V: Future<Output = Verdict>>(
    case: &str,
    cases: &[(&str, &str)],
    skipped: &[(&str, &str)],
    verdict: V,
) {
    // A runtime of our own, so that the integrator's crate needs none; two threads, because a fixture may well serve
    // its cloud from the same process.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let verdict = match runtime {
        Ok(runtime) => runtime.block_on(verdict),
        Err(error) => panic!("no runtime for the test: {error}"),
    };
    for (declared, _) in skipped {
        assert!(
            cases.iter().any(|(known, _)| known == declared),
            "the fixture declares `{declared}`, which is no case"
        );
    }
    let declared = skipped.iter().find(|(declared, _)| *declared == case).map(|(_, why)| *why);
    match (verdict, declared) {
        (Ok(Outcome::Passed), None) => {}
        (Ok(Outcome::Passed), Some(why)) => panic!("{case} isn't skipped, and the fixture declares that it is: {why}"),
        // Written past the test harness, which would swallow what is printed.
        (Ok(Outcome::Skipped(why)), Some(declared)) if why == declared => {
            drop(writeln!(std::io::stderr(), "skipped: {case}: {why}"));
        }
        (Ok(Outcome::Skipped(why)), _) => panic!(
            "{case} was skipped, for a reason that the fixture doesn't declare: {why}\n\
             give the fixture what the case needs, or declare it in `Fixture::SKIPPED`: ({case:?}, {why:?})"
        ),
        (Err(violation), _) => panic!("{violation}"),
    }
}
