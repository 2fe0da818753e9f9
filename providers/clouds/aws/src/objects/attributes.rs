//! From what a kind is like to attributes, and back.

use cloudgrant_core::{Attributes, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// Attributes as their kind has them.
///
/// # Errors
/// They aren't those of that kind: a bug of this provider's.
pub(super) fn read<'a, T: Deserialize<'a>>(kind: &str, attributes: &'a Attributes) -> Result<T> {
    serde_json::from_str(attributes.as_str())
        .map_err(|why| Error::provider_bug("aws", format!("a {kind} with other attributes than its own: {why}")))
}

/// What a kind has as attributes.
pub(super) fn written(attributes: &impl Serialize) -> Attributes {
    raw(attributes).into()
}

/// The text of what is JSON in any case.
pub(crate) fn raw(value: &impl Serialize) -> Box<RawValue> {
    // Texts, and lists and maps of texts: whatever has plain keys can be written.
    to_raw_value(value).unwrap_or_default()
}

/// The tree of such a text.
pub(super) fn tree(text: &RawValue) -> Value {
    serde_json::from_str(text.get()).unwrap_or_default()
}
