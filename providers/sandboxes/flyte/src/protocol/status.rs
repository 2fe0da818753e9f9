//! Errors as gRPC knows them, and as gRPC-gateway tells them: `{"code": 5, "message": …, "details": []}` with an HTTP status.

use cloudgrant_sandbox_kit::SandboxError;
use serde_json::{Value, json};

/// A result of a call.
pub(crate) type Answer<T> = Result<T, Status>;

/// Why a call failed, as gRPC numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidArgument = 3,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
    Unauthenticated = 16,
}

impl Code {
    /// The HTTP status that the gateway makes of it, and Connect as well.
    pub(crate) fn http(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::NotFound => 404,
            Self::AlreadyExists => 409,
            Self::PermissionDenied => 403,
            Self::ResourceExhausted => 429,
            Self::Unimplemented => 501,
            Self::Internal => 500,
            Self::Unauthenticated => 401,
        }
    }

    /// The name that Connect has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::ResourceExhausted => "resource_exhausted",
            Self::FailedPrecondition => "failed_precondition",
            Self::Unimplemented => "unimplemented",
            Self::Internal => "internal",
            Self::Unauthenticated => "unauthenticated",
        }
    }
}

/// An error of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Messages, each with its type.
    pub(crate) details: Vec<Value>,
}

impl Status {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Vec::new() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// `missing attributes`
    pub(crate) fn missing(field: &str) -> Self {
        Self::invalid(format!("missing {field}"))
    }

    pub(crate) fn body(&self) -> Value {
        json!({"code": self.code as u8, "message": self.message, "details": self.details})
    }
}

/// The state could not be written: to clients, a database that fails.
impl From<SandboxError> for Status {
    fn from(error: SandboxError) -> Self {
        Self::new(Code::Internal, format!("failed database operation with {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_numbers() {
        let status = Status::missing("attributes");
        assert_eq!(status.body(), json!({"code": 3, "message": "missing attributes", "details": []}));
        assert_eq!(status.code.http(), 400);
        assert_eq!(Code::Unauthenticated as u8, 16);
    }
}
