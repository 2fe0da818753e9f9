//! From a request to an answer: TLS, which service is meant, and what goes wrong on request.

pub(crate) mod dispatch;
pub(crate) mod target;
pub(crate) mod throttle;
pub(crate) mod tls;
pub(crate) mod writes;
