//! Plans that only take away: what the manifest asks for without some grants, and of the difference only what is there for
//! these.

mod edited;
mod needs;
mod notes;
mod only;
mod parts;
pub(super) mod revoked_before;
pub(super) mod sharing;
mod unasked;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::contract::attributes::Attributes;
use crate::contract::error::Result;
use crate::contract::object::{Desired, ObjectId, Unmakeable};
use crate::engine::Engine;
use crate::engine::cancel::Cancel;
use crate::engine::taking_away::only::only;
use crate::engine::taking_away::revoked_before::{Lacking, Taking};
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::watch::Watch;
use crate::plan::{Action, Plan, unmakeable};
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::note::Note;

/// What the provider said of its objects for whoever takes something away.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// [`Desired::replaces`](crate::Desired::replaces)
    pub(super) replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// [`Desired::less_revoked`](crate::Desired::less_revoked)
    pub(super) less_revoked: BTreeSet<ObjectId>,
    /// [`Desired::unasked`](crate::Desired::unasked)
    pub(super) unasked: BTreeSet<ObjectId>,
    /// [`Observed::unmakeable`](crate::Observed::unmakeable), and what would be beyond the limits.
    pub(super) unmakeable: Vec<Unmakeable>,
    /// The objects that task code runs as: [`Principal::depends_on`](crate::Principal::depends_on).
    pub(super) principals: BTreeSet<ObjectId>,
    /// The platform's objects that only name a principal: [`Observed::names`](crate::Observed::names).
    pub(super) naming: BTreeSet<ObjectId>,
}

/// What the manifest asks for as a whole, and what of that stays.
pub(super) struct Manifest<'a> {
    /// The plan for all of it; `None` where that can't be planned.
    pub(super) anyway: Option<&'a Plan>,
    pub(super) principals: &'a BTreeSet<ObjectId>,
    /// The intents that stay.
    pub(super) kept: &'a HashSet<IntentId>,
    /// The names of the principals that have something which grants that stay may have had before they were edited.
    pub(super) former: &'a BTreeSet<Arc<str>>,
    /// The grants that stay and aren't there as a whole.
    pub(super) lacking: &'a [Lacking],
    /// Whether it is told already what others give as well.
    pub(super) is_told_of_others: bool,
    /// Whether there are grants of which the cloud has nothing, and which were left out of it for that.
    pub(super) are_some_gone: bool,
}

impl Engine {
    /// Makes such a plan, against what the manifest asks for with all of its grants.
    pub(super) async fn plan_taking_away_from(
        &self,
        baseline: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Plan> {
        let Taking { without_gone, note, former, lacking } = self.less_revoked_before(baseline, watch, cancel).await?;
        let are_some_gone = without_gone.is_some();
        let [intents, baseline] = match &without_gone {
            Some([intents, baseline]) => [intents, baseline],
            None => [&*self.intents, baseline],
        };
        let (mut plan, mut said) = self.plan_for(intents, watch, cancel, &HashSet::new()).await?;
        // Where what is to go is itself what makes planning impossible, such as a grant of a secret that is gone, it must be
        // possible to take it away all the same.
        let may_go = changed(&plan).cloned().collect();
        let missing = unmakeable::missing(&said.unmakeable, &plan);
        // Before the look that comes with the next plan: what verbs read is one reading with that.
        let revoked = self.revoked(intents, baseline, watch, cancel).await?;
        let mut principals = BTreeSet::new();
        let anyway = match self.plan_for(baseline, watch, cancel, &may_go).await {
            Ok((anyway, said)) => {
                principals = said.principals;
                Some(anyway)
            }
            Err(error) if error.kind().is_of_the_intents() => {
                plan.notes.insert(0, Note::warning("manifest", notes::unplanned(&error)));
                None
            }
            Err(error) => return Err(error),
        };
        let kept = intents.ids().collect();
        let shared: HashSet<_> =
            plan.work().filter(|change| !change.because.is_empty()).map(|change| change.id.clone()).collect();
        let sharing =
            Sharing { provider: &|id, shares| self.backends().of(id.kind).remainder(id, shares), revoked: &revoked };
        let manifest = Manifest {
            anyway: anyway.as_ref(),
            principals: &principals,
            kept: &kept,
            former: &former,
            lacking: &lacking,
            are_some_gone,
            is_told_of_others: note.is_some(),
        };
        only(&mut plan, &said, &manifest, &sharing);
        plan.notes.extend(note);
        plan.notes.extend(missing);
        (plan.served, plan.idle) = anyway.map(|anyway| (anyway.served, anyway.idle)).unwrap_or_default();
        plan.served = served(&plan, &shared, &kept);
        plan.undeletable = plan.deleted_of(&unmakeable::undeletable(&said.unmakeable));
        match unmakeable::refusal(std::mem::take(&mut said.unmakeable), &plan) {
            Some(refusal) => Err(refusal),
            None => Ok(plan),
        }
    }

    /// What the grants that are taken away ask for by themselves; nothing where that can't be told, as a resource is gone. Whatever
    /// else keeps that from being told is in the way: taken for nothing, what is revoked would count as what others had.
    async fn revoked(
        &self,
        kept: &Intents,
        baseline: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<BTreeMap<ObjectId, Attributes>> {
        let revoked = baseline.without(kept);
        let objects = match self.desired_for(&revoked, watch, cancel).await {
            Ok((desired, _)) => desired.objects,
            Err(error) if error.kind().is_of_the_intents() => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(objects.into_iter().map(|object| (object.id, object.attributes)).collect())
    }
}

/// What a plan changes or deletes.
pub(super) fn changed(plan: &Plan) -> impl Iterator<Item = &ObjectId> {
    let may_go = plan.changes.iter().filter(|change| matches!(change.action, Action::Update | Action::Delete));
    may_go.map(|change| &change.id)
}

/// What those objects were for that are deleted. Where others ask for one as well, it has nothing of theirs any more.
pub(super) fn served(
    plan: &Plan,
    shared: &HashSet<ObjectId>,
    kept: &HashSet<IntentId>,
) -> BTreeMap<ObjectId, Vec<IntentId>> {
    let served = deleted(plan).filter_map(|id| {
        let mut served = plan.served.get(id)?.clone();
        served.retain(|intent| !shared.contains(id) || !kept.contains(intent));
        Some((id.clone(), served))
    });
    served.collect()
}

/// What a plan deletes.
pub(super) fn deleted(plan: &Plan) -> impl Iterator<Item = &ObjectId> {
    plan.changes.iter().filter(|change| change.action == Action::Delete).map(|change| &change.id)
}

/// For which of the intents nothing has to exist.
pub(super) fn idle(intents: &Intents, desired: &Desired) -> Vec<IntentId> {
    let served: HashSet<_> = desired.objects.iter().flat_map(|object| &object.because).collect();
    intents.ids().filter(|id| !served.contains(id)).collect()
}

#[cfg(test)]
mod tests;
