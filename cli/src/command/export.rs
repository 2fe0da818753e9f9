//! `cloudgrant export`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use cloudgrant_core::{
    Diagnostic, Error, ErrorKind, Identifier, Identity, Principal, Principals, Result, Scope, listed,
};
use serde_json::{Value, json};

use crate::command::session::{Work, unchecked, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::export::{Action, Folder, commands, terraform};
use crate::manifest;
use crate::render::FORMAT_VERSION;

/// Write what the platform must be told as files, for a repository
#[derive(Debug, Args)]
#[command(after_help = "\
For those who deliver from a repository: annotated service accounts with a kustomization (a \
component), Helm values and attribute files, as the platform takes them. Apply first: what the \
cloud chooses, such as a client ID, is read from it, and where it isn't there yet, no file is \
written and that is an error, unless --terraform or --commands say what makes it. What follows from the manifest, such as a role's ARN, is written \
all the same, and it is said that an apply has to come first. Changes neither the cloud nor the platform. \
In the folder only files that it wrote for this stack and home are written over or removed.

Examples:
  cloudgrant export --to delivery
  cloudgrant export --to delivery --dry-run --exit-code
  cloudgrant export --to delivery --terraform
  cloudgrant export --to delivery --commands
  kubectl apply --server-side -f delivery/service-accounts")]
pub(crate) struct Options {
    /// The folder; it is created if it is missing, unless there is no file to write
    #[arg(long, value_name = "FOLDER", add = crate::args::complete::folders())]
    to: PathBuf,

    /// Also write the cloud's objects in Terraform's language, for those who have it make them: terraform/cloudgrant.tf
    #[arg(long)]
    terraform: bool,

    /// Also write the commands of the cloud's own tool that make the cloud's objects, for those who run them by hand:
    /// commands/cloudgrant.sh
    #[arg(long)]
    commands: bool,

    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Exit with 3 when files differ from what they should be, or when `apply` has to come first
    #[arg(long)]
    exit_code: bool,
}

impl Options {
    /// The command that makes what the files are about: that of the tool for which the cloud's objects were asked for.
    fn maker(&self, apply: impl FnOnce() -> String) -> String {
        let quoted = |path: PathBuf| cloudgrant_core::quoted(&path.display().to_string());
        match (self.terraform, self.commands) {
            (true, _) => format!("terraform -chdir={} apply", quoted(self.to.join("terraform"))),
            (_, true) => format!("bash {}", quoted(self.to.join(commands::PATH))),
            _ => apply(),
        }
    }
}

/// The folders of files that tell the platform the same, and what they are.
const MEANS: [(&str, &str); 3] = [
    ("service-accounts/", "service accounts"),
    ("helm/", "Helm values"),
    ("cluster-resource-attributes/", "attribute files"),
];

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    with_session(shell, unchecked, async |work: Work<'_>| {
        let session = work.session;
        let engine = session.engine();
        let Principals { known: principals, pending } = work.interrupts.unless(engine.principals(work.progress)).await?;
        work.progress.clear();
        let unknown: Vec<_> = principals.iter().filter_map(Unknown::of).collect();
        let maker = options.maker(|| shell.global.repeated("apply"));
        let missing = missing(&unknown, &maker);
        let mut files = engine.files(&principals)?;
        if options.terraform || options.commands {
            let desired = work.interrupts.unless(engine.desired(work.progress)).await?;
            work.progress.clear();
            if options.terraform {
                files.extend(terraform::files(session, &desired));
            }
            files.extend(options.commands.then(|| commands::file(session, &desired)));
        }
        let missing = match missing {
            Some(error) if files.is_empty() => return Err(error),
            missing => missing,
        };
        // What an earlier run wrote of them stays until it is known what is right.
        let mut later: BTreeSet<_> =
            engine.files(&as_if_known(&principals))?.into_iter().map(|file| file.path).collect();
        // Terraform takes the end of a file for the end of what is in it.
        later.extend([terraform::PATH, terraform::VERSIONS, commands::PATH].map(ToOwned::to_owned));
        let stack = &session.loaded().manifest.stack;
        // One stack's name may stand for several, each with a home of its own.
        let sandbox = if session.is_in_sandbox() { ", in the sandbox" } else { "" };
        let whose = format!("stack {stack}, home {}{sandbox}", session.provider().home());
        let exit = match options.exit_code {
            true => |differs: bool| if differs { Exit::Differs } else { Exit::Done },
            false => |_| Exit::Done,
        };
        let folder = Folder::compared(&options.to, &manifest::folder(shell.global), &whose, files, &later)?;
        if !options.dry_run {
            folder.write()?;
        }
        let is_asked = |principal: &&Principal| matches!(principal.identity, Identity::Asked(_));
        let asked: Vec<_> = principals.iter().filter(is_asked).map(|principal| &principal.scope).collect();
        if shell.printer.is_json() {
            shell.printer.json(&json!({
                "format_version": FORMAT_VERSION,
                "command": "export",
                "stack": stack,
                "folder": options.to,
                "dry_run": options.dry_run,
                "files": folder.files(),
                "pending": pending,
                "asked": asked,
                "unknown": unknown.iter().map(Unknown::document).collect::<Vec<_>>(),
            }))?;
            let differs = folder.differs() || !pending.is_empty() || missing.is_some();
            let failed = missing.filter(|_| !options.terraform && !options.commands);
            return Ok(failed.map_or_else(|| exit(differs), |error| Exit::of(&error)));
        }
        let summary = folder.summary(options.dry_run);
        if shell.printer.is_quiet() {
            // As `plan` and `apply` do, which leave out what it is made of.
            shell.printer.data(&format!("{summary}\n"))?;
        } else {
            for file in folder.files().iter().filter(|file| file.action != Action::Unchanged) {
                shell.printer.data(&format!("{} {}\n", file.action.sign(), file.path))?;
            }
            shell.printer.say(&summary);
        }
        if let Some(first) = pending.first() {
            let others = pending.len() - 1;
            let those = if others == 0 { " isn't".to_owned() } else { format!(" and {others} more aren't") };
            shell.printer.warn(&format!(
                "note: {first}{those} as the manifest says yet: deliver these files after `{maker}`"
            ));
        }
        for (path, flag, is_asked) in [
            (terraform::PATH, "--terraform", options.terraform),
            (commands::PATH, "--commands", options.commands),
        ] {
            if !is_asked && options.to.join(path).exists() {
                shell.printer.warn(&format!(
                    "note: {path} is there from an earlier export and isn't looked at: it may give what the manifest has no more; add {flag} \
                     to have it written anew, or delete it"
                ));
            }
        }
        if folder.count(Action::Delete) > 0 {
            shell.printer.warn(
                "note: a file that is gone takes nothing away by itself: the annotation that it gave stays until somebody \
                 takes it off, or what applies these files prunes it",
            );
        }
        for scope in asked {
            let plan = shell.global.repeated("plan");
            shell.printer.warn(&format!(
                "note: only somebody else can make the principal of {scope}, so that there is no file for it: `{plan}` says \
                 whom to ask"
            ));
        }
        let is_bound = |principal: &&Principal| matches!(principal.identity, Identity::BoundByCloud { .. });
        let bound: Vec<_> = principals.iter().filter(is_bound).map(|principal| &principal.scope).collect();
        if !bound.is_empty() {
            shell.printer.warn(&format!(
                "note: the cloud itself gives the principals of {} to their service accounts: there are no files for them, and \
                 nothing is to be delivered",
                listed(&bound, 3)
            ));
        }
        let means = MEANS.iter().filter(|(below, _)| folder.files().iter().any(|file| file.path.starts_with(below)));
        let means: Vec<_> = means.map(|(_, means)| *means).collect();
        if means.len() > 1 {
            shell.printer.say(&format!(
                "note: {} tell the platform the same, each for another tool: deliver one of them",
                listed(&means, means.len())
            ));
        }
        // Where it hands something off, these files are how that is delivered.
        let told = session.platform().deliver(&principals)?.objects;
        let tells = !told.is_empty() && told.iter().all(|object| object.handoff.is_none());
        let place = session.platform().backend().filter(|_| tells).map(|backend| backend.place());
        if let (Some(place), false) = (place, means.is_empty()) {
            shell.printer.say(&format!(
                "note: `apply` tells the platform itself ({place}): these files are for those who do it from a repository instead"
            ));
        }
        match missing {
            // What was asked for beside is what makes them.
            Some(error) if options.terraform || options.commands => {
                shell.printer.warn(&format!("note: {}: run `{maker}`, and export again", error.message()));
                Ok(exit(true))
            }
            Some(error) => Err(error),
            None => Ok(exit(folder.differs() || !pending.is_empty())),
        }
    })
    .await
}

