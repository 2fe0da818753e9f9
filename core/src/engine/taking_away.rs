//! Plans that only take away.
//!
//! `revoke a` takes away what `a` asks for and no other grant of the manifest does. The manifest says what stays, also of a grant
//! that was edited and not applied, or that was revoked before and is still listed: what it asks for isn't made, and isn't taken.
//! What is there and no grant asks for stays and is told, unless it says itself that it is of what is revoked. Whose it was is never
//! inferred from what else is there or isn't: it may have been for a grant that was edited, or that was taken out.

mod check;
mod facts;
mod former;
mod given_by_others;
mod leaving_parts;
mod moved;
mod needs;
mod notes;
mod parts;
mod reduce;
mod reducer;
mod relied_on;
mod sharing;
mod unapplied;
mod unasked;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::contract::error::Result;
use crate::contract::object::change::Action;
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::Stays;
use crate::contract::object::remainder::Remainder;
use crate::contract::object::{Object, ObjectId};
use crate::engine::cancel::Cancel;
use crate::engine::planning::handed_off;
use crate::engine::planning::handed_off::OneByOne;
use crate::engine::planning::platform_places;
use crate::engine::setup::Engine;
use crate::engine::taking_away::check::Needs;
use crate::engine::taking_away::facts::WholeManifest;
use crate::engine::taking_away::given_by_others::There;
use crate::engine::taking_away::moved::Lacking;
use crate::engine::taking_away::reduce::Reduced;
use crate::engine::taking_away::reducer::Reducer;
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::watch::Watch;
use crate::plan::{Plan, unmakeable};
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::names::GrantName;
use crate::vocabulary::note::Note;
use crate::vocabulary::scope::Scope;

pub(super) use crate::engine::taking_away::facts::{ObjectFacts, deleted};

/// Scopes that aren't bound by what stays and whose principals stay all the same.
#[derive(Default)]
pub(super) struct Staying {
    scopes: BTreeSet<Scope>,
    /// What is told of those that grants need which stay.
    needed: Vec<Stays>,
}

