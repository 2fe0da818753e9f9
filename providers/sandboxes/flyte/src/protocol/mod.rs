//! The wire: JSON as gRPC-gateway reads and writes it, its errors, and query strings.

pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod json;
pub(crate) mod marshaler;
pub(crate) mod messages;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod status;
