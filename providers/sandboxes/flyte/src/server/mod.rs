//! From a request to an answer: which call is meant, who calls, and what goes wrong on request.

pub(crate) mod dispatch;
pub(crate) mod target;
