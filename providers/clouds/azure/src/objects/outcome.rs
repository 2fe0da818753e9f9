//! What comes of a change.

use cloudgrant_core::Outcome;

/// The object has this ID.
pub(super) fn named(id: &str) -> Outcome {
    Outcome { identifier: Some(id.to_owned()), ..Outcome::default() }
}
