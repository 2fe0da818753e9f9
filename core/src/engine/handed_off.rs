//! What somebody else was asked to do and what isn't wanted any more: whether it was done, nobody can see here, and it may stay given.

use std::collections::{BTreeSet, HashSet};

use crate::contract::delivery::{Identity, Principal};
use crate::contract::object::{Handoff, Object, ObjectId, Ownership};
use crate::contract::observed::Unsearched;
use crate::plan::{Action, Change, Plan};
use crate::text::listed::listed;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::scope::Scope;

/// How many of the intents are named.
const NAMED: usize = 3;

/// Scopes whose principals only the platform's vendor can make. What another one's service accounts are told of it is nothing without
/// it, and whoever deletes it is told to have that taken back.
pub(super) fn of_vendor(principals: &[Principal]) -> HashSet<Scope> {
    let asked = principals.iter().filter(|principal| matches!(principal.identity, Identity::Asked(_)));
    asked.map(|principal| principal.scope.clone()).collect()
}

/// Of wanted objects of the cloud, and of what the platform is told, those that somebody else was asked for.
pub(super) fn all<'a>(
    in_cloud: &'a [Object],
    on_platform: &'a [Object],
    of_vendor: &'a HashSet<Scope>,
) -> impl Iterator<Item = &'a Object> {
    let on_platform = on_platform.iter().filter(|object| of_vendor.contains(&object.scope));
    in_cloud.iter().chain(on_platform).filter(|object| object.handoff.is_some())
}

/// Tells of all of these.
pub(super) fn tell_all<'a>(plan: &mut Plan, objects: impl Iterator<Item = &'a Object>) {
    for object in objects {
        let Some(handoff) = &object.handoff else { continue };
        tell(plan, &object.id, &object.ownership, handoff, object.because.iter().cloned().collect());
    }
    plan.unsearched.sort();
}

/// Tells of those that somebody was asked for by the whole manifest (`whole`), among `handed_off`, and that nothing asks for which
/// stays (`wanted`).
pub(super) fn tell_taken(
    plan: &mut Plan,
    whole: &Plan,
    handed_off: &BTreeSet<ObjectId>,
    wanted: &HashSet<ObjectId>,
    kept: &HashSet<IntentId>,
) {
    let is_taken = |change: &&Change| {
        change.action == Action::Handoff && handed_off.contains(&change.id) && !wanted.contains(&change.id)
    };
    for change in whole.changes.iter().filter(is_taken) {
        let Some(handoff) = &change.handoff else { continue };
        let because = change.because.iter().filter(|intent| !kept.contains(intent)).cloned();
        tell(plan, &change.id, &change.ownership, handoff, because.collect());
    }
    plan.unsearched.sort();
}

/// The handoffs of a plan.
pub(super) fn in_plan(plan: &Plan) -> HashSet<ObjectId> {
    let handoffs = plan.changes.iter().filter(|change| change.action == Action::Handoff);
    handoffs.map(|change| change.id.clone()).collect()
}

fn tell(plan: &mut Plan, id: &ObjectId, ownership: &Ownership, handoff: &Handoff, because: BTreeSet<IntentId>) {
    let place = match ownership {
        Ownership::Fragment { of } => format!("{of} ({id})"),
        Ownership::Exclusive => id.to_string(),
    };
    let is_binding = |intent: &&IntentId| matches!(intent, IntentId::Binding(_));
    // What grants come to in a scope is told by these.
    let all_bindings = because.iter().all(|intent| is_binding(&intent));
    let names = listed(because.iter().filter(|intent| all_bindings || !is_binding(intent)), NAMED);
    let reason = format!(
        "{} may have been asked to {}, for {names}, and nobody can see from here whether that was done: have it taken back where it was, \
         and take {names} out of the manifest then",
        handoff.to, handoff.task
    );
    plan.unsearched_for.entry(place.clone()).or_default().extend(because);
    plan.unsearched.push(Unsearched { place, reason });
}
