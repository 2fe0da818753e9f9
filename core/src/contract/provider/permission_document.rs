//! What whoever runs cloudgrant must be allowed, and no more.

use serde::Serialize;
use serde_json::Value;

/// What somebody wants to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// `plan`, `drift` and `explain`: reading alone.
    Plan,
    /// `apply` and `revoke` as well.
    Apply,
}

/// One document that gives somebody what they need, in the cloud's own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionDocument {
    /// The word that chooses this document among all, such as the account: no two have the same.
    pub name: String,
    /// What the document is, such as `IAM policy`.
    pub kind: String,
    /// Who gets it and where, such as `whoever runs cloudgrant in account 111122223333`.
    pub holder: String,
    /// The document, ready for the cloud's own tool.
    pub document: Value,
    /// What a reader should know.
    pub notes: Vec<String>,
}
