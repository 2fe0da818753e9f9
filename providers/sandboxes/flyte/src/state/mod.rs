//! What the sandbox remembers: projects, and the records of attributes.

pub(crate) mod model;
mod tables;

pub(crate) use self::tables::State;
