//! `cloudgrant export`

use std::path::PathBuf;

use clap::Args;
use cloudgrant_core::{AnnotationValue, Error, ErrorKind, Identity, Principal, Principals, Result};
use serde_json::json;

use super::{Shell, Work, unchecked, with_session};
use crate::exit::Exit;
use crate::export::{Action, Folder};
use crate::render::json::FORMAT_VERSION;

/// Write what the platform must be told as files, for a repository
#[derive(Debug, Args)]
#[command(after_help = "\
For those who deliver from a repository: annotated service accounts with a kustomization, Helm \
values and attribute files, as the platform takes them. Apply first: what the cloud chooses, such \
as a client ID, is read from it. Changes neither the cloud nor the platform. In the folder only \
files that it wrote itself are written over or removed.

Examples:
  cloudgrant export --to delivery
  cloudgrant export --to delivery --dry-run
  kubectl apply --server-side -f delivery/service-accounts")]
pub(crate) struct Options {
    /// The folder; it is made where it isn't there
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    with_session(shell, unchecked, async |work: Work<'_>| {
        let session = work.session;
        let engine = session.engine();
        let Principals { known: principals, missing } = work.interrupts.unless(engine.principals(work.progress)).await?;
        work.progress.clear();
        if let Some(error) = unknown(&principals) {
            return Err(error.hint(format!("make it first: `{}`", shell.global.repeated("apply"))));
        }
        let files = session.platform().files(&principals);
        let stack = &session.loaded().manifest.stack;
        // One stack's name may stand for several, each with a home of its own.
        let whose = format!("the stack {stack} in {}", work.place);
        let folder = Folder::compared(&options.to, &whose, files)?;
        if !options.dry_run {
            folder.write()?;
        }
        if shell.printer.is_json() {
            shell.printer.json(&json!({
                "format_version": FORMAT_VERSION,
                "command": "export",
                "stack": stack,
                "folder": options.to,
                "dry_run": options.dry_run,
                "files": folder.files(),
            }))?;
            return Ok(Exit::Done);
        }
        for file in folder.files().iter().filter(|file| file.action != Action::Unchanged) {
            shell.printer.data(&format!("{} {}\n", file.action.sign(), file.path))?;
        }
        shell.printer.say(&folder.summary(options.dry_run));
        if let Some(first) = missing.first() {
            let (apply, others) = (shell.global.repeated("apply"), missing.len() - 1);
            let more = if others == 0 { String::new() } else { format!(" and {others} more") };
            shell.printer.say(&format!("note: {first}{more} isn't there yet: deliver these files after `{apply}`"));
        }
        for principal in principals.iter().filter(|principal| matches!(principal.identity, Identity::Asked(_))) {
            let plan = shell.global.repeated("plan");
            shell.printer.say(&format!(
                "note: only somebody else can make the principal of {}, so that no file is about it: `{plan}` says whom to ask",
                principal.scope
            ));
        }
        Ok(Exit::Done)
    })
    .await
}

/// Why nothing can be written: what the cloud chooses for a principal isn't known before that is there.
fn unknown(principals: &[Principal]) -> Option<Error> {
    principals.iter().find_map(|principal| {
        let Identity::Known { name, annotation, .. } = &principal.identity else { return None };
        let AnnotationValue::Chosen { output, .. } = &annotation.value else { return None };
        let message =
            format!("`{name}`, the principal of {}, isn't there yet: nobody knows its {output}", principal.scope);
        Some(Error::new(ErrorKind::NotFound, message))
    })
}
