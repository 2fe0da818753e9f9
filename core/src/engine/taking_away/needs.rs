//! What goes and what stays, by what needs what.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::{ObjectId, Ownership};
use crate::engine::taking_away::facts::ObjectFacts;
use crate::engine::taking_away::parts::Parts;
use crate::engine::taking_away::unasked::Differing;
use crate::plan::Plan;

/// Keeps what is needed by something that stays and nobody asks for: the cloud would refuse to delete it, or whoever has that would
/// lose it. But what is by its name wholly of what is revoked takes along what needs it, such as what attaches a policy.
///
/// `revoked` is what is revoked by itself, `principals` those of the manifest.
pub(super) fn keep(
    plan: &mut Plan,
    is_planned: &mut [bool],
    differing: &[Differing],
    facts: &ObjectFacts,
    parts: &Parts,
    revoked: &BTreeMap<ObjectId, Attributes>,
    principals: &BTreeSet<ObjectId>,
) {
    let may_go = unwanted(plan, differing, facts);
    let users = users(plan, &may_go);
    let of = |plan: &Plan, at: usize| users.get(&plan.changes[at].id).cloned().unwrap_or_default();
    let is_named = |at: &&usize| is_planned[**at] && parts.named_wholly.contains(&plan.changes[**at].id);
    let named: Vec<_> = may_go.iter().filter(is_named).copied().collect();
    let along: BTreeSet<_> = named.into_iter().flat_map(|at| with_needs(at, |at| of(plan, at))).collect();
    for at in along.iter().copied() {
        is_planned[at] = true;
        delete(&mut plan.changes[at]);
    }
    // What uses an object of which a part is left: that gives nothing without it, such as a policy without what attaches it.
    let is_left = |at: &&usize| plan.changes[**at].action == Action::Update;
    let of_parts = may_go.iter().filter(is_left).flat_map(|at| with_needs(*at, |at| of(plan, at)).into_iter().skip(1));
    for at in of_parts.filter(|at| !along.contains(at)).collect::<Vec<_>>() {
        is_planned[at] = false;
    }
    let places: HashMap<_, _> = may_go.iter().map(|at| (plan.changes[*at].id.clone(), *at)).collect();
    let mut staying: Vec<_> = may_go.iter().copied().filter(|at| !goes(plan, is_planned, *at)).collect();
    while let Some(at) = staying.pop() {
        let change = &plan.changes[at];
        let needed = change.depends_on.iter().filter_map(|id| places.get(id).copied());
        // A principal that stays keeps what other grants give it: it goes only from one that goes.
        let of_others = |at: &usize| !along.contains(at) && !revoked.contains_key(&plan.changes[*at].id);
        let on_it = users.get(&change.id).into_iter().flatten().copied().filter(of_others);
        let kept: Vec<_> = match principals.contains(&change.id) {
            true => needed.chain(on_it).collect(),
            false => needed.collect(),
        };
        for at in kept {
            if goes(plan, is_planned, at) {
                // What is by its name of what is revoked goes from it all the same.
                let left = parts.left_by_name.get(&plan.changes[at].id);
                is_planned[at] = left.is_some();
                if let Some(left) = left {
                    becomes(&mut plan.changes[at], left);
                }
                staying.push(at);
            }
        }
    }
}

