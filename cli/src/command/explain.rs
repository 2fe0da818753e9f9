//! `cloudgrant explain`

use clap::Args;
use cloudgrant_core::{Diagnostic, Error, Intent, IntentId, Result, Session, nearest};

use crate::command::session::{Work, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::code;
use crate::render::explain;
use crate::render::explained::Explained;

/// Show the policies and commands behind each grant
#[derive(Debug, Args)]
#[command(after_help = "\
Says which task code a grant reaches, which objects it comes to with their exact policies, and \
which commands of the cloud's own tool would make them. Without names, for every grant and \
registry of the manifest. Reads only.

Examples:
  cloudgrant explain
  cloudgrant explain training-data models-production
  cloudgrant explain training-data --provider azure
  cloudgrant explain --code models-production")]
pub(crate) struct Options {
    /// The grants and registries to explain, by their names in the manifest
    #[arg(value_name = "GRANT", add = crate::args::complete::grants())]
    grants: Vec<String>,

    /// Show the lines of Python with which a task uses what it is granted
    #[arg(long)]
    code: bool,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let wanted = |session: &Session| {
        wanted(session, &options.grants).map_err(|error| error.with("manifest", manifest::name(shell.global)))
    };
    with_session(
        shell,
        |session| wanted(session).map(drop),
        async |work: Work<'_>| {
            let wanted = wanted(work.session)?;
            let engine = work.session.engine();
            let desired = work.interrupts.unless(engine.desired(work.progress)).await?;
            work.progress.clear();
            let explained = Explained::new(work.session, &desired, &wanted, shell.printer.here());
            if shell.printer.is_json() {
                shell.printer.json(&explain::document(&explained, options.code))?;
            } else if options.code {
                shell.printer.data(&code::text(&explained, shell.printer.width()))?;
            } else {
                shell.printer.data(&explain::text(&explained, shell.printer.width()))?;
            }
            Ok(Exit::Done)
        },
    )
    .await
}

/// The intents of these names, or all of them, in the manifest's order.
fn wanted(session: &Session, names: &[String]) -> Result<Vec<IntentId>> {
    let intents = session.intents();
    let grants = intents.grants.iter().map(|grant| (grant.name.to_string(), grant.id()));
    let registries = intents.registries.iter().map(|registry| (registry.name.to_string(), registry.id()));
    let all: Vec<_> = grants.chain(registries).collect();
    let problems: Vec<_> = names
        .iter()
        .filter(|name| !all.iter().any(|(known, _)| known == *name))
        .map(|name| {
            let known: Vec<_> = all.iter().map(|(known, _)| known.as_str()).collect();
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? possible: {}", known.join(", ")),
                None => format!("possible: {}", known.join(", ")),
            };
            Diagnostic::new("", format!("the manifest has no grant or registry `{name}`")).hint(hint)
        })
        .collect();
    if !problems.is_empty() {
        return Err(
            Error::new(cloudgrant_core::ErrorKind::Usage, "can't explain what isn't there").diagnostics(problems)
        );
    }
    let all = all.into_iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    Ok(all.map(|(_, id)| id).collect())
}
