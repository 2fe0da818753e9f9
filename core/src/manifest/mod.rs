//! Configuration: the manifest in its layers, checked, with the place of everything that is wrong.

pub(crate) mod document;
mod draft;
mod entries;
mod input;
mod layers;
mod levels;
mod loaded;
mod names;
mod one_or_several;
mod places;
mod platform;
mod problems;
mod quick;
mod source;
pub(crate) mod text;
mod untrusted_file;

pub use crate::pace::request_timeout::RequestTimeout;
pub use document::{Binding, Grant, Manifest};
pub use entries::{RegistryEntry, ResourceEntry};
pub use input::LARGEST_MANIFEST;
pub use layers::Overrides;
pub use loaded::Loaded;
pub use names::Names;
pub use one_or_several::one_or_several;
pub use text::format::STANDARD_INPUT;

#[cfg(test)]
mod tests;
