//! What can be written after `cloudgrant`, and which command runs it.

use clap::{Parser, Subcommand};
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::args::Global;
use crate::command::shell::Shell;
use crate::command::{
    apply, audit, completions, done, drift, explain, export, permissions, plan, providers, revoke, sandbox, show,
    stacks, validate,
};
use crate::exit::Exit;
use crate::terminal::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  cloudgrant validate               Check the manifest, without a cloud
  cloudgrant plan                   Show what would change; change nothing
  cloudgrant apply                  Show it, ask, and apply it
  cloudgrant plan --sandbox         Try it without an account
  cloudgrant drift --exit-code      Exit with 3 when something differs
  cloudgrant revoke training-data   Revoke a grant
  cloudgrant explain training-data  Show the exact policies of a grant

Exit codes:
  0    done, or nothing to do; steps for somebody else don't count as a failure
  1    failed, or not approved at the prompt
  2    the command line or the manifest is wrong; nothing was changed
  3    there is something to do (only with --exit-code)
  130  interrupted before anything was begun";

/// Declare access once. cloudgrant plans the changes on the selected cloud, applies them, verifies them, and can revoke
/// them.
#[derive(Debug, Parser)]
#[command(name = "cloudgrant", version, after_help = EXAMPLES, max_term_width = HELP_WIDTH)]
#[command(subcommand_required = true, arg_required_else_help = true, propagate_version = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How wide help is at most: wider lines are hard to read.
const HELP_WIDTH: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Validate(validate::Options),
    Plan(plan::Options),
    Show(show::Options),
    Apply(apply::Options),
    Drift(drift::Options),
    Revoke(revoke::Options),
    Done(done::Options),
    Stacks(stacks::Options),
    Explain(explain::Options),
    Export(export::Options),
    Permissions(permissions::Options),
    /// List the clouds and platforms that are linked in, and what each can do
    Providers,
    Sandbox(sandbox::Options),
    Audit(audit::Options),
    Completions(completions::Options),
}

impl Command {
    /// Another stack than the manifest's that it is about.
    pub(crate) fn stack(&self) -> Option<&str> {
        match self {
            Self::Revoke(options) => options.stack(),
            Self::Done(options) => options.stack(),
            _ => None,
        }
    }
}

/// Runs a command.
///
/// # Errors
/// The command's.
pub(crate) fn run(cli: Cli, printer: &Printer) -> Result<Exit> {
    let shell = Shell { global: &cli.global, printer };
    match cli.command {
        Command::Validate(options) => waiting(validate::run(shell, options)),
        Command::Plan(options) => waiting(plan::run(shell, options)),
        Command::Show(options) => show::run(shell, &options),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn global(arguments: &[&str]) -> Global {
        let arguments = ["cloudgrant", "plan"].iter().chain(arguments);
        Cli::try_parse_from(arguments).expect("these arguments are right").global
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_sandbox_takes_a_folder_and_no_command() {
        assert_eq!(global(&["--sandbox"]).sandbox_folder("aws"), Some(".cloudgrant/sandbox/aws".into()));
        assert_eq!(global(&["--sandbox=yes"]).sandbox_folder("azure"), Some(".cloudgrant/sandbox/azure".into()));
        assert_eq!(global(&["--sandbox=x/y"]).sandbox_folder("aws"), Some("x/y".into()));
        let cli = Cli::try_parse_from(["cloudgrant", "--sandbox", "plan"]).expect("an option before the command");
        assert!(matches!(cli.command, Command::Plan(_)));
    }

    /// Whatever is printed as a command of this program can be pasted.
    #[test]
    fn what_is_printed_as_a_command_is_one() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).expect("the snapshots") {
            let text = std::fs::read_to_string(file.expect("an entry").path()).expect("text");
            // The first lines say what was run, which may be wrong on purpose.
            let said = text.split_once("----- stdout -----").map_or("", |(_, said)| said);
            let quoted = said.split('`').skip(1).step_by(2);
            let led = said
                .lines()
                .filter_map(|line| line.strip_prefix("To ")?.split_once(": cloudgrant ").map(|(_, rest)| rest));
            let led = led.map(|rest| format!("cloudgrant {rest}"));
            let is_one = |text: &&str| text.starts_with("cloudgrant ") && !text.contains("...");
            for command in quoted.filter(is_one).map(ToOwned::to_owned).chain(led.filter(|text| is_one(&text.as_str())))
            {
                let words = shlex::split(&command).expect("it is closed");
                // `revoke` alone stands for any.
                if words.len() > 2 {
                    assert!(Cli::try_parse_from(&words).is_ok(), "{command}");
                    seen += 1;
                }
            }
        }
        assert!(seen >= 10, "{seen} commands");
    }
}
