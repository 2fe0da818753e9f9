//! The terminal: what is printed, progress, logs, and Ctrl-C.

pub(crate) mod bars;
pub(crate) mod build_log;
mod harmless;
pub(crate) mod interrupt;
pub(crate) mod logging;
pub(crate) mod printer;
pub(crate) mod progress;
pub(crate) mod question;
pub(crate) mod unstyled;
