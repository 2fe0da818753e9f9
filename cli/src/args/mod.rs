//! What is written on the command line beside the command: the options of them all, how a shell completes them, and
//! what is said about mistakes.

pub(crate) mod complete;
mod global;
pub(crate) mod manifest_file;
pub(crate) mod mistakes;

pub(crate) use self::global::{Global, Output, contradiction, default_folder, says_no};
