//! `cloudgrant drift`

use clap::Args;
use cloudgrant_core::Result;

use crate::command::session::{Work, unchecked, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::render::json;
use crate::render::plan;
use crate::render::telling::Wording;

/// Show where the cloud is not as the manifest says
#[derive(Debug, Args)]
#[command(after_help = "\
Says what others added to the stack's own objects and lets them reach more, what is missing, what was \
changed behind cloudgrant's back, and what is there although nothing wants it any more. Reads only. (A manifest that was changed and not applied differs too: \
cloudgrant keeps no record of its own, the cloud is the truth.)

Examples:
  cloudgrant drift
  cloudgrant drift --exit-code --quiet  In a nightly job")]
pub(crate) struct Options {
    /// Exit with 3 when something differs or can't be told (steps for somebody else don't count), also where an apply would be
    /// refused
    #[arg(long)]
    exit_code: bool,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    with_session(shell, unchecked, async |work: Work<'_>| {
        work.session.provider().look_again();
        let engine = work.session.engine().only_looking();
        let mut plan = work.interrupts.unless(engine.plan(work.progress)).await?;
        shell.printer.here().plan(&mut plan);
        work.progress.clear();
        if shell.printer.is_json() {
            shell.printer.json(&json::plan("drift", &plan, None, shell.printer.here()))?;
        } else {
            let telling = shell.telling(Wording::Drift, &work.place);
            shell.printer.stream(|out| plan::write(out, &plan, None, telling))?;
            if let Some(refusal) = &plan.refusal {
                shell.printer.refusal(refusal);
            } else if !plan.is_empty() {
                shell.printer.say_whole(&format!("To put it right: {}", shell.global.repeated("apply")));
            } else if !plan.unsearched.is_empty() {
                shell.printer.say("No other drift was found; what wasn't searched may be as the manifest says or not.");
            } else if plan.has_drift() {
                shell.printer.say(&plan::nothing_to_do(&plan));
            } else {
                shell.printer.say("No drift.");
            }
        }
        Ok(match &plan.refusal {
            _ if options.exit_code && plan.has_drift() => Exit::Differs,
            Some(refusal) => Exit::of_refusal(refusal).unwrap_or(Exit::Done),
            None => Exit::Done,
        })
    })
    .await
}
