//! What the sandbox answers: objects, tokens, reviews, and what there is.

pub(crate) mod discovery;
pub(crate) mod objects;
pub(crate) mod openapi;
pub(crate) mod reviews;
pub(crate) mod tokens;
