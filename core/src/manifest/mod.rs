//! Configuration: the manifest in its layers, checked, with the place of everything that is wrong.

pub(crate) mod document;
mod draft;
mod levels;
mod loaded;
mod names;
mod one_or_several;
mod quick;
mod source;
pub(crate) mod text;

pub use crate::pace::request_timeout::RequestTimeout;
pub use document::entries::{RegistryEntry, ResourceEntry};
pub use document::{Binding, Grant, Manifest};
pub use loaded::Loaded;
pub use names::Names;
pub use one_or_several::one_or_several;
pub use source::input::LARGEST_MANIFEST;
pub use source::layers::Overrides;
pub use text::format::STANDARD_INPUT;

#[cfg(test)]
mod tests;
