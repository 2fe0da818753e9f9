//! Carrying out a plan, which `apply` and `revoke` do: shown, approved, applied and reported.

use cloudgrant_core::{Approval, Cancel, Engine, Error, ErrorKind, Note, Plan, Report, Result};

use crate::command::audit::{AuditOptions, actor};
use crate::command::elsewhere::nothing_of;
use crate::command::saved_plan::SavedPlan;
use crate::command::session::{Work, tell_of_no_grants};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::telling::{Telling, Wording};
use crate::render::{json, plan, report};
use crate::terminal::interrupt::interrupted;
use crate::terminal::question::is_approved;

/// Approval can come from a person or in advance. Where it can't come at all, that is said once it is known that something is to be
/// approved. `look` is the command that shows that.
///
/// # Errors
/// Nobody can approve.
pub(super) fn need_approval(shell: Shell<'_>, yes: bool, look: &str) -> Result<()> {
    if yes || shell.printer.can_ask() {
        return Ok(());
    }
    let why = if manifest::is_standard_input(shell.global) {
        "standard input is the manifest, so nobody can answer there"
    } else {
        "this is no terminal"
    };
    Err(Error::new(ErrorKind::Usage, format!("nobody is here to approve the changes: {why}"))
        .hint(format!("look at `{look}`, then approve in advance with --yes")))
}

/// How to speak of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) command: &'static str,
    /// The command with all that it takes to go on with the same thing: the options of every command are added to it.
    pub(super) again: &'a str,
    /// The command that shows what would be approved.
    pub(super) look: &'a str,
    pub(super) wording: Wording,
    /// What is asked before the plan is carried out, up to the name of the stack.
    pub(super) question: &'static str,
    /// Whether nothing of the stack may be left: then a place that could not be searched is a failure.
    pub(super) leaves_nothing: bool,
    /// Whether, where there is nothing else to do, what the stack's own objects say is asked anew: what drift finds, this mends.
    pub(super) looks_again: bool,
    /// Whether the stack was asked for by its name: then it is a failure that nothing of it is there.
    pub(super) must_be_there: bool,
    /// The plan that was saved, where exactly that is to be carried out.
    pub(super) saved: Option<&'a SavedPlan>,
}

/// What is to be done.
///
/// # Errors
/// The cloud can't be looked at, or nothing is there of a stack that was asked for by its name.
pub(super) async fn planned(shell: Shell<'_>, work: &mut Work<'_>, engine: &Engine, asked: Asked<'_>) -> Result<Plan> {
    let mut plan = match work.interrupts.unless(engine.plan(work.progress)).await {
        // What is in the way may be that the stack is at another home. Who named it is told of it, and not of a manifest, which is
        // another stack's if there is one.
        Err(error) if asked.must_be_there && error.kind() == ErrorKind::Conflict => {
            let stack = &work.session.loaded().manifest.stack.clone();
            let elsewhere = nothing_of(shell, work, engine, stack, (asked.must_be_there, asked.again)).await;
            return Err(elsewhere.ok().flatten().unwrap_or(error));
        }
        plan => plan?,
    };
    if asked.looks_again && plan.is_empty() {
        work.session.provider().look_again();
        plan = work.interrupts.unless(engine.plan(work.progress)).await?;
    }
    if asked.wording == Wording::Plan {
        tell_of_no_grants(&mut plan, work.session);
    }
    shell.printer.here().plan(&mut plan);
    let elsewhere = told_elsewhere(&plan).filter(|_| asked.wording == Wording::Revoke && !asked.leaves_nothing);
    if (asked.must_be_there || elsewhere.is_some())
        && plan.is_empty()
        && plan.unsearched.is_empty()
        && plan.stays.is_empty()
        && let Some(error) = nothing_of(shell, work, engine, &plan.stack, (asked.must_be_there, asked.again)).await?
    {
        return Err(match elsewhere {
            Some(note) => error.with("warning", &note.message),
            None => error,
        });
    }
    work.progress.clear();
    Ok(plan)
}

/// What the plan tells of the same stack at another home, or under another name.
fn told_elsewhere(plan: &Plan) -> Option<&Note> {
    let about = format!("stack {}", plan.stack);
    plan.notes.iter().find(|note| note.is_of_access && note.about == about)
}

