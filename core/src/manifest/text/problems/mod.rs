//! How problems of a text are told: which of them, in which order, beside which line, and with which hints.

pub(crate) mod excerpt;
pub(crate) mod hidden;
pub(crate) mod indented;
pub(crate) mod misspelt;
pub(crate) mod notation;
pub(crate) mod several;
