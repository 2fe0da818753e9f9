//! What a manifest names, looked up: whose a bucket is and which keys encrypt what, whether secrets and repositories are there, and
//! what fills these.

pub(crate) mod buckets;
pub(crate) mod pull_through;
pub(crate) mod reached;
pub(crate) mod repositories;
pub(crate) mod saying;
pub(crate) mod secrets;
