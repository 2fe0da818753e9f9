//! Carrying out an approved plan, from a last look before it to what came of it.

pub(super) mod changes;
pub(super) mod report;
mod verify;

use std::time::Duration;

use tokio::time::Instant;

use crate::audit;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::change::Change;
use crate::engine::apply::report::Report;
use crate::engine::cancel::Cancel;
use crate::engine::setup::Engine;
use crate::engine::watch::Watch;
use crate::plan::{Approval, ApprovedPlan, Plan};

impl Engine {
    /// Carries out an approved plan, looks again, and says what came of it.
    ///
    /// Changes that fail don't stop independent ones; what depends on them remains. Deletions wait until
    /// everything else has succeeded, so that nothing is taken away before its replacement is there.
    ///
    /// # Errors
    /// What the plan says that an apply is refused for ([`Plan::refusal`](crate::Plan::refusal)),
    /// [`ErrorKind::PlanStale`] when the cloud no longer is as it was when the plan was made, and whatever
    /// prevented looking. There is no such look where this engine made the plan a moment ago and it is approved in
    /// advance ([`Approval::InAdvance`]). Failed changes are in the report.
    pub async fn apply(&self, approved: ApprovedPlan, watch: &dyn Watch, cancel: &Cancel) -> Result<Report> {
        let begun = Instant::now();
        let before = self.backends().requests();
        if let Some(refusal) = &approved.plan().refusal {
            return Err(refusal.error().told_again());
        }
        if !self.has_just_made(&approved) {
            let now = self.plan_unless(watch, cancel).await?;
            if !asked_of(&now).eq(asked_of(approved.plan())) {
                return Err(stale(approved.plan(), &now));
            }
        }
        self.begin(&approved).await?;
        let mut report = changes::run(self.writer(), &approved, &self.settings, watch, cancel).await;
        if report.is_complete() && !approved.plan().is_empty() {
            // What was made is made, even if nobody can see it: the report isn't lost for that.
            if let Err(error) = self.verify(&approved, &mut report, watch, cancel).await {
                report.unseen = Some(error);
            }
        }
        report.requests = self.backends().requests().zip(before).map(|(after, before)| after - before);
        report.elapsed = begun.elapsed();
        if let Err(error) = self.end(&report) {
            report.unseen = Some(match report.unseen.take() {
                Some(unseen) => unseen.with("audit trail", format!("the end of the run isn't in it: {error}")),
                None => error,
            });
        }
        Ok(report)
    }

    /// Whether looking again before anything is done would show nobody anything: whoever approved in advance approved what
    /// a look now would come to as well, and what came in between could as well come a moment later, while it is applied.
    fn has_just_made(&self, approved: &ApprovedPlan) -> bool {
        approved.approval() == Approval::InAdvance && approved.plan().look.is_recent(self.number, JUST_NOW)
    }

    pub(super) async fn begin(&self, approved: &ApprovedPlan) -> Result<()> {
        let Some((trail, actor)) = &self.audit else { return Ok(()) };
        let (stack, plan) = (self.stack.as_str(), approved.plan().summary());
        let (caller, approval) = (self.provider.caller().await?, approved.approval());
        let (caller, sandbox, digest) = (caller.as_ref(), self.in_sandbox, &approved.plan().digest());
        let provider = self.id;
        trail.append(audit::Event::Begin { actor, caller, stack, provider, sandbox, approval, plan, digest })
    }

    pub(super) fn end(&self, report: &Report) -> Result<()> {
        let Some((trail, _)) = &self.audit else { return Ok(()) };
        let (applied, failed, remaining) = (report.applied.len(), report.failed.len(), report.remaining.len());
        trail.append(audit::Event::End { applied, failed, remaining })
    }
}

/// A plan that was approved in advance is applied without another look if its own began no longer ago than this.
const JUST_NOW: Duration = Duration::from_secs(10);

/// What a plan asks for. What somebody else is to take back is told beside that.
fn asked_of(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.changes.iter().filter(|change| !change.handoff.as_ref().is_some_and(|handoff| handoff.takes_back))
}

fn stale(approved: &Plan, now: &Plan) -> Error {
    let differs = |change: &&Change, other: &Plan| !other.changes.contains(change);
    let gone = asked_of(approved).find(|change| differs(change, now));
    let new = asked_of(now).find(|change| differs(change, approved));
    let mut error = Error::new(ErrorKind::PlanStale, "the cloud changed since the plan was made; nothing was applied");
    if let Some(change) = new.or(gone) {
        error = error.with("object", &change.id);
    }
    error.hint("make a new plan and look at it again")
}
