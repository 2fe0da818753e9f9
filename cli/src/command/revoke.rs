//! `cloudgrant revoke`

use clap::{ArgGroup, Args};
use cloudgrant_core::{Change, Engine, IntentId, Plan, Result, Session, quoted};

use crate::command::audit::{AuditOptions, tell_of_trail};
use crate::command::carrying_out::{Asked, CarriedOut, carry_out, planned, shortfalls};
use crate::command::session::{Work, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::json;
use crate::render::plan;
use crate::render::telling::Wording;

/// Revoke grants, even if they are still in the manifest
#[derive(Debug, Args)]
#[command(after_help = "\
Shows what would be deleted if the grants weren't in the manifest, asks, and deletes it. Only what this \
stack created is deleted; other differences from the manifest are left to `apply`. Remove the grants \
from the manifest too, or the next apply grants them again. Exits with 1, also with --dry-run, where something that should be \
deleted can't be, where --all can't search every place in which something may be, and where a --stack doesn't exist.

Examples:
  cloudgrant revoke training-data
  cloudgrant revoke training-data --dry-run  Show what would be deleted
  cloudgrant revoke --all --yes  Delete everything that this stack created
  cloudgrant revoke --all --stack acme-old  A stack that was renamed")]
#[command(group = ArgGroup::new("what").args(["grants", "all"]).required(true))]
pub(crate) struct Options {
    /// The grants and registries to revoke, by their names in the manifest
    #[arg(value_name = "GRANT", add = crate::args::complete::revocable())]
    grants: Vec<String>,

    /// Everything that this stack created
    #[arg(long)]
    all: bool,

    /// Another stack than the manifest's, at the same home: one that was renamed, or has no manifest any more
    #[arg(long, value_name = "NAME", requires = "all", conflicts_with = "grants")]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new(), value_hint = clap::ValueHint::Other)]
    stack: Option<String>,

    /// Show what would be deleted, and change nothing
    #[arg(long, conflicts_with_all = ["yes", "audit"])]
    dry_run: bool,

    /// Don't ask: approve the plan in advance
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    audit: AuditOptions,
}

impl Options {
    /// The stack that it is about, where that isn't the manifest's.
    pub(crate) fn stack(&self) -> Option<&str> {
        self.stack.as_deref()
    }
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let stacks = shell.global.repeated("stacks");
    let mut global = shell.global.clone();
    global.stack.clone_from(&options.stack);
    global.without_manifest = options.stack.is_some();
    let shell = Shell { global: &global, ..shell };
    let names = (!options.all).then_some(options.grants.as_slice());
    let engine = |session: &Session| {
        let hint = "what is no longer in the manifest is taken away by `cloudgrant apply`";
        session.engine_without(names).map_err(|error| error.hint(hint).with("manifest", manifest::name(shell.global)))
    };
    let again = match names {
        Some(names) => names.iter().fold("revoke".to_owned(), |words, name| format!("{words} {}", quoted(name))),
        None => "revoke --all".to_owned(),
    };
    let again = options.audit.repeated(&again);
    let dry_run = shell.global.repeated(&format!("{again} --dry-run"));
    let check = |session: &Session| {
        engine(session)?;
        if options.dry_run { Ok(()) } else { options.audit.check(session) }
    };
    with_session(shell, check, async |mut work: Work<'_>| {
        let engine = engine(work.session)?;
        // The manifest here is another one's.
        let engine = if options.stack.is_some() { engine.for_another_stack() } else { engine };
        let asked = Asked {
            command: "revoke",
            again: &again,
            look: &dry_run,
            wording: Wording::Revoke,
            question: "Take this away from",
            leaves_nothing: options.all,
            looks_again: false,
            must_be_there: options.stack.is_some(),
            saved: None,
        };
        if options.dry_run {
            return look(shell, &mut work, &engine, asked).await;
        }
        let CarriedOut { exit, plan, is_done } =
            carry_out(shell, &mut work, engine, asked, options.yes, &options.audit).await?;
        let loaded = &work.session.loaded().manifest;
        let (idle, names_left): (Vec<_>, Vec<_>) =
            options.grants.iter().partition(|name| plan.idle.iter().any(|intent| is_called(intent, name)));
        let names_left: Vec<_> = names_left.into_iter().map(String::as_str).collect();
        if exit == Exit::Done && !idle.is_empty() {
            let idle: Vec<_> = idle.into_iter().map(String::as_str).collect();
            shell.printer.say(&format!(
                "cloudgrant creates nothing for {}, so there was nothing to revoke; access that exists without it remains.",
                idle.join(", ")
            ));
        }
        let listed = match names {
            Some(_) => names_left.join(", "),
            // It is another stack's manifest.
            None if options.stack.is_some() => String::new(),
            None if loaded.grants.is_empty() && loaded.registries.is_empty() => String::new(),
            None => "all of it".to_owned(),
        };
        if exit == Exit::Done && options.all {
            shell.printer.say_whole(&format!("Other stacks, and other homes of this one: {stacks}"));
        }
        // What stays doesn't keep the next apply from bringing back the rest.
        if is_done && !listed.is_empty() {
            match names {
                Some(_) => still_listed(&plan, &names_left).iter().for_each(|told| shell.printer.say(told)),
                None if plan.is_empty() => shell.printer.say(
                    "The manifest still lists grants, and nothing was taken away: the next apply makes them. Remove them from the \
                     manifest, unless they are wanted.",
                ),
                None => shell.printer.say(&taken_and_listed(&listed, "it")),
            }
        }
        Ok(exit)
    })
    .await
}

