//! Why a change isn't made.

use cloudgrant_core::{Change, Error, ErrorKind};

/// No kind makes it: a bug of this provider's.
pub(super) fn not_known_how(change: &Change) -> Error {
    Error::provider_bug("aws", format!("it doesn't know how to {:?} a {}", change.action, change.id.kind))
}

/// What has its name is somebody else's.
pub(super) fn not_ours(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} {name} exists, and is not this stack's"))
        .hint("rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make")
}
