//! The wire formats: queries, bodies, errors, answers.

pub(crate) mod answers;
pub(crate) mod bodies;
pub(crate) mod errors;
pub(crate) mod query;
pub(crate) mod selectors;
