//! Places on a platform: a cluster, a deployment. Nothing but the platform remembers what it was told there, and a manifest can forget
//! which one it was. So the cloud keeps a mark for each, which comes before the first write there and goes after the last.
//!
//! A mark leads nowhere. Which place is reached, and with which credentials, whoever runs this says; a mark is only held against it.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::backend::stacks::not_reached;
use crate::contract::backend::{Backend, PlatformPlace};
use crate::contract::error::{Error, Result};
use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::Observed;
use crate::engine::cancel::Cancel;
use crate::engine::retry;
use crate::engine::setup::Engine;
use crate::engine::watch::Watch;
use crate::plan::{Plan, diff};
use crate::text::redact::redacted;
use crate::vocabulary::intent::{Intent as _, IntentId, Intents};
use crate::vocabulary::scope::Scope;

/// The places that a run reaches, and the marks that name them.
#[derive(Debug, Default)]
pub(in crate::engine) struct Reached {
    places: Vec<Marked>,
    /// Why nobody knows which they are. What is there can't be looked at then either.
    unknown: Option<Error>,
}

/// A place with its mark, where the cloud keeps marks.
#[derive(Debug)]
struct Marked {
    mark: ObjectId,
    kinds: &'static [&'static str],
}

impl Reached {
    /// Has what is told need the mark of its place, so that it comes after it.
    pub(in crate::engine) fn bind(&self, told: &mut Desired) {
        for object in told.objects.iter_mut().filter(|object| object.handoff.is_none()) {
            let there = self.places.iter().filter(|place| place.kinds.contains(&object.id.kind));
            object.depends_on.extend(there.map(|place| place.mark.clone()));
        }
    }

    /// Why nothing may be written: a place has no name, and so no mark.
    ///
    /// # Errors
    /// That.
    pub(in crate::engine) fn known(&mut self) -> Result<()> {
        self.unknown.take().map_or(Ok(()), Err)
    }
}

impl Engine {
    /// Asks which places are reached, and wants the mark of each where something is to be told there.
    pub(in crate::engine) async fn reach(
        &self,
        platform: &dyn Backend,
        told: &Desired,
        desired: &mut Desired,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Reached> {
        let places = match retry::reading(&self.settings, watch, cancel, || platform.reached()).await {
            Ok(places) => places,
            Err(error) => return Ok(Reached { unknown: Some(error), ..Reached::default() }),
        };
        let mut reached = Reached::default();
        for PlatformPlace { name, kinds } in places {
            let mut because: BTreeMap<&Scope, Vec<IntentId>> = BTreeMap::new();
            let there = told.objects.iter().filter(|object| kinds.contains(&object.id.kind));
            for object in there.filter(|object| object.handoff.is_none()) {
                let all = because.entry(&object.scope).or_default();
                let new: Vec<_> = object.because.iter().filter(|intent| !all.contains(intent)).cloned().collect();
                all.extend(new);
            }
            let mark = |(scope, because)| self.provider.platform_place(&name, scope, because);
            desired.objects.extend(because.into_iter().filter_map(mark));
            let mark = self.provider.platform_place(&name, &Scope::Global, Vec::new());
            reached.places.extend(mark.map(|mark| Marked { mark: mark.id, kinds }));
        }
        desired.objects = diff::merge(self.id, std::mem::take(&mut desired.objects))?;
        Ok(reached)
    }

    /// Lets a mark go after all that is at its place, and keeps it where something may be left there: what nobody looked at, and
    /// what no run takes away. The marks of places that aren't reached are left in what is observed.
    pub(in crate::engine) fn keep_places(
        &self,
        reached: &Reached,
        desired: &mut Desired,
        on_platform: &mut Observed,
        observed: &mut Observed,
    ) {
        for (mark, place) in std::mem::take(&mut observed.platform_places) {
            let Some(Marked { kinds, .. }) = reached.places.iter().find(|reached| reached.mark == mark) else {
                observed.objects.remove(&mark);
                // It may be told already, by who knows more of it.
                if !on_platform.unsearched.iter().any(|known| known.place == place) {
                    let why = format!(
                        "this stack told a platform there which principals are its own, as {mark} says (if the place is gone for \
                         good, delete that)"
                    );
                    observed.unsearched.push(not_reached(&place, &why, self.platform.way_to(&place)));
                }
                observed.platform_places.insert(mark, place);
                continue;
            };
            let is_there = |id: &ObjectId| kinds.contains(&id.kind);
            for (_, found) in on_platform.objects.iter_mut().filter(|(id, found)| found.owned && is_there(id)) {
                found.depends_on.push(mark.clone());
            }
            let stays = |object: &ObjectId| !on_platform.objects.contains_key(object);
            let is_part = |known: &str| known.strip_prefix(place.as_str()).is_some_and(|rest| rest.starts_with(','));
            let is_kept = on_platform.stays.iter().any(|one| is_there(&one.object) && stays(&one.object))
                || on_platform.unsearched.iter().any(|known| is_part(&known.place));
            let owned = on_platform.objects.iter().filter(|(id, found)| found.owned && is_there(id));
            let there: BTreeSet<_> = owned.map(|(id, _)| id).collect();
            let is_needed =
                desired.objects.iter().any(|told| told.depends_on.contains(&mark) && there.contains(&told.id));
            if self.baseline.is_some() && !is_kept && !is_needed && !there.is_empty() {
                // Only for what isn't there, and whoever takes away tells nobody anything new.
                desired.objects.retain(|object| object.id != mark);
                desired.objects.iter_mut().for_each(|told| told.depends_on.retain(|id| *id != mark));
            }
            let is_wanted = desired.objects.iter().any(|object| object.id == mark);
            if is_kept && !is_wanted {
                observed.objects.remove(&mark);
            } else if self.baseline.is_some() {
                observed.with_principals.insert(mark);
            }
        }
    }
}

/// Tells of places that aren't reached, by the bindings that are taken away: what was written there names their principals. `told` are
/// the scopes of principals that a platform is told of; where nobody knows them, each binding may have one.
pub(in crate::engine) fn tell_unbound(
    plan: &mut Plan,
    unreached: &BTreeSet<String>,
    told: Option<&BTreeSet<Scope>>,
    (baseline, intents): (&Intents, &Intents),
) {
    let stay: BTreeSet<_> = intents.bindings.iter().map(|binding| &binding.scope).collect();
    let goes = |scope: &Scope| !stay.contains(scope) && told.is_none_or(|told| told.contains(scope));
    let unbound: BTreeSet<_> =
        baseline.bindings.iter().filter(|binding| goes(&binding.scope)).map(|binding| binding.id()).collect();
    for place in unreached.iter().filter(|_| !unbound.is_empty()) {
        plan.unsearched_for.entry(redacted(place)).or_default().extend(unbound.clone());
    }
}

/// Has the mark of a place go with the last thing that is there where single grants are taken away, and stay as long as anything does:
/// what else is at the place is for an apply.
pub(in crate::engine) fn with_the_last(plan: &Plan, is_planned: &mut [bool], with_principals: &BTreeSet<ObjectId>) {
    let goes_with = |change: &Change| change.action == Action::Delete && with_principals.contains(&change.id);
    for (mark, change) in plan.changes.iter().enumerate().filter(|(_, change)| goes_with(change)) {
        let there = plan.changes.iter().enumerate().filter(|(_, other)| other.depends_on.contains(&change.id));
        let goes: Vec<_> = there.map(|(at, other)| is_planned[at] && other.action == Action::Delete).collect();
        if !goes.is_empty() {
            is_planned[mark] = goes.into_iter().all(|goes| goes);
        }
    }
}
