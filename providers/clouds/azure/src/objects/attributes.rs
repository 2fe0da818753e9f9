//! Attributes of objects, from and to what their kind knows them as.

use cloudgrant_core::{Action, Attributes, Change, Error, Result};
use serde::{Deserialize, Serialize};

use crate::names::resource_id::ResourceId;
use crate::objects::refusals::not_known_how;

/// What a change is about: what is to be there, or what goes.
///
/// # Errors
/// It says neither: a bug.
pub(super) fn of_change(change: &Change) -> Result<&Attributes> {
    match (change.action, &change.before, &change.after) {
        (Action::Create | Action::Update, _, Some(after)) => Ok(after),
        (Action::Delete, Some(before), _) => Ok(before),
        _ => Err(not_known_how(change)),
    }
}

/// Attributes as their kind has them.
///
/// # Errors
/// They aren't those of that kind: a bug of this provider's.
pub(super) fn read<'a, T: Deserialize<'a>>(kind: &str, attributes: &'a Attributes) -> Result<T> {
    serde_json::from_str(attributes.as_str())
        .map_err(|why| Error::provider_bug("azure", format!("a {kind} with other attributes than its own: {why}")))
}

/// What a kind has as attributes.
pub(super) fn written(attributes: &impl Serialize) -> Attributes {
    // Texts, and lists and maps of texts: there is nothing that isn't JSON.
    serde_json::value::to_raw_value(attributes).unwrap_or_default().into()
}

/// A resource ID among attributes.
///
/// # Errors
/// It is none: a bug of this provider's.
pub(super) fn resource(text: &str) -> Result<ResourceId> {
    ResourceId::parse(text).map_err(|why| Error::provider_bug("azure", format!("`{text}` is no resource ID: {why}")))
}
