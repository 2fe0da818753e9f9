//! From a tree's values to types, strictly, and what is said of a value that isn't one of those that may stand there.

pub(crate) mod possible;
pub(crate) mod reader;
pub(crate) mod strict;
pub(crate) mod wrong;