/// What keeps a run from being a success although nothing of it fails.
pub(super) fn shortfalls(plan: &Plan, asked: Asked<'_>) -> Vec<&'static str> {
    let of_taken = asked.wording == Wording::Revoke && !plan.unsearched_for.is_empty();
    let unsearched = asked.leaves_nothing && !plan.unsearched.is_empty() || of_taken;
    let told = [(unsearched, UNSEARCHED), (!plan.stays.is_empty(), STAYS)];
    told.into_iter().filter_map(|(is_so, told)| is_so.then_some(told)).collect()
}

/// What came of a plan.
#[derive(Debug)]
pub(super) struct CarriedOut {
    /// How the run ends.
    pub(super) exit: Exit,
    /// The plan, for what else there is to say of it.
    pub(super) plan: Plan,
    /// Whether all of it was done: what keeps the run from being a success then is only what no run can do.
    pub(super) is_done: bool,
}

/// Shows the plan, asks, carries it out and reports.
///
/// # Errors
/// Whatever kept it from beginning. What failed later is in the report.
pub(super) async fn carry_out(
    shell: Shell<'_>,
    work: &mut Work<'_>,
    engine: Engine,
    asked: Asked<'_>,
    yes: bool,
    audit: &AuditOptions,
) -> Result<CarriedOut> {
    let printer = shell.printer;
    let failed = |plan| CarriedOut { exit: Exit::Failed, plan, is_done: false };
    let plan = planned(shell, work, &engine, asked).await?;
    if !plan.is_empty() {
        need_approval(shell, yes, asked.look)?;
    }
    // Whoever takes something away moves nothing.
    let moving = if asked.wording == Wording::Plan { printer.here().moving(work.session.moving()) } else { None };
    if let Some(saved) = asked.saved {
        saved.check_plan(&plan, &json::plan("plan", &plan, moving.as_ref(), printer.here()))?;
    }
    let place = work.place.clone();
    // Nothing is approved unseen: whoever is asked is shown what it is about, however quiet it should be.
    let summary_only = printer.is_quiet() && (yes || plan.is_empty());
    let telling = Telling { summary_only, ..shell.telling(asked.wording, &place) };
    if !printer.is_json() {
        printer.stream(|out| plan::write(out, &plan, moving.as_ref(), telling))?;
    }
    // Whoever is asked sees it, also where the results go somewhere else.
    if !yes && !plan.is_empty() && !printer.shows_results() || printer.is_json() && !yes {
        printer.warn(plan::text(&plan, moving.as_ref(), telling).trim_end());
    }
    let shortfalls = shortfalls(&plan, asked);
    if plan.is_empty() {
        if printer.is_json() {
            printer.json(&json::applied(
                asked.command,
                &plan,
                moving.as_ref(),
                &Report { unchanged: plan.unchanged, ..Report::default() },
                None,
                printer.here(),
            ))?;
        } else if shortfalls.is_empty() {
            printer.say(&plan::nothing_to_do(&plan));
        } else {
            shortfalls.iter().for_each(|told| printer.say(told));
        }
        if let Some(untouched) = audit.untouched(work.session) {
            printer.say(&untouched);
        }
        let exit = if shortfalls.is_empty() { Exit::Done } else { Exit::Failed };
        return Ok(CarriedOut { exit, plan, is_done: true });
    }
    let question = format!("{} {} in {place}?", asked.question, plan.stack);
    if !yes && !is_approved(printer, work.interrupts, &question).await? {
        // The result, and so for whoever wants nothing else.
        printer.warn("Nothing was changed.");
        let refused = Error::new(ErrorKind::Cancelled, "the plan was not approved; nothing was changed");
        if printer.is_json() {
            printer.failure(&refused);
        }
        return Ok(failed(plan));
    }
    let approval = if yes { Approval::InAdvance } else { Approval::Person };
    let trail = audit.open(work.session)?;
    let engine = match &trail {
        Some(trail) => engine.audited(trail.clone(), actor()),
        None => engine,
    };
    let again = shell.global.repeated(asked.again);
    let Some(mut report) = apply(shell, work, &engine, plan.clone(), approval, &again).await? else {
        return Ok(failed(plan));
    };
    work.progress.clear();
    printer.here().report(&mut report);
    if report.cancelled && report.applied.is_empty() && report.failed.is_empty() {
        return Err(interrupted());
    }
    if printer.is_json() {
        printer.json(&json::applied(
            asked.command,
            &plan,
            moving.as_ref(),
            &report,
            trail.as_deref(),
            printer.here(),
        ))?;
    } else {
        // Where all is taken away, what drift finds missing isn't what is left.
        let look = if asked.wording == Wording::Plan { shell.global.repeated("drift") } else { again.clone() };
        let problems = report::problems(&report, &look, printer.here(), printer.width_of_errors());
        if !problems.is_empty() {
            printer.warn(problems.trim_end());
        }
        if !printer.is_quiet() {
            printer.data(&report::made(&report))?;
        }
        printer.data(&report::summary(&report, printer.width()))?;
        if let Some(trail) = &trail {
            // Told however quiet it should be: without the hash, nobody notices later that the end was cut off.
            printer.warn(&format!("Audit trail: {}, which now ends in {}", trail.path().display(), trail.head()));
        }
        if !report.is_success() {
            printer.say_whole(&format!("To go on: {again}"));
        }
        shortfalls.iter().for_each(|told| printer.say(told));
    }
    let is_done = report.is_success();
    let exit = if is_done && shortfalls.is_empty() { Exit::Done } else { Exit::Failed };
    Ok(CarriedOut { exit, plan, is_done })
}

/// Access may be left where nobody could look.
const UNSEARCHED: &str = "Not everything could be searched, so that something of the stack may be left: see above.";

/// Said in the end where something that should go stays.
const STAYS: &str = "Not everything can be deleted: what remains, and why, is listed above.";

/// Applies. The first Ctrl-C lets what is under way come to its end; the second ends at once, with no report.
async fn apply(
    shell: Shell<'_>,
    work: &mut Work<'_>,
    engine: &Engine,
    plan: Plan,
    approval: Approval,
    again: &str,
) -> Result<Option<Report>> {
    let cancel = Cancel::default();
    let applying = engine.apply(plan.approve(approval), work.progress, &cancel);
    tokio::pin!(applying);
    loop {
        tokio::select! {
            report = &mut applying => return report.map(Some),
            () = work.interrupts.next() => {}
        }
        if cancel.is_cancelled() {
            work.progress.clear();
            let error =
                Error::new(ErrorKind::Unexpected, "interrupted twice; what was under way may or may not be done")
                    .hint(format!("`{again}` shows what is left to do, and asks"));
            shell.printer.failure(&error);
            return Ok(None);
        }
        cancel.cancel();
        shell.printer.warn("Finishing what is under way. Press Ctrl-C again to end at once.");
    }
}
