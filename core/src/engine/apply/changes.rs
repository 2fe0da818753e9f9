//! Carrying out a plan: as many changes at a time as allowed, each after what it needs.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::audit::Writer;
use crate::contract::backend::Outcome;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::Reference;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::reference::Outputs;
use crate::engine::apply::report::{Applied, Failed, Report};
use crate::engine::cancel::Cancel;
use crate::engine::retry;
use crate::engine::settings::Settings;
use crate::engine::watch::{Event, Watch};
use crate::plan::ApprovedPlan;
use crate::plan::order;
use crate::vocabulary::intent::IntentId;

/// Carries out the plan: creations and updates first, deletions only when all of those succeeded: a revoke, too, may
/// give what others keep another place before it takes away the shared one.
pub(in crate::engine) async fn run(
    writer: Writer<'_>,
    approved: &ApprovedPlan,
    settings: &Settings,
    watch: &dyn Watch,
    cancel: &Cancel,
) -> Report {
    let plan = approved.plan();
    let mut report = Report { unchanged: plan.unchanged, ..Report::default() };
    let (mut making, mut removing) = (Vec::new(), Vec::new());
    for change in &plan.changes {
        match change.action {
            Action::Create | Action::Update => making.push(change.clone()),
            Action::Delete => removing.push(change.clone()),
            Action::Handoff => report.handoffs.push(change.clone()),
        }
    }
    watch.event(Event::Applying { total: making.len() + removing.len() });
    let runner = Runner { writer, approved, settings, watch, cancel, outputs: Mutex::default() };
    let needs = order::needs(&making);
    runner.phase(making, needs, &mut report).await;
    if report.is_complete() {
        // Nobody runs any more under what goes: the platform is told first.
        let is_of_platform = |change: &Change| writer.is_of_platform(change.id.kind);
        let (told, removing): (Vec<_>, Vec<_>) = removing.into_iter().partition(is_of_platform);
        for removing in [told, removing] {
            if report.is_complete() {
                let needs = reversed(&order::needs(&removing));
                runner.phase(removing, needs, &mut report).await;
            } else {
                report.remaining.extend(removing);
            }
        }
    } else {
        report.remaining.extend(removing);
    }
    report.cancelled = cancel.is_cancelled() && !report.remaining.is_empty();
    report
}

/// Makes changes again that were made and are undone: a document that others write too may have been written by
/// somebody who didn't know of them. Answers with what came of that.
pub(in crate::engine) async fn again(
    writer: Writer<'_>,
    approved: &ApprovedPlan,
    settings: &Settings,
    watch: &dyn Watch,
    cancel: &Cancel,
    undone: Vec<Change>,
) -> Report {
    let runner = Runner { writer, approved, settings, watch, cancel, outputs: Mutex::default() };
    let needs = vec![Vec::new(); undone.len()];
    let mut report = Report::default();
    runner.phase(undone, needs, &mut report).await;
    report
}

/// For deletions: what needs an object goes before it.
fn reversed(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed = vec![Vec::new(); needs.len()];
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            reversed[*need].push(at);
        }
    }
    reversed
}

struct Runner<'a> {
    writer: Writer<'a>,
    approved: &'a ApprovedPlan,
    settings: &'a Settings,
    watch: &'a dyn Watch,
    cancel: &'a Cancel,
    outputs: Mutex<Outputs>,
}

