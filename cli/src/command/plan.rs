//! `cloudgrant plan`

use std::path::{Path, PathBuf};

use clap::Args;
use cloudgrant_core::{Move, Plan, Result};

use crate::command::audit::tell_of_trail;
use crate::command::saved_plan::{SavedPlan, commands};
use crate::command::session::{Work, tell_of_no_grants, unchecked, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::render::json;
use crate::render::plan;
use crate::render::telling::{Telling, Wording};

/// Show what would change, and change nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Compares what the manifest asks for with what is in the cloud. Reads only. What an apply would be refused for is told below \
the plan, and exits with 1; that only you may not apply, which somebody else may, is a warning.

Examples:
  cloudgrant plan
  cloudgrant plan --profile production --exit-code
  cloudgrant plan --out plan.json   For `cloudgrant apply plan.json`
  cloudgrant plan --sandbox --output json")]
pub(crate) struct Options {
    /// Exit with 3 when there is something to do (steps for somebody else, and what couldn't be searched, don't count)
    #[arg(long)]
    exit_code: bool,

    /// Save the plan in this file, for `show` and `apply`; one that would be refused isn't saved
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out: Option<PathBuf>,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    with_session(shell, unchecked, async |work: Work<'_>| {
        let engine = work.session.engine().only_showing();
        let mut plan = work.interrupts.unless(engine.plan(work.progress)).await?;
        tell_of_no_grants(&mut plan, work.session);
        tell_of_trail(&mut plan, work.session);
        shell.printer.here().plan(&mut plan);
        work.progress.clear();
        let moving = shell.printer.here().moving(work.session.moving());
        if let (Some(file), None) = (&options.out, &plan.refusal) {
            save(shell, &work, &plan, moving.as_ref(), file).await?;
        }
        if shell.printer.is_json() {
            shell.printer.json(&json::plan("plan", &plan, moving.as_ref(), shell.printer.here()))?;
        } else {
            let telling = shell.telling(Wording::Plan, &work.place);
            shell.printer.stream(|out| plan::write(out, &plan, moving.as_ref(), telling))?;
            if let Some(refusal) = &plan.refusal {
                shell.printer.refusal(refusal);
            } else if plan.is_empty() {
                shell.printer.say(&plan::nothing_to_do(&plan));
            } else if options.out.is_none() {
                shell.printer.say_whole(&format!("To make these changes: {}", shell.global.repeated("apply")));
            }
        }
        if let (Some(file), None, false) = (&options.out, &plan.refusal, shell.printer.is_quiet()) {
            let [show, apply] = commands(shell, file);
            shell.printer.say_whole(&format!("Saved in {}. To look at it: {show}", file.display()));
            shell.printer.say_whole(&format!("To carry out exactly that: {apply}"));
        }
        let exit = match plan.refusal.as_ref().and_then(Exit::of_refusal) {
            Some(refused) => refused,
            None if options.exit_code && !plan.is_empty() => Exit::Differs,
            None => Exit::Done,
        };
        // The process is about to end: to give a large plan's memory back piece by piece would only take time.
        std::mem::forget(plan);
        Ok(exit)
    })
    .await
}

/// Saves the plan as people and programs are shown it, whatever this run shows.
async fn save(shell: Shell<'_>, work: &Work<'_>, plan: &Plan, moving: Option<&Move>, file: &Path) -> Result<()> {
    let caller = work.session.provider().caller().await?;
    let telling = Telling { summary_only: false, width: None, ..shell.telling(Wording::Plan, &work.place) };
    let text = plan::text(plan, moving, telling);
    let document = json::plan("plan", plan, moving, shell.printer.here());
    SavedPlan::of(work.session, plan, caller.as_ref(), &text, &document)?.write(file)
}
