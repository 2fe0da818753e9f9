//! Texts of others: shown without credentials, and addresses that no parser reads in another way.

pub(crate) mod origin;
pub(crate) mod redact;
