//! Policy documents: their form, their statements, and how statements are named.

pub(crate) mod beyond;
pub(crate) mod condition;
pub(crate) mod document;
pub(crate) mod sids;
pub(crate) mod statement;
pub(crate) mod trust;