/// Said of what went and is in the manifest.
fn taken_and_listed(listed: &str, it: &str) -> String {
    format!(
        "The manifest still lists {listed}: the next apply would bring {it} back. Remove {it} from the manifest too."
    )
}

/// What there is to say of names that the manifest lists: those of which something went, and those of which nothing did.
fn still_listed(plan: &Plan, names: &[&str]) -> Vec<String> {
    let intents = |change: &Change| {
        let served = plan.served.get(&change.id).into_iter().flatten();
        change.because.iter().chain(served).cloned().collect::<Vec<_>>()
    };
    let is_one = |intent: &IntentId| names.iter().any(|name| is_called(intent, name));
    let of_each: Vec<_> = plan.work().map(intents).collect();
    // Where it isn't known for which of them something goes, it may be for any.
    let is_unknown = of_each.iter().any(|of_one| !of_one.iter().any(is_one));
    let any_of = |name: &str| of_each.iter().flatten().any(|intent| is_called(intent, name));
    let (taken, untouched): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(|name| is_unknown || any_of(name));
    let handed_off: Vec<_> = plan.unsearched_for.values().flatten().collect();
    let (untold, untouched): (Vec<&str>, Vec<&str>) =
        untouched.into_iter().partition(|name| handed_off.iter().any(|intent| is_called(intent, name)));
    let told = |names: &[&str], [one, several]: [fn(&str) -> String; 2]| match names {
        [] => None,
        [name] => Some(one(name)),
        several_names => Some(several(&several_names.join(", "))),
    };
    let taken = told(&taken, [|listed| taken_and_listed(listed, "it"), |listed| taken_and_listed(listed, "them")]);
    let untouched = told(
        &untouched,
        [
            |listed| {
                format!(
                    "The manifest lists {listed}, of which nothing was taken away: the next apply grants it. Remove it from the \
                     manifest, unless it is wanted."
                )
            },
            |listed| {
                format!(
                    "The manifest lists {listed}, of which nothing was taken away: the next apply grants them. Remove them from the \
                     manifest, unless they are wanted."
                )
            },
        ],
    );
    let untold = told(
        &untold,
        [
            |listed| {
                format!(
                    "The manifest lists {listed}, of which nothing was taken away here: who else was asked for it, or where it couldn't be \
                     searched, is listed above. Remove it from the manifest once it is reverted."
                )
            },
            |listed| {
                format!(
                    "The manifest lists {listed}, of which nothing was taken away here: who else was asked for them, or where they \
                     couldn't be searched, is listed above. Remove them from the manifest once they are reverted."
                )
            },
        ],
    );
    taken.into_iter().chain(untold).chain(untouched).collect()
}

/// Shows what would be taken away. Ends as the run would that takes it away, if nothing failed.
///
/// # Errors
/// The cloud can't be looked at, nothing is there of a stack that was asked for by its name, or the plan can't be written.
async fn look(shell: Shell<'_>, work: &mut Work<'_>, engine: &Engine, asked: Asked<'_>) -> Result<Exit> {
    let mut plan = planned(shell, work, engine, asked).await?;
    tell_of_trail(&mut plan, work.session);
    shell.printer.here().plan(&mut plan);
    let mut shortfalls = shortfalls(&plan, asked);
    shortfalls.extend((!plan.undeletable.is_empty()).then_some(UNDELETABLE));
    if shell.printer.is_json() {
        shell.printer.json(&json::dry_run(asked.command, &plan, shell.printer.here()))?;
    } else {
        let telling = shell.telling(asked.wording, &work.place);
        shell.printer.stream(|out| plan::write(out, &plan, None, telling))?;
        if !plan.is_empty() {
            shell.printer.say_whole(&format!("To take this away: {}", shell.global.repeated(asked.again)));
        } else if shortfalls.is_empty() {
            shell.printer.say(&plan::nothing_to_do(&plan));
        }
        shortfalls.iter().for_each(|told| shell.printer.say(told));
    }
    Ok(if shortfalls.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Said in the end of what the run would fail to delete.
const UNDELETABLE: &str =
    "You may not delete all of it, so that the run would end with an error: see the warnings above.";

/// Whether a name on the command line means it.
fn is_called(intent: &IntentId, name: &str) -> bool {
    match intent {
        IntentId::Grant(grant) => grant.as_str() == name,
        IntentId::Registry(registry) => registry.as_str() == name,
        _ => false,
    }
}
