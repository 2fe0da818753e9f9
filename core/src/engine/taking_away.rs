//! What is left of a plan that only takes away.

mod edited;
mod needs;
mod unasked;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use crate::contract::attributes::Attributes;
use crate::contract::object::{Desired, ObjectId, Ownership, Stays, Unmakeable};
use crate::engine::sharing::{Left, Sharing, Told};
use crate::engine::taking_away::edited::Edited;
use crate::plan::{Action, Change, Plan, in_the_way};
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
    /// Whether there are grants of which the cloud has nothing, and which were left out of it for that.
    pub(super) are_some_gone: bool,
}

/// Leaves out of a plan what the baseline's plan has as well, and what would be made. But what takes the place of something
/// that goes stays, with all that it needs: else who keeps a grant would lose it together with the one that is taken away.
///
/// What nothing that stays asks for, and what isn't taken away all the same, is told ([`Plan::stays`]).
pub(super) fn only(plan: &mut Plan, said: &Said, manifest: &Manifest<'_>, sharing: &Sharing<'_>) {
    let &Manifest { anyway, principals, kept, former, are_some_gone } = manifest;
    let asked = unasked::asked(plan);
    let given = unasked::given(plan, &said.unasked);
    let known: HashMap<_, _> =
        anyway.into_iter().flat_map(|anyway| &anyway.changes).map(|change| (&change.id, change)).collect();
    let lacking = anyway.map(|anyway| edited::lacking(anyway, plan, said, kept, sharing)).unwrap_or_default();
    // What no grant of the manifest asks for was for one that was edited, if grants lack something or not.
    let are_others_edited = |id: &ObjectId| !former.is_empty() || lacking.iter().any(|other| other != id);
    let edited = anyway.map(|anyway| match are_some_gone {
        true => Edited::Others,
        false if !former.is_empty() => Edited::Others,
        false => Edited::of(anyway, &lacking, kept, sharing),
    });
    let Parts { surplus, unreadable } = leave_parts(plan, said, &known, &are_others_edited, edited, sharing);
    let is_known = |change: &Change| {
        let other = known.get(&change.id).filter(|_| !said.less_revoked.contains(&change.id));
        other.is_some_and(|other| (other.action, &other.after) == (change.action, &change.after))
    };
    let is_made = |at: &usize| plan.changes[*at].action == Action::Create;
    // What names a principal goes with that one. Whether it is to go for another reason is for `apply`.
    let only_names = |change: &Change| change.action == Action::Delete && said.naming.contains(&change.id);
    let is_left = |change: &Change| is_known(change) || anyway.is_none() && only_names(change);
    let mut known: Vec<_> = plan.changes.iter().map(is_left).collect();
    if edited == Some(Edited::Revoked) {
        // What nothing wants any more was theirs, before.
        let is_surplus =
            |change: &Change| change.action == Action::Delete && !only_names(change) || surplus.contains(&change.id);
        for (known, change) in known.iter_mut().zip(&plan.changes) {
            *known &= !is_surplus(change);
        }
    }
    let is_change = |at: &usize| is_to_be_done(&plan.changes[*at]);
    let mut is_planned: Vec<_> = (0..known.len()).map(|at| !is_made(&at) && !known[at] && is_change(&at)).collect();
    stand_in(plan, said, &known, &mut is_planned);
    let keeps_needs = edited == Some(Edited::Others) && !are_some_gone;
    let lost = needs::settle(plan, &mut is_planned, &asked, principals, keeps_needs);
    let mut is_planned = is_planned.into_iter();
    plan.changes.retain(|_| is_planned.next().unwrap_or_default());
    let going = deleted(plan).filter(|id| principals.contains(id) && former.contains(id.name.as_str()));
    let lost = lost.iter().filter(|id| !said.naming.contains(id));
    let lost: BTreeSet<_> = lost.filter(|_| keeps_needs).chain(going).collect();
    if !lost.is_empty() {
        let lost = lost_with_principals(&lost);
        plan.notes.push(Note::warning("manifest", lost));
    }
    in_order(plan);
    let stayed = anyway.map_or(&[][..], |anyway| &anyway.stays);
    let (is_stayed, changes) = (|stays: &Stays| stayed.contains(stays), &plan.changes);
    plan.stays.retain(|stays| match said.naming.contains(&stays.object) {
        true => changes.iter().any(|change| change.id == stays.object),
        false => !is_stayed(stays),
    });
    let known_notes = anyway.map_or(&[][..], |anyway| &anyway.notes);
    plan.notes.retain(|note| !known_notes.contains(note));
    if let Some(anyway) = anyway {
        // What an annotation gives is what its principal has, and told of that.
        let asked: Vec<_> = asked.into_iter().filter(|one| !said.naming.contains(&one.id)).collect();
        let unasked = unasked::stays(&asked, &given, plan, principals, &unreadable, sharing);
        let given = still_given(plan, anyway, sharing, &unasked);
        if !given.is_empty() {
            plan.notes.push(Note::warning("manifest", given_by_others(&given)));
        }
        plan.stays.extend(unasked);
        plan.stays.sort();
        plan.notes.extend(in_the_way::left_alone(plan, &anyway.in_the_way, |intent| kept.contains(intent)));
    } else {
        plan.stays.extend(unreadable.iter().map(unasked::unreadable));
        plan.stays.sort();
    }
}

