//! Whether what was carried out is there.

use std::collections::{HashMap, HashSet};

use tokio::time::Instant;

use crate::contract::error::{Error, Result};
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::Found;
use crate::contract::object::{Object, ObjectId, Ownership};
use crate::engine::apply::changes;
use crate::engine::apply::report::Report;
use crate::engine::cancel::Cancel;
use crate::engine::retry;
use crate::engine::setup::Engine;
use crate::engine::watch::{Event, Watch};
use crate::plan::ApprovedPlan;
use crate::vocabulary::scope::Scope;

impl Engine {
    /// Looks until everything is as it should be, or the time for that is over; what isn't, the report says. What somebody
    /// else has undone by writing the same document at the same time is made again.
    pub(super) async fn verify(
        &self,
        approved: &ApprovedPlan,
        report: &mut Report,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<()> {
        let deadline = Instant::now() + self.settings.settle;
        let mut waits = retry::Waits::new(&self.settings);
        let mut missed: HashSet<ObjectId> = HashSet::new();
        loop {
            watch.event(Event::Verifying);
            let left = match &self.baseline {
                None => self.plan_unless(watch, cancel).await?.work().cloned().collect(),
                Some(_) => self.not_there(report, watch, cancel).await?,
            };
            let wait = waits.next();
            if left.is_empty() || cancel.is_cancelled() || Instant::now() + wait > deadline {
                report.unverified = left;
                return Ok(());
            }
            // What was missing a look ago may only not have been seen yet.
            let undone = report.applied.iter().map(|applied| &applied.change).filter(|change| is_undone(change, &left));
            let (again, new): (Vec<_>, Vec<_>) = undone.cloned().partition(|change| missed.contains(&change.id));
            missed = new.into_iter().map(|change| change.id).collect();
            if !again.is_empty() {
                tracing::debug!(changes = again.len(), "somebody else undid changes; they are made again");
                let made = changes::again(self.writer(), approved, &self.settings, watch, cancel, again).await;
                report.made_again(made);
                if !report.is_complete() {
                    return Ok(());
                }
            }
            watch.event(Event::Settling { left: left.len(), wait });
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// What was made of a plan that only takes away, and isn't there: held against what is there, and not against what would be
    /// planned by now: that may decide otherwise, as what was revoked isn't there any more, and whatever else isn't as the manifest says
    /// is for `apply`.
    async fn not_there(&self, report: &Report, watch: &dyn Watch, cancel: &Cancel) -> Result<Vec<Change>> {
        let made: HashMap<_, _> = report.applied.iter().map(|applied| (&applied.change.id, &applied.change)).collect();
        let intents = &*self.intents;
        let (mut desired, principals) = self.desired_for(intents, watch, cancel).await?;
        (desired.baseline, desired.thorough) = (self.named.clone(), self.thorough);
        // Each as it was approved: a provider looks for what is wanted, and says what it finds in that form.
        desired.objects.retain(|object| !made.contains_key(&object.id));
        desired.objects.extend(made.values().filter_map(|change| wanted(change)));
        let observed = self.observe_all(intents, &mut desired, principals, watch, cancel).await?;
        if let Some(problem) = Error::all(observed.problems) {
            return Err(problem);
        }
        let changes = report.applied.iter().map(|applied| &applied.change);
        Ok(changes.filter_map(|change| unmade(change, observed.objects.get(&change.id))).collect())
    }
}

/// The object that a change makes.
fn wanted(change: &Change) -> Option<Object> {
    Some(Object {
        depends_on: change.depends_on.clone(),
        ownership: change.ownership.clone(),
        ..Object::new(change.id.clone(), Scope::Global, change.because.clone(), change.after.clone()?)
    })
}

/// What is left of a change that was made, by what is there.
fn unmade(made: &Change, found: Option<&Found>) -> Option<Change> {
    match made.action {
        // What is there in another form by now, nobody deletes again.
        Action::Delete => found.map(|found| Change { before: Some(found.attributes.clone()), ..made.clone() }),
        Action::Create | Action::Update => {
            let is_made = found.is_some_and(|found| Some(&found.attributes) == made.after.as_ref());
            (!is_made).then(|| made.clone())
        }
        Action::Handoff => None,
    }
}

/// Whether a change that was made has to be made again: a part of something that others write too, or a deletion. What
/// is the stack's alone nobody else writes, so that the cloud only hasn't caught up.
fn is_undone(made: &Change, left: &[Change]) -> bool {
    let shared = matches!(made.ownership, Ownership::Fragment { .. });
    left.iter().any(|left| match made.action {
        Action::Delete => left == made,
        Action::Create | Action::Update => shared && left.id == made.id && left.after == made.after,
        Action::Handoff => false,
    })
}
