//! `cloudgrant completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell as Kind;
use cloudgrant_core::Result;

use super::Shell;
use crate::args::Cli;
use crate::exit::Exit;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(cloudgrant completions bash)    In ~/.bashrc
  cloudgrant completions zsh > ~/.zfunc/_cloudgrant
  cloudgrant completions fish > ~/.config/fish/completions/cloudgrant.fish")]
pub(crate) struct Options {
    /// Which shell
    shell: Kind,
}

pub(crate) fn run(shell: Shell<'_>, options: &Options) -> Result<Exit> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, name, &mut script);
    shell.printer.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