/// What was found of objects that are for several grants.
#[derive(Debug, Default)]
struct Parts {
    /// Those that have more than all that stays asks for: that was for something that was edited since.
    surplus: HashSet<ObjectId>,
    /// Those that stay as they are, as nobody can tell what of them is taken away.
    unreadable: HashSet<ObjectId>,
}

/// Of an object that is for several grants, only what is taken away changes.
fn leave_parts(
    plan: &mut Plan,
    said: &Said,
    known: &HashMap<&ObjectId, &Change>,
    are_others_edited: &dyn Fn(&ObjectId) -> bool,
    edited: Option<Edited>,
    sharing: &Sharing<'_>,
) -> Parts {
    let left_of = |change: &Change, baseline: &Attributes| {
        let wanted = change.after.as_ref();
        let there = change.before.as_ref();
        there.map(|there| sharing.left(&change.id, there, baseline, wanted, are_others_edited(&change.id)))
    };
    let mut parts = Parts::default();
    let mut whole = Vec::new();
    if edited.is_none() {
        // What there was can't be planned: what can't be read isn't written over for that.
        for change in plan.changes.iter_mut().filter(|change| change.action == Action::Update) {
            let Some((there, wanted)) = change.before.as_ref().zip(change.after.as_ref()) else { continue };
            if sharing.left_of_asked(&change.id, there, wanted) == Told::Unreadable {
                change.after.clone_from(&change.before);
                parts.unreadable.insert(change.id.clone());
            }
        }
    }
    for change in plan.changes.iter_mut().filter(|change| !said.less_revoked.contains(&change.id)) {
        let Some(other) = known.get(&change.id).filter(|other| other.action == Action::Update) else { continue };
        let Some(baseline) = &other.after else { continue };
        let is_known = change.action == Action::Update && change.after == other.after;
        let there = change.before.as_ref().filter(|_| is_known && !sharing.revoked.contains_key(&change.id));
        if let Some(left) = there.and_then(|there| sharing.without_surplus(&change.id, there, baseline)) {
            parts.surplus.insert(change.id.clone());
            if edited == Some(Edited::Revoked) {
                becomes(change, left, other);
            }
        } else if matches!(change.action, Action::Update | Action::Delete) {
            match left_of(change, baseline) {
                Some(Told::Left(left)) => becomes(change, left, other),
                // It carries the stack's mark, and nothing that stays asks for it.
                Some(Told::Unreadable) if change.action == Action::Delete => {
                    whole.extend(are_others_edited(&change.id).then(|| change.id.clone()));
                }
                Some(Told::Unreadable) => {
                    becomes(change, change.before.clone(), other);
                    parts.unreadable.insert(change.id.clone());
                }
                Some(Told::Nothing) | None => {}
            }
        }
    }
    if !whole.is_empty() {
        plan.notes.push(Note::warning("manifest", gone_as_a_whole(&whole)));
    }
    // What turned out to go comes with the rest of that, and before all that it needs.
    in_order(plan);
    parts
}

