//! The command line: what can be written, how a shell completes it, and what is said about mistakes.

mod command_line;
pub(crate) mod complete;
pub(crate) mod mistakes;

pub(crate) use self::command_line::{Cli, Command, Global, Output, contradiction, default_folder, quoted, says_no};
