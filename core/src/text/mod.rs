//! Texts: those of others shown without credentials, addresses that no parser reads in another way, lists in sentences,
//! patterns with wildcards.

pub(crate) mod listed;
pub(crate) mod origin;
pub(crate) mod redact;
pub(crate) mod wildcard;
