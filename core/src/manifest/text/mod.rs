//! From a text to a tree that knows where each thing stands, in three notations; and what is said of a text that is wrong.

pub(crate) mod excerpt;
pub(crate) mod format;
pub(crate) mod hidden;
pub(crate) mod indented;
pub(crate) mod misspelt;
pub(crate) mod notation;
pub(crate) mod path;
pub(crate) mod possible;
pub(crate) mod strict;
pub(crate) mod syntax;
pub(crate) mod tree;
pub(crate) mod unspaced;
pub(crate) mod value_reader;
pub(crate) mod wrong;
pub(crate) mod yaml_events;
