//! `cloudgrant permissions`

use clap::Args;
use cloudgrant_core::{Error, ErrorKind, Permissions, Purpose, Result, Session, Settings};
use serde_json::json;

use super::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::json::FORMAT_VERSION;

/// Print what whoever runs this manifest must be allowed, and no more
#[derive(Debug, Args)]
#[command(after_help = "\
On AWS an IAM policy for each account, narrowed to what the stack makes and the manifest names; on \
Azure a custom role, and the right to give the manifest's roles with a condition to these alone. \
Asks no cloud. Standard output has the documents, what to do with them goes to standard error.

Examples:
  cloudgrant permissions
  cloudgrant permissions --plan > plan-policy.json
  cloudgrant permissions --output json")]
pub(crate) struct Options {
    /// What planning takes, which changes nothing
    #[arg(long)]
    plan: bool,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let session = Session::open(manifest::load(shell.global)?, Settings::default()).await?;
    let purpose = if options.plan { Purpose::Plan } else { Purpose::Apply };
    let all = session.provider().permissions(session.intents(), purpose);
    let provider = session.registration().id;
    if all.is_empty() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the provider `{provider}` doesn't say what whoever runs it needs"),
        )
        .hint("see the provider's own documentation"));
    }
    if shell.printer.is_json() {
        shell.printer.json(&json!({
            "format_version": FORMAT_VERSION,
            "command": "permissions",
            "provider": provider,
            "stack": session.loaded().manifest.stack,
            "purpose": purpose,
            "permissions": all,
        }))?;
        return Ok(Exit::Done);
    }
    for Permissions { kind, holder, document, notes } in &all {
        shell.printer.say(&format!("{kind} for {holder}:"));
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "can't write the document").with("cause", error))?;
        shell.printer.data(&format!("{text}\n"))?;
        for note in notes {
            shell.printer.say(&format!("note: {note}"));
        }
    }
    Ok(Exit::Done)
}
