//! The wire formats: queries and forms, errors, answers.

pub(crate) mod answers;
pub(crate) mod errors;
pub(crate) mod query;
