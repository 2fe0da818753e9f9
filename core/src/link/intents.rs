//! From a manifest to checked intents: references followed, scopes added up, capabilities held against.

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::registry::clouds::Registration;
use crate::link::reader::{Reader, Refused};
use crate::manifest::document::Manifest;
use crate::vocabulary::intent::Intents;

/// What the manifest asks of a provider, and every problem with that. No request is sent.
pub fn intents(manifest: &Manifest, registration: &Registration) -> (Intents, Vec<Diagnostic>) {
    of(manifest, Some(registration), Refused::LeftOut)
}

/// The same; where the provider isn't known, everything that is wrong whichever it is.
pub(crate) fn of(
    manifest: &Manifest,
    registration: Option<&Registration>,
    refused: Refused,
) -> (Intents, Vec<Diagnostic>) {
    let mut reader = Reader::of(manifest, registration, refused);
    let resources = reader.resources();
    let bound = reader.bound();
    if reader.are_too_many(&bound) {
        return (Intents::default(), reader.problems);
    }
    let grants = reader.grants(&resources, &bound);
    let registries = reader.registries();
    let bindings = reader.bindings(&bound, &grants);
    let is_part = manifest.part.is_some() || !reader.problems.is_empty();
    (Intents { grants, registries, bindings, is_part }, reader.problems)
}