/// A principal of which nobody knows yet what the cloud chooses for it: it isn't there.
struct Unknown<'a> {
    scope: &'a Scope,
    name: &'a str,
    output: &'static str,
}

impl<'a> Unknown<'a> {
    fn of(principal: &'a Principal) -> Option<Self> {
        let Identity::Known { name, annotation, .. } = &principal.identity else { return None };
        let Identifier::Chosen { output, .. } = &annotation.value else { return None };
        Some(Self { scope: &principal.scope, name, output })
    }

    fn message(&self) -> String {
        let Self { scope, name, output } = self;
        format!("`{name}`, the principal of {scope}, isn't there yet: nobody knows its {output}")
    }

    fn document(&self) -> Value {
        json!({ "scope": self.scope, "principal": self.name, "output": self.output })
    }
}

/// Which files can't be written.
fn missing(unknown: &[Unknown<'_>], apply: &str) -> Option<Error> {
    let error = match unknown {
        [] => return None,
        [one] => Error::new(ErrorKind::NotFound, one.message()),
        several => {
            let message =
                format!("{} principals aren't there yet: no file says that task code runs under them", several.len());
            let each = several.iter().map(|one| Diagnostic::new("", one.message())).collect();
            Error::new(ErrorKind::NotFound, message).diagnostics(each)
        }
    };
    Some(error.hint(format!("make them first: `{apply}`")))
}

/// The same principals with something in place of what nobody knows, for the paths of their files.
fn as_if_known(principals: &[Principal]) -> Vec<Principal> {
    let mut principals = principals.to_vec();
    for principal in &mut principals {
        if let Identity::Known { annotation, .. } = &mut principal.identity
            && matches!(annotation.value, Identifier::Chosen { .. })
        {
            annotation.value = Identifier::Known(String::new());
        }
    }
    principals
}
