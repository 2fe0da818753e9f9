//! Errors as Microsoft Graph answers them.

use cloudgrant_sandbox_kit::SandboxError;
use serde_json::{Value, json};

use crate::state::time;

/// An error: status, code, message, and perhaps a detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    code: &'static str,
    message: String,
    /// Code and target.
    detail: Option<(&'static str, &'static str)>,
}

pub(super) type Answer<T> = Result<T, GraphError>;

impl GraphError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: None }
    }

    /// What can't be read, or is not allowed.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    pub(super) fn missing(id: &str) -> Self {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// Something else has what has to be there once.
    pub(super) fn taken(message: impl Into<String>) -> Self {
        Self::new(409, "Request_MultipleObjectsWithSameKeyValue", message)
    }

    pub(super) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// The same with a code of its own for a property.
    #[must_use]
    pub(super) fn detail(mut self, code: &'static str, target: &'static str) -> Self {
        self.detail = Some((code, target));
        self
    }

    /// The body, with the id of the request.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        let date = time::iso(time::now());
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": date.split('.').next(),
                "request-id": request_id,
                "client-request-id": request_id,
            },
        });
        if let Some((code, target)) = self.detail {
            error["details"] = json!([{"code": code, "message": self.message, "target": target}]);
        }
        json!({"error": error})
    }
}

/// State that can't be written is the sandbox's failure, and clients see it as the service's.
impl From<SandboxError> for GraphError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox could not keep its state");
        Self::new(500, "InternalServerError", error.to_string())
    }
}
