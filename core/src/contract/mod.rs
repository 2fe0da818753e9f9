//! What a provider promises and gets: the traits, capabilities, checked intents, objects, errors, and how a plugin registers.

pub(crate) mod backend;
pub(crate) mod delivery;
pub(crate) mod error;
pub(crate) mod object;
pub(crate) mod platform;
pub(crate) mod provider;
pub(crate) mod registry;
