//! One error for everything: what was attempted, on what, what came of it, and what to do.

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::shown::bounded;

/// The result of anything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What kind of failure it is: it decides about retries and exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The manifest, the configuration or the command line is wrong. Nothing was changed, and mostly nothing called.
    Manifest,
    /// The selected provider can't do what was asked. Nothing was changed, and mostly nothing called.
    Unsupported,
    /// Something that was taken for granted isn't there.
    NotFound,
    /// The cloud refused the caller.
    AccessDenied,
    /// There are no credentials, or they have expired.
    Credentials,
    /// The credentials are for another account, subscription or tenant than the manifest's.
    WrongAccount,
    /// An object of somebody else is in the way.
    Conflict,
    /// A quota of the cloud doesn't allow it.
    Quota,
    /// The cloud asks to slow down.
    Throttled,
    /// The cloud, or the way to it, fails at the moment.
    Unavailable,
    /// There is no way to the cloud: its name isn't known, or nobody listens there. Nothing was sent. What only reads is
    /// not tried for long then.
    Unreachable,
    /// Something written a moment ago isn't seen everywhere yet.
    NotYet,
    /// The cloud changed between plan and apply.
    PlanStale,
    /// A provider breaks the contract.
    ProviderBug,
    /// Somebody interrupted.
    Cancelled,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Unreachable | Self::NotYet)
    }

    /// Whether the request was wrong from the start, before any cloud was asked: exit code 2.
    pub fn is_usage(self) -> bool {
        matches!(self, Self::Manifest | Self::Unsupported)
    }
}

/// An error: kind, message, context, hint, and what caused it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    hint: Option<String>,
    diagnostics: Vec<Diagnostic>,
    source: Option<Source>,
}

impl Error {
    /// An error of a kind, with a message that says what was attempted.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: bounded(message.into()),
            context: Vec::new(),
            hint: None,
            diagnostics: Vec::new(),
            source: None,
        }))
    }

    /// The problems of a manifest, all of them.
    pub fn manifest(diagnostics: Vec<Diagnostic>) -> Self {
        let message = match diagnostics.len() {
            1 => "the manifest has a problem".to_owned(),
            n => format!("the manifest has {n} problems"),
        };
        let mut error = Self::new(ErrorKind::Manifest, message);
        error.0.diagnostics = diagnostics;
        error
    }

    /// A provider that breaks the contract.
    pub fn provider_bug(provider: &str, what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::ProviderBug, format!("the provider `{provider}` broke its contract: {what}"))
            .hint("this is a bug in the provider; report it to its author")
    }

    /// Adds a fact: the operation, the object, what the cloud said. The first of a key stays.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        if !self.0.context.iter().any(|(known, _)| *known == key) {
            self.0.context.push((key, bounded(value.to_string())));
        }
        self
    }

    /// Says what to do. A hint that is nearer to the cause stays.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| bounded(hint.into()));
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Attaches the places and sentences of what is wrong.
    #[must_use]
    pub fn diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.0.diagnostics = diagnostics;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message, without context.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// What to do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The single problems of a manifest, or of a batch.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }
}

impl fmt::Display for Error {
    /// One line: the message and the facts. The command line renders more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for diagnostic in &self.0.diagnostics {
            write!(f, "; {diagnostic}")?;
        }
        for (key, value) in &self.0.context {
            write!(f, "; {key}: {value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        if let Some(hint) = &self.0.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_fact_and_hint_stay() {
        let error = Error::new(ErrorKind::Conflict, "can't create role x")
            .with("operation", "iam:CreateRole")
            .with("operation", "apply")
            .hint("near")
            .hint("far");
        assert_eq!(error.to_string(), "can't create role x; operation: iam:CreateRole");
        assert_eq!(error.hint_text(), Some("near"));
    }
}