/// Has what takes the place of something that goes be made, with all that it needs.
fn stand_in(plan: &Plan, said: &Said, known: &[bool], is_planned: &mut [bool]) {
    let places: HashMap<_, _> = plan.changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    let is_made = |at: &usize| plan.changes[*at].action == Action::Create;
    let goes = |at: &usize| {
        let change = &plan.changes[*at];
        matches!(change.action, Action::Update | Action::Delete) && is_to_be_done(change)
    };
    for (at, change) in plan.changes.iter().enumerate().filter(|(at, _)| is_made(at)) {
        let old = said.replaces.get(&change.id).into_iter().flatten();
        let old: Vec<_> = old.filter_map(|id| places.get(id).copied()).filter(&goes).collect();
        if old.is_empty() {
            continue;
        }
        let made = needs::with_needs(at, |at| {
            let needs = plan.changes[at].depends_on.iter().filter_map(|id| places.get(id).copied());
            needs.filter(&is_made).collect()
        });
        // What would take the same place in the same form anyway is no part of this.
        if old.iter().chain(&made).any(|at| !known[*at]) {
            made.into_iter().chain(old).for_each(|at| is_planned[at] = true);
        }
    }
}

/// Whether anything is left to do: all of an object's parts may be such as stay.
fn is_to_be_done(change: &Change) -> bool {
    change.action != Action::Update || change.before != change.after
}

fn in_order(plan: &mut Plan) {
    plan.changes.sort_by_key(|change| match change.action {
        Action::Create | Action::Update => 0,
        Action::Delete => 1,
        Action::Handoff => 2,
    });
}

/// Has a change come to what is left.
fn becomes(change: &mut Change, left: Left, other: &Change) {
    if left.is_none() {
        // What else asks for it isn't there: an earlier revoke took it.
        (change.action, change.ownership) = (Action::Delete, Ownership::Exclusive);
        change.because.clear();
        change.warning = None;
    } else if change.action == Action::Delete {
        // Nothing that stays asks for it by now, and it has something that others had.
        (change.action, change.ownership) = (Action::Update, other.ownership.clone());
        change.because.clone_from(&other.because);
    }
    if let Some(tree) = left.as_ref().map(Attributes::value) {
        change.known_after_apply.retain(|it| tree.pointer(&it.pointer).is_some_and(Value::is_null));
    } else {
        change.known_after_apply.clear();
    }
    change.after = left;
}

/// What gives all that is revoked also once that is done, as others ask for it, too.
fn still_given<'a>(plan: &Plan, anyway: &Plan, sharing: &Sharing<'a>, unasked: &[Stays]) -> Vec<&'a ObjectId> {
    let is_changed = |id: &ObjectId| plan.changes.iter().any(|change| change.id == *id);
    let is_unasked = |id: &ObjectId| unasked.iter().any(|stays| stays.object == *id);
    let is_there = |id: &ObjectId, asked: &Attributes| match anyway.changes.iter().find(|change| change.id == *id) {
        None => true,
        Some(change) => change.before.as_ref().is_some_and(|there| !sharing.lacks(id, there, asked)),
    };
    let given = sharing
        .revoked
        .iter()
        .filter(|(id, asked)| sharing.is_told(id, asked) && !is_changed(id) && !is_unasked(id) && is_there(id, asked));
    given.map(|(id, _)| id).collect()
}

/// Said of what goes with its principal although nobody can tell whose it was.
fn lost_with_principals(ids: &BTreeSet<&ObjectId>) -> String {
    format!(
        "the identities that go take with them what no grant of the manifest asks for any more ({}): if a grant that stays had \
         that before it was edited, `cloudgrant apply` gives it what the manifest says by now",
        in_the_way::listed(ids.iter().copied())
    )
}

/// Said of what goes although nobody can tell what of it was for others.
fn gone_as_a_whole(ids: &[ObjectId]) -> String {
    format!(
        "no grant that stays asks for {}: all of it goes, as somebody rewrote it and nobody can tell what of it is revoked. If a          grant that stays had something of that before it was edited, `cloudgrant apply` gives it what the manifest says by now",
        in_the_way::listed(ids.iter())
    )
}

/// Said of what is revoked and stays all the same.
fn given_by_others(ids: &[&ObjectId]) -> String {
    format!(
        "what is revoked can still be reached through {}, as other grants ask for the same: it goes when they are revoked \
         together, or with `cloudgrant revoke --all`",
        in_the_way::listed(ids.iter())
    )
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
