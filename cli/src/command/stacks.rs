//! `cloudgrant stacks`

use clap::Args;
use cloudgrant_core::Result;

use crate::command::session::{Work, unchecked, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::stacks::{Listed, document, text};

/// List the stacks that there are, and what each owns
#[derive(Debug, Args)]
#[command(after_help = "\
Looks for everything that carries a stack's mark, under whatever name: on AWS in the account of the \
manifest, on Azure in every subscription of its tenant that the caller sees; where the manifest has \
cloudgrant tell the platform, in the cluster or in the control plane as well. Any other of these to which a stack wrote is \
named as not searched, with what leads there. One name can have \
several homes, and each is a stack of its own. A stack that was renamed, and one whose manifest is \
gone, is listed like any other, with the command that takes it back. What a stack owns is counted at its \
home and, where it is searched, on the platform; what it has elsewhere, such as statements in documents of other accounts or a \
cluster's Pod Identity associations, is named by its place (`writes to`). Reads only, and needs no grants \
in the manifest, nor a manifest: without one, name the cloud with --provider, and what a manifest \
would say of it in variables, such as CLOUDGRANT_AWS__ACCOUNT.

Examples:
  cloudgrant stacks
  cloudgrant stacks --provider aws   In a folder without a manifest
  cloudgrant stacks --quiet          A line for each
  cloudgrant stacks --output json    With the name of everything that is counted")]
pub(crate) struct Options {}

pub(crate) async fn run(shell: Shell<'_>, _: Options) -> Result<Exit> {
    let mut global = shell.global.clone();
    global.without_manifest = true;
    let shell = Shell { global: &global, ..shell };
    with_session(shell, unchecked, async |work: Work<'_>| {
        let engine = work.session.engine();
        let mut stacks = work.interrupts.unless(engine.stacks(work.progress)).await?;
        work.progress.clear();
        let provider = work.session.registration().id;
        let here = shell.printer.here();
        stacks.found.iter_mut().for_each(|stack| here.stack(stack));
        here.unsearched(&mut stacks.unsearched);
        let own = &work.session.loaded().manifest.stack;
        let listed: Vec<_> = stacks.found.iter().map(|stack| Listed::of(stack, provider, shell.global)).collect();
        if shell.printer.is_json() {
            shell.printer.json(&document(provider, own, &listed, &stacks.unsearched))?;
            return Ok(Exit::Done);
        }
        let (width, quiet) = (shell.printer.width(), shell.printer.is_quiet());
        shell.printer.data(&text(&listed, &stacks.unsearched, width, quiet))?;
        if listed.is_empty() {
            shell.printer.say("No stacks.");
        } else if !manifest::is_missing(shell.global) && !stacks.found.iter().any(|stack| stack.is_this) {
            shell.printer.say(&format!("Stack {own}, this manifest's, has no objects at its home."));
        }
        Ok(Exit::Done)
    })
    .await
}