/// What gives nothing but through others goes when all of these go, such as a policy that is on nothing any more; and what belongs
/// to a principal goes with that one, and with nothing else.
pub(super) fn take_along(
    plan: &mut Plan,
    is_planned: &mut [bool],
    differing: &[Differing],
    facts: &ObjectFacts,
    principals: &BTreeSet<ObjectId>,
) {
    let may_go = unwanted(plan, differing, facts);
    let all: Vec<_> =
        (0..is_planned.len()).filter(|at| !facts.with_principals.contains(&plan.changes[*at].id)).collect();
    let users = users(plan, &all);
    // What is needed goes last.
    for at in may_go.iter().copied() {
        let is_used = |users: &Vec<usize>| users.iter().all(|at| goes(plan, is_planned, *at));
        // Others have what is left of it.
        if plan.changes[at].action == Action::Update && facts.relied_on.contains_key(&plan.changes[at].id) {
            continue;
        }
        if users.get(&plan.changes[at].id).is_some_and(is_used) {
            is_planned[at] = true;
            delete(&mut plan.changes[at]);
        }
    }
    let (going, staying): (Vec<_>, Vec<_>) = may_go.iter().partition(|at| goes(plan, is_planned, **at));
    let ids = |some: Vec<&usize>| some.into_iter().map(|at| plan.changes[*at].id.clone()).collect::<HashSet<_>>();
    let (going, mut staying) = (ids(going), ids(staying));
    // Those of the manifest, and those that a platform is told of by now: grants that were moved had others.
    let named: HashSet<_> = facts.named_now.values().flatten().collect();
    staying.retain(|id| principals.contains(id) || named.contains(id));
    let is_unmade = |(at, change): &(usize, &Change)| change.action == Action::Create && !is_planned[*at];
    let unmade: HashSet<_> = plan.changes.iter().enumerate().filter(is_unmade).map(|(_, one)| one.id.clone()).collect();
    for (at, change) in plan.changes.iter_mut().enumerate() {
        // Nothing is told of a principal that isn't there: what is to name one names nothing until then, and that is for `apply`.
        let is_of_unmade = change.depends_on.iter().any(|id| unmade.contains(id) && facts.principals.contains(id));
        if is_of_unmade && facts.of_platform.contains(&change.id) && change.action != Action::Delete {
            is_planned[at] = false;
        }
        let now = facts.named_now.get(&change.id).filter(|_| change.action == Action::Update && !is_planned[at]);
        if let Some(now) = now.filter(|now| now.iter().any(|id| going.contains(id))) {
            change.depends_on.extend(now.iter().cloned());
            delete(change);
            is_planned[at] = true;
        }
        // What names a principal that stays goes on naming it: pods would lose what they have of it, and it would be told to stay.
        let now = facts.named_now.get(&change.id).filter(|_| change.action == Action::Update);
        if now.is_some_and(|now| now.iter().any(|id| staying.contains(id))) {
            is_planned[at] = false;
        }
        if change.action == Action::Delete && facts.with_principals.contains(&change.id) {
            let names = |some: &HashSet<ObjectId>| change.depends_on.iter().any(|id| some.contains(id));
            is_planned[at] = (is_planned[at] || names(&going)) && !names(&staying);
        }
    }
}

/// What no grant that stays asks for.
fn unwanted(plan: &Plan, differing: &[Differing], facts: &ObjectFacts) -> Vec<usize> {
    let unwanted: HashSet<_> = differing.iter().filter(|one| !one.is_wanted()).map(|one| &one.id).collect();
    let is_unwanted = |change: &Change| unwanted.contains(&change.id) && !facts.with_principals.contains(&change.id);
    plan.changes.iter().enumerate().filter(|(_, change)| is_unwanted(change)).map(|(at, _)| at).collect()
}

/// Who of some needs what.
fn users(plan: &Plan, some: &[usize]) -> HashMap<ObjectId, Vec<usize>> {
    let mut users: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for at in some {
        for needed in &plan.changes[*at].depends_on {
            users.entry(needed.clone()).or_default().push(*at);
        }
    }
    users
}

fn goes(plan: &Plan, is_planned: &[bool], at: usize) -> bool {
    is_planned[at] && plan.changes[at].action == Action::Delete
}

/// Has all of it go of which a part was to stay.
fn delete(change: &mut Change) {
    if change.action != Action::Delete {
        (change.action, change.ownership, change.after) = (Action::Delete, Ownership::Exclusive, None);
        change.because.clear();
        change.known_after_apply.clear();
    }
}

/// Has a deletion leave this.
pub(super) fn becomes(change: &mut Change, left: &Attributes) {
    (change.action, change.ownership, change.after) = (Action::Update, Ownership::Exclusive, Some(left.clone()));
}

/// A change and, one after the other, all that it needs, or all that need it.
pub(super) fn with_needs(first: usize, needs: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let (mut all, mut known) = (vec![first], HashSet::from([first]));
    let mut done = 0;
    while let Some(at) = all.get(done).copied() {
        done += 1;
        all.extend(needs(at).into_iter().filter(|need| known.insert(*need)));
    }
    all
}
