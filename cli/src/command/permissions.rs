//! `cloudgrant permissions`

use clap::Args;
use cloudgrant_core::{Error, ErrorKind, PermissionDocument, Purpose, Result, Session, Settings};
use serde_json::json;

use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::FORMAT_VERSION;

/// Print the permissions that the caller needs for this manifest, and no more
#[derive(Debug, Args)]
#[command(after_help = "\
On AWS an IAM policy for each account, narrowed to what the stack makes and the manifest names; on \
Azure a custom role, and the right to give the manifest's roles with a condition to these alone; \
with `platform.delivery: kubernetes` a ClusterRole, too, with `admin` the calls of Flyte admin, with `settings` those of the settings service. \
Calls no cloud. The documents go to standard output, what to do with them to standard error. \
A file can hold one of them: where there are several, choose one with --for.

Examples:
  cloudgrant permissions                   Read them all
  cloudgrant permissions --for 111122223333 > policy.json
  cloudgrant permissions --for role --provider azure > role.json
  cloudgrant permissions --output json     All of them, with their names")]
pub(crate) struct Options {
    /// The permissions for planning alone, which changes nothing
    #[arg(long)]
    plan: bool,

    /// Which document: the account on AWS; `role` or `assignment` on Azure; `cluster`, `admin` or `settings` of the platform [default: all of them]
    #[arg(long = "for", value_name = "NAME", add = crate::args::complete::documents())]
    name: Option<String>,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let session = Session::open(manifest::load(shell.global)?, Settings::default()).await?;
    let purpose = if options.plan { Purpose::Plan } else { Purpose::Apply };
    let all = session.permissions(purpose);
    let provider = session.registration().id;
    if all.is_empty() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("the provider `{provider}` doesn't say what whoever runs it needs"),
        )
        .hint("see the provider's own documentation"));
    }
    let mut all = match &options.name {
        Some(name) => vec![chosen(all, name)?],
        None => all,
    };
    for note in all.iter_mut().flat_map(|one| &mut one.notes) {
        *note = shell.printer.here().text(note);
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
    if all.len() > 1 && is_file(&std::io::stdout()) {
        return Err(one_a_file(shell, &options, &all));
    }
    for PermissionDocument { kind, holder, document, notes, .. } in &all {
        shell.printer.say(&format!("{kind} for {holder}:"));
        shell.printer.json(document)?;
        for note in notes {
            shell.printer.say(&format!("note: {note}"));
        }
    }
    Ok(Exit::Done)
}

/// The document of this name.
fn chosen(all: Vec<PermissionDocument>, name: &str) -> Result<PermissionDocument> {
    let names: Vec<_> = all.iter().map(|one| one.name.clone()).collect();
    all.into_iter().find(|one| one.name == name).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("there is no document for `{name}`"))
            .hint(format!("--for takes one of: {}", names.join(", ")))
    })
}

/// Whether what is written becomes a file. A pipe is read by somebody, as a terminal is.
#[cfg(unix)]
fn is_file(stdout: &std::io::Stdout) -> bool {
    use std::os::fd::AsFd;
    let file = stdout.as_fd().try_clone_to_owned().map(std::fs::File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|metadata| metadata.is_file())
}

/// Whether what is written becomes a file, as far as can be told: what is no terminal counts as one.
#[cfg(not(unix))]
fn is_file(stdout: &std::io::Stdout) -> bool {
    use std::io::IsTerminal;
    !stdout.is_terminal()
}

/// No cloud's tool takes several documents in one file, and whose each is wouldn't be in it.
fn one_a_file(shell: Shell<'_>, options: &Options, all: &[PermissionDocument]) -> Error {
    let purpose = if options.plan { " --plan" } else { "" };
    let commands = all.iter().map(|PermissionDocument { name, kind, holder, .. }| {
        let command = shell.global.repeated("permissions");
        format!("{command}{purpose} --for {name} > {name}.json   # {kind} for {holder}")
    });
    let message = format!("these are {} documents, and a file holds one", all.len());
    Error::new(ErrorKind::Usage, message)
        .hint(format!("one a file, or all with --output json:\n{}", commands.collect::<Vec<_>>().join("\n")))
}
