//! From a request to an answer: what is meant, and what goes wrong on request.

pub(crate) mod dispatch;
pub(crate) mod target;
