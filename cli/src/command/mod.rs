//! The commands, one file each; `session` is what those share that read a manifest and talk to a cloud.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod done;
pub(crate) mod drift;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod permissions;
pub(crate) mod plan;
mod providers;
pub(crate) mod revoke;
pub(crate) mod sandbox;
mod session;
pub(crate) mod stacks;

use cloudgrant_core::{Error, ErrorKind, Result};

pub(crate) use self::session::{Work, tell_of_no_grants, unchecked, with_session};
use crate::args::{Cli, Command, Global};
use crate::exit::Exit;
use crate::terminal::printer::Printer;

/// What every command gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shell<'a> {
    pub(crate) global: &'a Global,
    pub(crate) printer: &'a Printer,
}

/// Runs a command.
///
/// # Errors
/// The command's.
pub(crate) fn run(cli: Cli, printer: &Printer) -> Result<Exit> {
    let shell = Shell { global: &cli.global, printer };
    match cli.command {
        Command::Plan(options) => waiting(plan::run(shell, options)),
        Command::Apply(options) => waiting(apply::run(shell, options)),
        Command::Drift(options) => waiting(drift::run(shell, options)),
        Command::Revoke(options) => waiting(revoke::run(shell, options)),
        Command::Done(options) => waiting(done::run(shell, options)),
        Command::Explain(options) => waiting(explain::run(shell, options)),
        Command::Export(options) => waiting(export::run(shell, options)),
        Command::Permissions(options) => waiting(permissions::run(shell, options)),
        Command::Stacks(options) => waiting(stacks::run(shell, options)),
        Command::Providers => providers::run(shell),
        Command::Sandbox(options) => waiting(sandbox::run(shell, options)),
        Command::Audit(options) => audit::run(shell, options),
        Command::Completions(options) => completions::run(shell, &options),
    }
}

/// Only what talks to a cloud pays for a runtime. One thread is enough: the work is waiting for answers.
fn waiting(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Unexpected, "can't start the runtime").with("cause", error))?;
    let result = runtime.block_on(work);
    // A question that nobody answered may still wait for a line: don't wait for that.
    runtime.shutdown_background();
    result
}
