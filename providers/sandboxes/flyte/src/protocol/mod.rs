//! The wire: JSON as gRPC-gateway reads and writes it, its errors, and query strings; and Connect, in JSON and in protobuf's binary
//! form.

pub(crate) mod binary;
pub(crate) mod connect;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod json;
pub(crate) mod marshaler;
pub(crate) mod messages;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod status;
