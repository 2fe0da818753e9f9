//! The wire formats: queries, bodies, errors, answers.

pub(crate) mod answers;
pub(crate) mod bodies;
pub(crate) mod errors;
mod protobuf;
pub(crate) mod query;
pub(crate) mod selectors;
