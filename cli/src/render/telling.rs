//! How a plan is told: in which words, how much of it, and for which command line.

use super::pasted::Here;
use crate::args::Global;

/// In which words the same plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// What would be done.
    Plan,
    /// What would be taken away.
    Revoke,
    /// What is not as it should be.
    Drift,
}

/// How a plan is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling<'a> {
    /// In which words.
    pub(crate) wording: Wording,
    /// Only the last line.
    pub(crate) summary_only: bool,
    /// All that there is to say, although nothing is to do.
    pub(crate) in_full: bool,
    /// How wide a line may be.
    pub(crate) width: Option<usize>,
    /// Where the stack's own objects are, for people.
    pub(crate) place: &'a str,
    /// The options that a command needs in order to speak of the same thing.
    pub(crate) global: &'a Global,
    /// How commands have to be written here.
    pub(crate) here: &'a Here,
}
