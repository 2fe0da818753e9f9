//! The one error of every sandbox: what was attempted, why it failed, what to do about it.

use std::error::Error;
use std::fmt;

/// A result whose error is a [`SandboxError`].
pub type Result<T, E = SandboxError> = std::result::Result<T, E>;

/// Why a sandbox could not start, or could not keep its state.
#[derive(Debug)]
pub struct SandboxError {
    attempted: String,
    detail: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SandboxError {
    /// An error about something that was attempted, worded so that "could not ..." may stand before it
    /// (for example `open the folder /tmp/x`).
    pub fn new(attempted: impl Into<String>) -> Self {
        Self { attempted: attempted.into(), detail: None, hint: None, source: None }
    }

    /// Adds why it failed, where there is no underlying error to say so.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What was attempted, without the leading "could not".
    pub fn attempted(&self) -> &str {
        &self.attempted
    }

    /// What the reader can do about it, if anything is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.attempted)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl Error for SandboxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
