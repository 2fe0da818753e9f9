//! What objects are called.

use std::fmt;

use serde::Serialize;

/// Which object: its kind and its name, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectId {
    /// The kind, such as `iam-role`.
    pub kind: &'static str,
    /// The name, unique within its kind.
    pub name: String,
}

impl ObjectId {
    /// An id.
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
