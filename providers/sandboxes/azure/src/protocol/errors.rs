//! Errors as Azure Resource Manager answers them.

use cloudgrant_sandbox_kit::SandboxError;
use http::HeaderName;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};

/// The result of carrying out an action.
pub(crate) type Answer<T> = Result<T, ArmError>;

/// An error that goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArmError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl ArmError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(409, code, message)
    }

    /// The same with the challenge that a 401 carries.
    #[must_use]
    pub(crate) fn challenge(mut self, challenge: String) -> Self {
        self.headers.push((WWW_AUTHENTICATE, challenge));
        self
    }

    /// A body that can't be read, or lacks what the operation needs.
    pub(crate) fn invalid_content(why: &str) -> Self {
        Self::bad_request(
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{why}'."),
        )
    }

    /// Source: "Understand how Azure Resource Manager throttles requests": 429 with Retry-After in seconds.
    pub(crate) fn throttled(code: &'static str, message: impl Into<String>, seconds: u64) -> Self {
        let mut error = Self::new(429, code, message);
        error.headers.push((RETRY_AFTER, seconds.max(1).to_string()));
        error
    }

    pub(crate) fn unexpected() -> Self {
        Self::new(500, "InternalServerError", "The server encountered an internal error. Please retry the request.")
    }

    pub(crate) fn body(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message}})
    }
}

/// State that can't be written is the sandbox's failure, and clients see it as the service's.
impl From<SandboxError> for ArmError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox could not keep its state");
        Self::new(500, "InternalServerError", error.to_string())
    }
}
