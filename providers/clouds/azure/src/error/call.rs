//! What an error is about.

use cloudgrant_core::{Error, ErrorKind};

/// What is attempted, and on what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// As Azure spells it in roles: `Microsoft.Authorization/roleAssignments/write`.
    pub(crate) operation: &'static str,
    /// A resource ID.
    pub(crate) object: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn new(operation: &'static str, object: &'a str) -> Self {
        Self { operation, object }
    }

    /// An error of this call.
    pub(crate) fn error(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        self.of(Error::new(kind, what))
    }

    pub(super) fn of(&self, error: Error) -> Error {
        error.with("operation", self.operation).with("object", self.object)
    }
}
