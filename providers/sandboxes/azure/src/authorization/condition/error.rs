//! Why a text is no condition.

use std::fmt;

/// A text that is not a valid condition. Azure answers such a one with "The given role assignment condition is
/// invalid."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// Where, in bytes from the start of the text. The text's length where something is missing at its end.
    pub offset: usize,
}

impl SyntaxError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.message, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
