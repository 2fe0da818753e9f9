//! Makes plans: asks the verbs what must be, looks at what is, and tells the difference.

mod desired;
pub(super) mod handed_off;
pub(super) mod marks;
mod news;
pub(super) mod platform_places;
mod uncompared;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::contract::delivery::{Identity, Principal};
use crate::contract::error::Result;
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::{Observed, Unsearched};
use crate::contract::object::reference::Outputs;
use crate::contract::object::{Object, ObjectId};
use crate::engine::cancel::Cancel;
use crate::engine::planning::handed_off::OneByOne;
use crate::engine::setup::Engine;
use crate::engine::taking_away;
use crate::engine::taking_away::ObjectFacts;
use crate::engine::watch::Silent;
use crate::engine::watch::Watch;
use crate::plan::diff::Aim;
use crate::plan::{Look, Plan, diff, unmakeable};
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::note::{DELETES_WITHOUT_GRANTS, Note, TAKES_ALL_AWAY};

/// What the manifest asks for, for whoever takes all of it away.
#[derive(Default)]
struct Before {
    /// What objects are for.
    served: BTreeMap<ObjectId, Vec<IntentId>>,
    /// What somebody else was asked for.
    handed_off: Vec<Object>,
    /// The same where the manifest as a whole can't be told.
    one_by_one: OneByOne,
}

impl Engine {
    /// Makes the plan.
    ///
    /// # Errors
    /// The provider's, or what makes the plan impossible: a conflict, a quota, something protected.
    pub async fn plan(&self, watch: &dyn Watch) -> Result<Plan> {
        // Asked first: what the provider reads for it, it looks at in the plan, and only there.
        let takes_all = self.baseline.is_none() && self.thorough && !self.is_other_stack;
        let before = if takes_all { self.before().await } else { Before::default() };
        let cancel = Cancel::default();
        let mut plan = match self.plan_unless(watch, &cancel).await {
            Err(error) if self.only_looks => return self.widened_alone(error, watch, &cancel).await,
            plan => plan?,
        };
        if takes_all {
            let served = |id: &ObjectId| Some((id.clone(), before.served.get(id)?.clone()));
            plan.served = taking_away::deleted(&plan).filter_map(served).collect();
            self.tell_all(&mut plan, before.handed_off.iter());
            self.tell_one_by_one(&before.one_by_one, &mut plan, &HashSet::new());
        }
        if let Some(baseline) = &self.baseline {
            // Of what stays, nobody asks whether all of it is gone.
            let revoked: HashSet<_> = baseline.without(&self.intents).ids().collect();
            plan.unsearched_for.retain(|_, intents| {
                intents.retain(|intent| revoked.contains(intent));
                !intents.is_empty()
            });
        }
        Ok(plan)
    }

    /// What the manifest asks for, where everything goes. What objects are for stays untold where a resource is gone: that is in
    /// nobody's way who takes it away.
    async fn before(&self) -> Before {
        let once = Cancel::default();
        once.cancel();
        let Ok((desired, principals)) = self.desired_for(&self.named, &Silent, &once).await else {
            return Before { one_by_one: self.handed_off_one_by_one(&self.named).await, ..Before::default() };
        };
        let of_vendor = handed_off::of_vendor(&principals);
        let told = self.delivered(&self.named, principals, &Outputs::new()).unwrap_or_default();
        let handed_off = handed_off::all(&desired.objects, &told.objects, &of_vendor).cloned().collect();
        let served =
            desired.objects.into_iter().chain(told.objects).map(|object| (object.id, object.because)).collect();
        Before { served, handed_off, one_by_one: OneByOne::default() }
    }

    /// Makes the plan; once cancelled, without trying again what fails.
    pub(super) async fn plan_unless(&self, watch: &dyn Watch, cancel: &Cancel) -> Result<Plan> {
        if let Some(baseline) = &self.baseline {
            return self.plan_taking_away_from(baseline, watch, cancel).await;
        }
        let (mut plan, _) = self.plan_for(&self.intents, watch, cancel, &HashSet::new()).await?;
        // Whoever revokes asks for that; a manifest may have lost its grants by mistake.
        if !self.thorough && self.intents.grants.is_empty() && plan.summary().delete > 0 {
            let said = if plan.only_deletes() { TAKES_ALL_AWAY } else { DELETES_WITHOUT_GRANTS };
            plan.notes.push(Note::warning("manifest", said));
        }
        if self.with_news && !self.thorough {
            let news = news::notes(self.platform.as_ref(), &self.intents, &plan);
            plan.notes.extend(news);
        }
        Ok(plan)
    }