impl Engine {
    /// Makes such a plan, against what the manifest asks for with all of its grants.
    pub(super) async fn plan_taking_away_from(
        &self,
        baseline: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Plan> {
        let intents = &*self.intents;
        let (plan, staying) = self.plan_beside(intents, baseline, watch, cancel).await?;
        if staying.scopes.is_empty() {
            return Ok(plan);
        }
        // Something is left on a principal of a scope of which no grant stays, and task code goes on as that: what wider scopes grant
        // that code it has to keep as well.
        let bound = intents.also_bound(baseline, &staying.scopes);
        let told: Vec<_> = plan.stays.into_iter().chain(staying.needed).collect();
        let (mut plan, _) = self.plan_beside(&bound, baseline, watch, cancel).await?;
        // The manifest alone doesn't ask for these principals, nor for what is on them.
        let goes: HashSet<_> = deleted(&plan).cloned().collect();
        let known: HashSet<_> = plan.stays.iter().map(|stays| stays.object.clone()).collect();
        // What others confirmed and have to take back, each plan says by itself.
        let is_news =
            |one: &Stays| !goes.contains(&one.object) && !known.contains(&one.object) && !plan.has_mark_of(&one.object);
        let news: Vec<_> = told.into_iter().filter(is_news).collect();
        plan.stays.extend(news);
        plan.stays.sort();
        Ok(plan)
    }

    /// The same for what stays, and which principals stay although that doesn't ask for them.
    async fn plan_beside(
        &self,
        intents: &Intents,
        baseline: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<(Plan, Staying)> {
        let (mut plan, mut facts) = self.plan_for(intents, watch, cancel, &HashSet::new()).await?;
        // Where what is to go is itself what makes planning impossible, such as a grant of a secret that is gone, it must be
        // possible to take it away all the same.
        let may_go = changed(&plan).cloned().collect();
        let missing = unmakeable::missing(&facts.unmakeable, &plan);
        let revoked = baseline.without(intents);
        let names: Vec<GrantName> = revoked.grants.iter().map(|grant| grant.name.clone()).collect();
        let kept_names: Vec<GrantName> = intents.grants.iter().map(|grant| grant.name.clone()).collect();
        // Before the look that comes with the next plan: what verbs read is one reading with that.
        let asked_by_revoked = self.asked_by(&revoked, watch, cancel).await?;
        let asked_by_revoked: BTreeMap<_, _> =
            asked_by_revoked.into_iter().map(|object| (object.id, object.attributes)).collect();
        let givers = given_by_others::givers(&*self.provider, &revoked, baseline);
        let asked_by_givers = match givers.grants.is_empty() {
            true => Vec::new(),
            false => self.asked_by(&givers, watch, cancel).await?,
        };
        let (mut principals, mut scopes, mut asked) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
        let mut theirs = BTreeSet::new();
        let mut told = None;
        let mut asked_one_by_one = OneByOne::default();
        let whole = match self.plan_for(baseline, watch, cancel, &may_go).await {
            Ok((whole, facts)) => {
                (principals, scopes, asked) = (facts.principals, facts.scopes, facts.handed_off);
                (told, theirs) = (Some(facts.told), facts.theirs);
                Some(whole)
            }
            Err(error) if error.kind().is_of_the_intents() => {
                plan.notes.insert(0, Note::of_access("manifest", notes::unplanned(&error)));
                asked_one_by_one = self.handed_off_one_by_one(&revoked).await;
                None
            }
            Err(error) => return Err(error),
        };
        platform_places::tell_unbound(&mut plan, &facts.unreached, told.as_ref(), (baseline, intents));
        let kept = intents.ids().collect();
        let shared: HashSet<_> =
            plan.work().filter(|change| !change.because.is_empty()).map(|change| change.id.clone()).collect();
        let sharing = Sharing {
            provider: &|id, shares| self.backends().of(id.kind).remainder(id, shares),
            revoked: &asked_by_revoked,
            names: &names,
            kept: &kept_names,
            by_name: &|id, there, names| match self.backends().is_of_platform(id.kind) {
                true => Remainder::Untold,
                false => self.provider.without_grants(id, there, names),
            },
            give_same: &|one, other| self.provider.give_same(one, other),
            holds_only: &|id, there| {
                !self.backends().is_of_platform(id.kind) && self.provider.holds_only(id, there, &asked_by_revoked)
            },
        };
        let before = WholeManifest {
            plan: whole.as_ref(),
            principals: &principals,
            theirs: &theirs,
            kept: &kept,
            takes_grants: !names.is_empty(),
            overlaps: &|name| given_by_others::overlaps(&*self.provider, intents, &revoked, name),
        };
        let reducer = Reducer::new(&plan, &facts, &before, &sharing);
        let lacking = Lacking::of(&plan, &facts, &sharing);
        let would_go: HashSet<_> = deleted(&plan).cloned().collect();
        let (needs, still_asked) = (Needs::of(&plan), handed_off::in_plan(&plan));
        let Reduced { are_givers_told, named, relied_on } = reducer.reduce(&mut plan);
        if let Some(contradiction) = needs.contradiction(&plan, &facts) {
            return Err(contradiction);
        }
        let goes: HashSet<_> = deleted(&plan).collect();
        let bound: HashSet<_> = intents.bindings.iter().map(|binding| &binding.scope).collect();
        // What others rely on and nobody else's is left without all that it had.
        let stays = |id: &ObjectId| would_go.contains(id) && !goes.contains(id) && !relied_on.contains(id);
        let of_principals = scopes.iter().filter(|(id, _)| principals.contains(id));
        let staying = of_principals.filter(|(id, scope)| stays(id) && !bound.contains(scope));
        let staying: BTreeSet<_> = staying.map(|(_, scope)| scope.clone()).collect();
        let needed = whole.as_ref().map(|whole| moved::needed(&lacking, &plan, whole, &scopes, &principals, intents));
        let (needed_scopes, needed) = needed.unwrap_or_default();
        let staying = Staying { scopes: staying.into_iter().chain(needed_scopes).collect(), needed };
        self.tell_less(&mut plan);
        if let Some(whole) = &whole {
            self.tell_taken(&mut plan, whole, &asked, &still_asked, &kept);
        }
        self.tell_one_by_one(&asked_one_by_one, &mut plan, &still_asked);
        if !are_givers_told && whole.is_some() {
            let gives = |object: &Object| sharing.is_told(&object.id, &object.attributes);
            let (absent, of_others) = (reducer.absent(), given_by_others::of_others(&asked_by_givers, &theirs, gives));
            let there = |intent: &IntentId| {
                if absent.contains(intent) || of_others.contains(intent) {
                    There::Nothing
                } else if reducer.unapplied.contains(intent) {
                    There::Part
                } else {
                    There::Whole
                }
            };
            plan.notes.extend(given_by_others::notes(&revoked, &givers, there));
        }
        plan.notes.extend(notes::unapplied(&reducer.unapplied, &revoked, intents));
        plan.notes.extend(missing);
        (plan.served, plan.idle) = whole.map(|whole| (whole.served, whole.idle)).unwrap_or_default();
        attribute(&mut plan, &kept, &named);
        plan.served = served(&plan, &shared, &kept);
        // What says itself whose it is, is that one's, whoever asks for it by now.
        let is_deleted: HashSet<_> = deleted(&plan).cloned().collect();
        plan.served.extend(named.into_iter().filter(|(id, _)| is_deleted.contains(id)));
        plan.undeletable = plan.deleted_of(&unmakeable::undeletable(&facts.unmakeable));
        match unmakeable::refusal(std::mem::take(&mut facts.unmakeable), &plan) {
            Some(refusal) => Err(refusal),
            None => Ok((plan, staying)),
        }
    }

    /// What some intents ask for by themselves; nothing where that can't be told, as a resource is gone. Whatever else keeps that
    /// from being told is in the way: taken for nothing, what is revoked would count as what others had.
    async fn asked_by(&self, intents: &Intents, watch: &dyn Watch, cancel: &Cancel) -> Result<Vec<Object>> {
        match self.desired_for(intents, watch, cancel).await {
            Ok((desired, _)) => Ok(desired.objects),
            Err(error) if error.kind().is_of_the_intents() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Has what changes say for which of the intents it does: those that are taken away, as the rest of it stays.
fn attribute(plan: &mut Plan, kept: &HashSet<IntentId>, named: &HashMap<ObjectId, Vec<IntentId>>) {
    for change in plan.changes.iter_mut().filter(|change| change.action == Action::Update) {
        let served = plan.served.get(&change.id).into_iter().flatten();
        let mut taken: Vec<_> = served.filter(|intent| !kept.contains(intent)).cloned().collect();
        if let Some(named) = named.get(&change.id) {
            taken.clone_from(named);
        }
        if !taken.is_empty() {
            change.because = taken;
        }
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

/// For which of the intents nothing has to exist.
pub(super) fn idle(intents: &Intents, desired: &Desired) -> Vec<IntentId> {
    let served: HashSet<_> = desired.objects.iter().flat_map(|object| &object.because).collect();
    intents.ids().filter(|id| !served.contains(id)).collect()
}

#[cfg(test)]
mod tests;
