//! From a text to a tree that knows where each thing stands, in three notations; from there to values (`values/`); and what is said
//! of a text with which something is wrong (`problems/`).

pub(crate) mod format;
pub(crate) mod path;
pub(crate) mod problems;
pub(crate) mod syntax;
pub(crate) mod tree;
pub(crate) mod unspaced;
pub(crate) mod values;
pub(crate) mod yaml_events;
