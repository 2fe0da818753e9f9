//! Changes that aren't made.

use cloudgrant_core::{Change, Error, ErrorKind};

pub(super) fn not_known_how(change: &Change) -> Error {
    Error::provider_bug("azure", format!("it doesn't know how to {:?} a {}", change.action, change.id.kind))
}

pub(super) fn not_ours(what: &str, name: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("{what} {name} exists, and is not this stack's"))
        .hint("rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make")
}
