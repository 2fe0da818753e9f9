//! What a provider promises and gets: the traits, capabilities, checked intents, objects, errors, and how a plugin registers.

pub(crate) mod attributes;
pub(crate) mod backend;
pub(crate) mod backend_group;
pub(crate) mod backends;
pub(crate) mod capability;
pub(crate) mod change;
pub(crate) mod client_code;
pub(crate) mod confirmed;
pub(crate) mod delivery;
pub(crate) mod diagnostic;
pub(crate) mod error;
pub(crate) mod how_asked;
pub(crate) mod object;
pub(crate) mod observed;
pub(crate) mod permission_document;
pub(crate) mod permissions;
pub(crate) mod platform;
pub(crate) mod protected;
pub(crate) mod provider;
pub(crate) mod registry;
pub(crate) mod remainder;
pub(crate) mod stacks;
pub(crate) mod terraform;
