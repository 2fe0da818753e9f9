//! What the sandbox remembers: the entities, their tables, identifiers and times.

pub(crate) mod ids;
pub(crate) mod model;
mod tables;
pub(crate) mod time;

pub(crate) use self::tables::{State, Table, below};
