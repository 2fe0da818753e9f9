//! `cloudgrant done`

use clap::Args;
use cloudgrant_core::{
    Action, Approval, Cancel, Change, Confirmation, Confirming, Engine, Error, ErrorKind, HandoffNames, ObjectId,
    Ownership, Plan, Report, Result, Said, Session, quoted,
};

use crate::command::audit::{AuditOptions, actor};
use crate::command::carrying_out::need_approval;
use crate::command::session::{Work, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::{handoff, json, report};
use crate::terminal::question::is_approved;

/// Confirm a manual step that cloudgrant cannot verify
#[derive(Debug, Args)]
#[command(after_help = "\
Shows the step with its complete document, asks whether it was done, and stores the confirmation in the cloud: a mark on one of \
the stack's own objects, with a digest of exactly that document. From then on the step is one line in plans, with nothing left to do. \
If the document changes, or a role or identity that it names is recreated, the step is shown again. A step that is no longer \
wanted must be reverted by whoever did it: plans ask for that, and the same command confirms it.

Examples:
  cloudgrant done vision-production
  cloudgrant done training-data    A grant's only step, by the grant's name
  cloudgrant done vision-production --undo  It wasn't done, or no longer is")]
pub(crate) struct Options {
    /// The step, by its name in the plan, or by that of the only grant or registry that it is for
    #[arg(value_name = "NAME", add = crate::args::complete::handoffs())]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,

    /// Withdraw the confirmation: the step wasn't done, or no longer is
    #[arg(long)]
    undo: bool,

    /// Confirm that a step of another stack at the same home was reverted
    #[arg(long, value_name = "STACK")]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new(), value_hint = clap::ValueHint::Other)]
    stack: Option<String>,

    /// Don't ask
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

    fn said(&self) -> Said {
        if self.undo { Said::NotDone } else { Said::Done }
    }
}

pub(crate) async fn run(shell: Shell<'_>, mut options: Options) -> Result<Exit> {
    // Of the manifest's own stack, what the manifest wants is nothing to take back.
    if options.stack.is_some() && manifest::stack(shell.global) == options.stack {
        options.stack = None;
    }
    let mut global = shell.global.clone();
    global.stack.clone_from(&options.stack);
    global.without_manifest = options.stack.is_some();
    let shell = Shell { global: &global, ..shell };
    let check = |session: &Session| options.audit.check(session);
    with_session(shell, check, async |mut work: Work<'_>| {
        let engine = match options.stack {
            Some(_) => work.session.engine_without(None)?.for_another_stack(),
            None => work.session.engine(),
        };
        let engine = engine.only_showing().without_news();
        let mut plan = work.interrupts.unless(engine.plan(work.progress)).await?;
        work.progress.clear();
        let id = HandoffNames::of(&plan).find(&options.name)?.clone();
        let confirming = engine.confirming(&plan, &id, options.said()).map_err(|error| in_words_of(shell, error))?;
        // What is written down stands for the document as it is, and people get commands as they work here.
        shell.printer.here().plan(&mut plan);
        let mut step = Step::of(&plan, &id, &options)?;
        step.is_waited_for = confirming.as_ref().is_some_and(Confirming::is_waited_for);
        match confirming {
            Some(confirming) => confirm(shell, &mut work, engine, confirming, &plan, &step, &options).await,
            None => step.nothing_to_write(shell, &plan),
        }
    })
    .await
}

/// Commands in the hint are those of this run.
fn in_words_of(shell: Shell<'_>, error: Error) -> Error {
    match error.hint_text().map(|hint| shell.printer.here().text(hint)) {
        Some(hint) => Error::new(error.kind(), error.message()).hint(hint),
        None => error,
    }
}

/// The step that it is about.
struct Step {
    /// As plans have it while it isn't done.
    change: Change,
    /// When it was confirmed, where it counts as done.
    confirmed: Option<String>,
    /// The shortest name that means it alone.
    name: String,
    undo: bool,
    /// Whether something of the stack's stays until it is known that it was taken back.
    is_waited_for: bool,
}

impl Step {
    fn of(plan: &Plan, id: &ObjectId, options: &Options) -> Result<Self> {
        let done = plan.confirmed.iter().find(|one| one.object == *id);
        let open = plan.changes.iter().find(|change| change.action == Action::Handoff && change.id == *id);
        let Some(change) = open.cloned().or_else(|| done.map(as_change)) else {
            return Err(Error::new(ErrorKind::Unexpected, format!("the plan has lost {id}")));
        };
        let name = HandoffNames::of(plan).shortest(id);
        Ok(Self { change, confirmed: done.map(|one| one.on.clone()), name, undo: options.undo, is_waited_for: false })
    }

    fn takes_back(&self) -> bool {
        self.change.handoff.as_ref().is_some_and(|handoff| handoff.takes_back)
    }

    /// That what is said is known already.
    fn nothing_to_write(&self, shell: Shell<'_>, plan: &Plan) -> Result<Exit> {
        if shell.printer.is_json() {
            let counts = self.confirmed.is_some();
            shell.printer.json(&json::done(plan, &self.change, counts, None, None, shell.printer.here()))?;
            return Ok(Exit::Done);
        }
        shell.printer.data(&match &self.confirmed {
            Some(on) if !self.undo => {
                // Whoever had it taken back, as after a revoke of what the manifest still has, says so with the same command.
                let undo = shell.global.repeated(&format!("done {} --undo", quoted(&self.name)));
                format!(
                    "{} was confirmed on {on} already: nothing was changed. If it was taken back since, say so with `{undo}`.\n",
                    self.name
                )
            }
            Some(on) => format!("{} was confirmed on {on} already: nothing was changed.\n", self.name),
            None => format!("{} doesn't count as done: nothing was changed.\n", self.name),
        })?;
        Ok(Exit::Done)
    }

