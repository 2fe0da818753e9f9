//! Signing in: what clients are told, tokens, and who calls.

pub(crate) mod caller;
pub(crate) mod jwt;
pub(crate) mod metadata;
pub(crate) mod token;
