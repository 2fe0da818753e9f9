//! Texts: those of others shown without credentials, addresses that no parser reads in another way, lists in sentences.

pub(crate) mod listed;
pub(crate) mod origin;
pub(crate) mod redact;
