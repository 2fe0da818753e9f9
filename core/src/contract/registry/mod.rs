//! The registry: clouds and platforms that are linked in register themselves.

pub(crate) mod clouds;
pub(crate) mod platforms;
