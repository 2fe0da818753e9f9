//! `cloudgrant completions`

use clap::Args;
use clap_complete::Shell as Kind;
use clap_complete::env::Shells;
use cloudgrant_core::{Error, ErrorKind, Result};

use super::Shell;
use crate::complete::VARIABLE;
use crate::exit::Exit;

const COMMAND: &str = "cloudgrant";

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Completes commands, options and files, and the providers, profiles, grants and registries that there are.

Examples:
  source <(cloudgrant completions bash)   In ~/.bashrc
  source <(cloudgrant completions zsh)    In ~/.zshrc, after compinit
  cloudgrant completions fish | source    In ~/.config/fish/config.fish")]
pub(crate) struct Options {
    /// Which shell
    shell: Kind,
}

pub(crate) fn run(shell: Shell<'_>, options: &Options) -> Result<Exit> {
    let name = options.shell.to_string();
    let failed = || Error::new(ErrorKind::Unexpected, format!("can't make a completion script for {name}"));
    let mut script = Vec::new();
    // The shell asks the command that it finds by this name, so that the answers fit the version that runs.
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(failed)?;
    completer
        .write_registration(VARIABLE, COMMAND, COMMAND, COMMAND, &mut script)
        .map_err(|cause| failed().with("cause", cause))?;
    shell.printer.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
