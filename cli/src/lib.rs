//! Declare once which task code may access what, and apply it to the cloud of your choice.
//!
//! This is the command line as a library. It names no provider, so that a program of one's own can link others:
//!
//! ```no_run
//! // use my_cloud_provider as _;
//! fn main() -> std::process::ExitCode {
//!     cloudgrant_cli::main()
//! }
//! ```
//!
//! Standard output is data; questions, progress, logs and errors go to standard error. The exit code is 0 when all
//! is done or nothing is to do, 1 after a failure, 2 when the command line or the manifest is wrong, 3 where
//! `--exit-code` was asked for and something is to do, and 130 when somebody interrupted before anything began.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod args;
mod command;
mod command_line;
mod exit;
mod export;
mod manifest;
mod render;
mod sandbox;
mod terminal;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Output, complete, contradiction, mistakes};
use crate::command_line::Cli;
use crate::exit::Exit;
use crate::terminal::logging;
use crate::terminal::printer::Printer;

/// Runs the command that the process's arguments name, and gives the code with which to exit.
pub fn main() -> ExitCode {
    if complete::answer(Cli::command) {
        return ExitCode::SUCCESS;
    }
    run(std::env::args_os().collect()).into()
}

fn run(arguments: Vec<OsString>) -> Exit {
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(mut error) => {
            let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            mistakes::advise(&mut error, &words);
            mistakes::plain_usage(&mut error, Cli::command(), &words);
            return refuse(&error, &arguments);
        }
    };
    let printer = Printer::new(&cli.global, cli.command.stack());
    let result = logging::start(&cli.global, &printer).and_then(|()| command_line::run(cli, &printer));
    match result {
        Ok(exit) => exit,
        Err(error) => {
            printer.failure(&error);
            Exit::of(&error)
        }
    }
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    if has(arguments, &["--no-color", "--color=never"]) || has_pair(arguments, "--color", "never") {
        command = command.color(clap::ColorChoice::Never);
    } else if has(arguments, &["--color=always"]) || has_pair(arguments, "--color", "always") {
        command = command.color(clap::ColorChoice::Always);
    }
    let matches = command.try_get_matches_from_mut(arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    match contradiction(&matches, &cli.global) {
        Some(message) => Err(command.error(clap::error::ErrorKind::ValueValidation, message)),
        None => Ok(cli),
    }
}

/// Help and version are asked for; everything else is a command line that doesn't work.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let wants_json = has(arguments, &["--output=json", "-o=json", "-ojson"])
        || ["--output", "-o"].iter().any(|option| has_pair(arguments, option, "json"))
        || std::env::var("CLOUDGRANT_OUTPUT").is_ok_and(|output| output == "json");
    if error.use_stderr() && wants_json {
        Printer::bare(Output::Json).misuse(&error.to_string());
    } else {
        // The stream may be closed; there is nobody left to tell.
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Misuse } else { Exit::Done }
}

/// The same for an option and its value behind it.
fn has_pair(arguments: &[OsString], option: &str, value: &str) -> bool {
    let before = arguments.iter().take_while(|argument| *argument != "--").count();
    arguments[..before].windows(2).any(|pair| pair[0] == option && pair[1] == value)
}

/// Before the arguments are understood, and so only up to `--`.
fn has(arguments: &[OsString], wanted: &[&str]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| wanted.iter().any(|word| argument == word))
}
