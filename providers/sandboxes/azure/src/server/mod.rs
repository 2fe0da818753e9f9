//! From a request to an answer: which service is meant, and what goes wrong on request.

pub(crate) mod dispatch;
pub(crate) mod target;
pub(crate) mod throttle;
pub(crate) mod writes;