    /// With what those of the objects are for that somebody asks about.
    pub(super) async fn plan_for(
        &self,
        intents: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
        asked_about: &HashSet<ObjectId>,
    ) -> Result<(Plan, ObjectFacts)> {
        let look = Look::begin(self.number);
        let (mut desired, principals) = self.desired_for(intents, watch, cancel).await?;
        desired.baseline = self.named.clone();
        desired.thorough = self.thorough;
        let own = principals.iter().flat_map(|principal| principal.depends_on.iter().cloned()).collect();
        let scopes = match self.baseline {
            Some(_) => desired.objects.iter().map(|object| (object.id.clone(), object.scope.clone())).collect(),
            None => BTreeMap::new(),
        };
        let of_vendor = handed_off::of_vendor(&principals);
        // Also of those that the cloud binds: what was written before it did may name them.
        let is_told = |principal: &&Principal| !matches!(principal.identity, Identity::Asked(_));
        let told = principals.iter().filter(is_told).map(|principal| principal.scope.clone()).collect();
        let in_cloud: HashSet<_> = desired.objects.iter().map(|object| object.id.clone()).collect();
        let mut observed = self.observe_all(intents, &mut desired, principals, watch, cancel).await?;
        if self.baseline.is_some() || self.thorough {
            // Which of its keys have no effect is for whoever grants: what they had an effect on may be what goes here.
            desired.notes.retain(|note| !note.about.starts_with("platform."));
        } else if self.takes_back_what_was_told(&desired, &observed) {
            // What the key has no effect on any more it had one on: without it, nobody would find what is to be taken back.
            for note in desired.notes.iter_mut().filter(|note| note.about == DELIVERY) {
                *note = Note::info(note.about.clone(), STILL_NEEDED);
            }
        }
        let all = desired.objects.iter().map(|object| &object.id);
        let of_platform: BTreeSet<_> = all.filter(|id| !in_cloud.contains(id)).cloned().collect();
        let is_handed_off = |object: &&Object| {
            object.handoff.is_some() && (in_cloud.contains(&object.id) || of_vendor.contains(&object.scope))
        };
        let handed_off = desired.objects.iter().filter(is_handed_off).map(|object| object.id.clone()).collect();
        if self.only_looks {
            unread_is_unsearched(&mut desired, &mut observed);
        }
        let facts = ObjectFacts {
            replaces: std::mem::take(&mut desired.replaces),
            less_revoked: std::mem::take(&mut desired.less_revoked),
            unasked: std::mem::take(&mut desired.unasked),
            unapplied: std::mem::take(&mut desired.unapplied),
            // What of that is needed is only known once the rest was left out.
            unmakeable: self.baseline.as_ref().map(|_| unmakeable::taken_out(&mut observed)).unwrap_or_default(),
            relied_on: match self.baseline {
                Some(_) => std::mem::take(&mut observed.relied_on),
                None => BTreeMap::new(),
            },
            present: self.baseline.as_ref().map(|_| present(&desired, &observed, &own)).unwrap_or_default(),
            absent: std::mem::take(&mut desired.absent),
            principals: own,
            theirs: self.baseline.as_ref().map(|_| theirs(&observed)).unwrap_or_default(),
            scopes,
            of_platform,
            handed_off,
            told,
            unreached: observed.platform_places.values().cloned().collect(),
            named_now: observed.named_now(),
            with_principals: observed.names.keys().chain(&observed.with_principals).cloned().collect(),
        };
        let mut marks = self.take_marks(&desired, &mut observed);
        desired.objects.append(&mut marks.emptied);
        let idle = if self.baseline.is_some() { taking_away::idle(intents, &desired) } else { Vec::new() };
        let asked_about = desired.objects.iter().filter(|object| asked_about.contains(&object.id));
        let served = asked_about.map(|object| (object.id.clone(), object.because.clone())).collect();
        let plan = self.difference(desired, observed)?;
        let mut plan = Plan { look, served, idle, ..plan };
        self.settle_handoffs(&mut plan, marks);
        Ok((plan, facts))
    }

    /// Whether the platform was told something that nothing wants any more.
    fn takes_back_what_was_told(&self, desired: &Desired, observed: &Observed) -> bool {
        let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
        let kinds = self.platform.kinds();
        let mut there = observed.objects.iter().filter(|(_, found)| found.owned);
        there.any(|(id, _)| kinds.contains(&id.kind) && !wanted.contains(id))
    }

    pub(super) fn difference(&self, desired: Desired, observed: Observed) -> Result<Plan> {
        let aim = match self.baseline {
            Some(_) => Aim::TakeAway,
            None if self.only_shows => Aim::Look,
            None => Aim::Apply,
        };
        self.difference_for(aim, desired, observed)
    }

    pub(super) fn difference_for(&self, aim: Aim, desired: Desired, observed: Observed) -> Result<Plan> {
        let mut protected = self.provider.protected();
        if let Some(platform) = self.platform.backend() {
            protected = protected.and(platform.protected());
        }
        diff::plan(self.id, &self.stack, &protected, desired, observed, aim)
    }
}

/// The key by which manifests say how a platform is told.
const DELIVERY: &str = "platform.delivery";

/// Said of that key where it has no effect on what is to be told, and something was told by it.
const STILL_NEEDED: &str =
    "nothing is told by it any more, and an apply takes back what was: leave it until that is done";

/// Tells what couldn't be looked at as what wasn't searched: whoever only looks wants to know whether all is well.
fn unread_is_unsearched(desired: &mut Desired, observed: &mut Observed) {
    let unread = std::mem::take(&mut observed.unread);
    for notes in [&mut desired.notes, &mut observed.notes] {
        notes.retain(|note| !unread.contains(note));
    }
    let unsearched = unread.into_iter().map(|Note { about, message, .. }| Unsearched { place: about, reason: message });
    observed.unsearched.extend(unsearched);
}

/// What is somebody else's, also in another form than it is asked for.
fn theirs(observed: &Observed) -> BTreeSet<ObjectId> {
    let there = observed.objects.iter().filter(|(_, found)| !found.owned).map(|(id, _)| id);
    there.chain(observed.conflicts.keys()).cloned().collect()
}

/// The intents for which something is there that gives them access, as far as objects tell that.
fn present(desired: &Desired, observed: &Observed, principals: &BTreeSet<ObjectId>) -> BTreeSet<IntentId> {
    let gives = |id: &ObjectId| {
        observed.objects.contains_key(id)
            && !principals.contains(id)
            && !observed.names.contains_key(id)
            && !observed.with_principals.contains(id)
    };
    desired
        .objects
        .iter()
        .filter(|object| gives(&object.id))
        .flat_map(|object| object.because.iter().cloned())
        .collect()
}
