//! `cloudgrant show`

use std::path::PathBuf;

use clap::Args;
use cloudgrant_core::Result;

use crate::command::saved_plan::SavedPlan;
use crate::command::shell::Shell;
use crate::exit::Exit;

/// Show a saved plan, as it was when it was made
#[derive(Debug, Args)]
#[command(after_help = "\
Neither the manifest nor the cloud is read. `plan --out FILE` saves a plan, and `apply FILE` carries out exactly that one: it is \
refused where the cloud or the manifest isn't as it was.

Examples:
  cloudgrant show plan.json
  cloudgrant show plan.json --output json")]
pub(crate) struct Options {
    /// The saved plan
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

pub(crate) fn run(shell: Shell<'_>, options: &Options) -> Result<Exit> {
    let saved = SavedPlan::read(&options.file)?;
    if shell.printer.is_json() {
        shell.printer.json(&saved.document)?;
    } else {
        shell.printer.data(&saved.text)?;
        shell.printer.say(&format!("Saved plan of stack {}, with the digest {}", saved.stack, saved.digest));
    }
    Ok(Exit::Done)
}
