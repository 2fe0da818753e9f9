//! The services, one file or folder each.

pub(crate) mod arm;
pub(crate) mod blob;
pub(crate) mod entra;
pub(crate) mod graph;
pub(crate) mod metadata;