    fn question(&self, plan: &Plan, place: &str) -> String {
        let stack = &plan.stack;
        match (self.undo, self.takes_back()) {
            (false, false) => format!("Was this done, as it is written here, for {stack} in {place}?"),
            (false, true) => format!("Was this taken back, for {stack} in {place}?"),
            (true, _) => format!("Forget that this was done, for {stack} in {place}?"),
        }
    }

    /// What came of it.
    fn result(&self, plan: &Plan, shell: Shell<'_>) -> String {
        let name = &self.name;
        let again = shell.global.repeated("plan");
        match (self.undo, self.takes_back()) {
            (false, false) => format!("{name} counts as done: plans have a line for it from now on.\n"),
            (false, true) if self.is_waited_for => {
                let revoke = shell.global.repeated("revoke --all");
                format!("{name} counts as taken back: what stayed for it goes with `{revoke}`.\n")
            }
            (false, true) => format!("{name} counts as taken back: nothing of it is remembered any more.\n"),
            (true, true) => format!(
                "{name} is forgotten: nothing in the manifest of {} wants it, and no plan asks to have it taken back.\n",
                plan.stack
            ),
            (true, false) => format!("{name} no longer counts as done: `{again}` shows it again.\n"),
        }
    }
}

fn as_change(done: &Confirmation) -> Change {
    Change {
        action: Action::Handoff,
        id: done.object.clone(),
        because: done.because.clone(),
        before: None,
        after: None,
        known_after_apply: Vec::new(),
        ownership: Ownership::Fragment { of: format!("what {} do", done.handoff.to) },
        depends_on: Vec::new(),
        handoff: Some(done.handoff.clone()),
        warning: None,
    }
}

/// Shows the step, asks, and has it written down.
async fn confirm(
    shell: Shell<'_>,
    work: &mut Work<'_>,
    engine: Engine,
    confirming: Confirming,
    plan: &Plan,
    step: &Step,
    options: &Options,
) -> Result<Exit> {
    let printer = shell.printer;
    let look = shell.global.repeated("plan -v");
    need_approval(shell, options.yes, &look)?;
    let shown = handoff::one(&step.change, printer.width());
    if !(printer.is_json() || printer.is_quiet() && options.yes) {
        printer.data(&shown)?;
    }
    // Whoever is asked sees it, also where the results go somewhere else.
    if !options.yes && (printer.is_json() || !printer.shows_results()) {
        printer.warn(shown.trim_end());
    }
    if !options.yes && !is_approved(printer, work.interrupts, &step.question(plan, &work.place)).await? {
        printer.warn("Nothing was changed.");
        if printer.is_json() {
            printer.failure(&Error::new(ErrorKind::Cancelled, "it was not confirmed; nothing was changed"));
        }
        return Ok(Exit::Failed);
    }
    let approval = if options.yes { Approval::InAdvance } else { Approval::Person };
    let trail = options.audit.open(work.session)?;
    let engine = match &trail {
        Some(trail) => engine.audited(trail.clone(), actor()),
        None => engine,
    };
    let cancel = Cancel::default();
    let confirming = engine.confirm(confirming, approval, work.progress, &cancel);
    tokio::pin!(confirming);
    let mut report = loop {
        tokio::select! {
            report = &mut confirming => break report?,
            () = work.interrupts.next() => {}
        }
        if cancel.is_cancelled() {
            work.progress.clear();
            let message = "interrupted twice; nobody knows whether it was written down";
            return Err(Error::new(ErrorKind::Cancelled, message).hint(format!("`{look}` shows it")));
        }
        cancel.cancel();
    };
    work.progress.clear();
    printer.here().report(&mut report);
    let is_done = report.is_success();
    if printer.is_json() {
        let counts = is_done && !step.undo && !step.takes_back();
        let trail = trail.as_deref();
        printer.json(&json::done(plan, &step.change, counts, Some(&report), trail, printer.here()))?;
        return Ok(if is_done { Exit::Done } else { Exit::Failed });
    }
    tell(shell, &report, step, plan, options)?;
    if let Some(trail) = &trail {
        printer.warn(&format!("Audit trail: {}, which now ends in {}", trail.path().display(), trail.head()));
    }
    Ok(if is_done { Exit::Done } else { Exit::Failed })
}

fn tell(shell: Shell<'_>, report: &Report, step: &Step, plan: &Plan, options: &Options) -> Result<()> {
    let printer = shell.printer;
    let undo = if options.undo { " --undo" } else { "" };
    let again = shell.global.repeated(&options.audit.repeated(&format!("done {}{undo}", quoted(&step.name))));
    let problems = report::problems(report, &again, printer.here(), printer.width_of_errors());
    if !problems.is_empty() {
        printer.warn(problems.trim_end());
    }
    if report.is_complete() {
        printer.data(&step.result(plan, shell))?;
    } else {
        printer.say_whole(&format!("To go on: {again}"));
    }
    Ok(())
}
