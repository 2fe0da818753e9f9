//! Errors of the token endpoint. Source: "Microsoft Entra authentication and authorization error codes".

use serde_json::{Value, json};

use crate::state::time;

/// An error of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenError {
    pub(crate) status: u16,
    /// As in `invalid_client` (RFC 6749).
    pub(crate) error: &'static str,
    /// The digits of the AADSTS code.
    pub(crate) code: u64,
    pub(crate) message: String,
}

impl TokenError {
    pub(crate) fn new(status: u16, error: &'static str, code: u64, message: impl Into<String>) -> Self {
        Self { status, error, code, message: message.into() }
    }

    /// The body, with the ids of the request that the message repeats.
    pub(crate) fn body(&self, request_id: &str, correlation_id: &str) -> Value {
        let timestamp = time::entra(time::now());
        json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {request_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
                self.code, self.message
            ),
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": request_id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        })
    }
}
