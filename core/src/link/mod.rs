//! From a manifest to intents: references are followed, scopes add up, and what a cloud can't do is refused.

pub(crate) mod carried;
pub(crate) mod intents;
pub(crate) mod unsupported;
