//! From a manifest to intents: references are followed, scopes add up, and what a cloud can't do is refused.

mod bindings;
mod carried;
pub(crate) mod examined;
mod grants;
pub(crate) mod intents;
mod locator_problem;
mod reader;
mod registries;
mod resources;