impl Runner<'_> {
    async fn phase(&self, changes: Vec<Change>, needs: Vec<Vec<usize>>, report: &mut Report) {
        let needed_by = reversed(&needs);
        let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<usize> = (0..changes.len()).filter(|at| missing[*at] == 0).collect();
        let mut results: Vec<Option<Result<Outcome>>> = changes.iter().map(|_| None).collect();
        let mut running = FuturesUnordered::new();
        let mut resolved = HashMap::new();
        // Of the cloud, and of the platform.
        let mut stopped = BTreeSet::new();
        // What is refused to the caller once is refused every time. Not so what takes access away: each object may have
        // somebody of its own who denies that, and none of the others is left for it.
        let mut refused = BTreeSet::new();
        loop {
            while !self.cancel.is_cancelled()
                && running.len() < self.settings.concurrency(self.writer.pace())
                && let Some(at) = ready.pop_first()
            {
                let change = &changes[at];
                if !refused.contains(&operation(change)) && !stopped.contains(&self.is_of_platform(change)) {
                    running.push(self.one(at, change));
                }
            }
            let Some((at, change, result)) = running.next().await else { break };
            match &result {
                Ok(outcome) => {
                    if !outcome.outputs.is_empty() {
                        self.outputs().insert(changes[at].id.clone(), outcome.outputs.clone());
                    }
                    for dependent in &needed_by[at] {
                        missing[*dependent] -= 1;
                        if missing[*dependent] == 0 {
                            ready.insert(*dependent);
                        }
                    }
                }
                Err(error) => {
                    if is_hopeless(error.kind()) {
                        stopped.insert(self.is_of_platform(&changes[at]));
                    }
                    if error.kind() == ErrorKind::AccessDenied && changes[at].action != Action::Delete {
                        refused.insert(operation(&changes[at]));
                    }
                }
            }
            results[at] = Some(result);
            resolved.extend(change.map(|change| (at, change)));
        }
        drop(running);
        for (at, (change, result)) in changes.into_iter().zip(results).enumerate() {
            let change = resolved.remove(&at).unwrap_or(change);
            match result {
                Some(Ok(outcome)) => report.applied.push(Applied { change, outcome }),
                Some(Err(error)) => report.failed.push(Failed { change, error }),
                None => report.remaining.push(change),
            }
        }
    }

    /// Answers with the change as it was made, too, where something of it became known only then.
    async fn one(&self, at: usize, planned: &Change) -> (usize, Option<Change>, Result<Outcome>) {
        let resolved = planned.resolved(&self.outputs());
        let resolved = match resolved.transpose() {
            Ok(resolved) => resolved,
            Err(reference) => return (at, None, Err(self.unknown(planned, &reference))),
        };
        let change = resolved.as_ref().unwrap_or(planned);
        self.watch.event(Event::Started(change));
        tracing::debug!(object = %change.id, action = ?change.action, "a change begins");
        let reasons = self.reasons(change);
        let call = || self.writer.apply(self.approved.approved(change), reasons);
        let waiting = |error: &Error, wait| self.watch.event(Event::Retrying { change, error, wait });
        let result = retry::until(self.settings, self.cancel, call, waiting)
            .await
            .map_err(|error| in_context(error, change, reasons));
        match &result {
            Ok(outcome) => {
                tracing::debug!(object = %change.id, identifier = outcome.identifier, "a change is made");
                self.watch.event(Event::Done(change, outcome));
            }
            Err(error) => {
                tracing::debug!(object = %change.id, %error, "a change failed");
                self.watch.event(Event::Failed(change, error));
            }
        }
        (at, resolved, result)
    }

    /// What the cloud chose in this run.
    fn outputs(&self) -> MutexGuard<'_, Outputs> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_of_platform(&self, change: &Change) -> bool {
        self.writer.is_of_platform(change.id.kind)
    }

    fn unknown(&self, change: &Change, reference: &Reference) -> Error {
        let Reference { object, output, pointer: _ } = reference;
        let error =
            Error::provider_bug(self.approved.plan().provider, format!("{object} was made without its {output}"));
        let error = in_context(error, change, self.reasons(change));
        self.watch.event(Event::Failed(change, &error));
        error
    }

    /// For what an object is, or was where it goes.
    fn reasons<'c>(&'c self, change: &'c Change) -> &'c [IntentId] {
        if change.because.is_empty() {
            return self.approved.plan().served.get(&change.id).map_or(&[], Vec::as_slice);
        }
        &change.because
    }
}

/// What the caller has to be allowed.
fn operation(change: &Change) -> (&'static str, Action) {
    (change.id.kind, change.action)
}

/// Whether no other change can succeed either.
fn is_hopeless(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Credentials | ErrorKind::WrongAccount)
}

/// Core adds what every error needs: which object, and for which intents. The provider knows only the cloud.
fn in_context(error: Error, change: &Change, reasons: &[IntentId]) -> Error {
    let error = error.with("object", &change.id);
    if reasons.is_empty() {
        return error.with("for", "the stack, which no longer wants it");
    }
    let because: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    error.with("for", because.join(", "))
}
