//! From a request to an answer: who calls, which service is meant, and what goes wrong on request.

pub(crate) mod auth;
pub(crate) mod dispatch;
pub(crate) mod target;
