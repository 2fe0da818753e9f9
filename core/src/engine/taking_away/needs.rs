//! What goes and what stays, by what needs what.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::contract::object::{ObjectId, Ownership};
use crate::engine::taking_away::unasked::Asked;
use crate::plan::{Action, Change, Plan};

/// What goes takes along what needs it: always where that is a principal, as nothing can stay on one that isn't there. With
/// `keeps_needs`, everything else that is needed stays with what needs it: the cloud would refuse to delete it.
///
/// Answers with what goes along although it would have stayed.
pub(super) fn settle(
    plan: &mut Plan,
    is_planned: &mut [bool],
    asked: &[Asked],
    principals: &BTreeSet<ObjectId>,
    keeps_needs: bool,
) -> Vec<ObjectId> {
    let unwanted: HashSet<_> = asked.iter().filter(|one| !one.is_wanted()).map(|one| &one.id).collect();
    let may_go: Vec<_> = (0..is_planned.len()).filter(|at| unwanted.contains(&plan.changes[*at].id)).collect();
    let mut users: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for at in &may_go {
        for needed in &plan.changes[*at].depends_on {
            users.entry(needed.clone()).or_default().push(*at);
        }
    }
    let goes =
        |plan: &Plan, is_planned: &[bool], at: usize| is_planned[at] && plan.changes[at].action == Action::Delete;
    let takes_along =
        |at: &&usize| goes(plan, is_planned, **at) && (!keeps_needs || principals.contains(&plan.changes[**at].id));
    let taking: Vec<_> = may_go.iter().filter(takes_along).copied().collect();
    let mut lost = Vec::new();
    let going: BTreeSet<_> =
        taking.iter().map(|at| &plan.changes[*at].id).filter(|id| principals.contains(id)).collect();
    // What names several principals, such as a statement in a policy that others write too, still serves those that stay.
    let goes_along = |at: &usize| {
        let mut needs = plan.changes[*at].depends_on.iter();
        !keeps_needs || needs.all(|id| going.contains(id) || !going.iter().any(|going| going.kind == id.kind))
    };
    let users_of = |at: usize| of(&users, &plan.changes[at]).into_iter().filter(goes_along).collect();
    let along: BTreeSet<_> = taking.iter().flat_map(|at| with_needs(*at, users_of)).collect();
    for at in along.iter().copied() {
        if !goes(plan, is_planned, at) {
            lost.push(plan.changes[at].id.clone());
        }
        is_planned[at] = true;
        deleted(&mut plan.changes[at]);
    }
    if keeps_needs {
        for at in uses_of_parts(plan, &may_go, &users).filter(|at| !along.contains(at)) {
            is_planned[at] = false;
        }
        let places: HashMap<_, _> = may_go.iter().map(|at| (&plan.changes[*at].id, *at)).collect();
        let mut staying: Vec<_> = may_go.iter().copied().filter(|at| !goes(plan, is_planned, *at)).collect();
        while let Some(at) = staying.pop() {
            for needed in plan.changes[at].depends_on.iter().filter_map(|id| places.get(id).copied()) {
                if goes(plan, is_planned, needed) {
                    is_planned[needed] = false;
                    staying.push(needed);
                }
            }
        }
    }
    unneeded_go(plan, is_planned, &may_go);
    lost
}

/// What gives nothing but through others goes when all of these go, such as a policy that is on nothing any more.
fn unneeded_go(plan: &mut Plan, is_planned: &mut [bool], may_go: &[usize]) {
    let mut users: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for (at, change) in plan.changes.iter().enumerate() {
        for needed in &change.depends_on {
            users.entry(needed.clone()).or_default().push(at);
        }
    }
    // What is needed goes last.
    for at in may_go.iter().copied() {
        let goes = |at: &usize| is_planned[*at] && plan.changes[*at].action == Action::Delete;
        if users.get(&plan.changes[at].id).is_some_and(|users| users.iter().all(goes)) {
            is_planned[at] = true;
            deleted(&mut plan.changes[at]);
        }
    }
}

/// What needs an object of which a part is left: that gives nothing without it, such as a policy without what attaches it.
fn uses_of_parts<'a>(
    plan: &'a Plan,
    may_go: &'a [usize],
    users: &'a HashMap<ObjectId, Vec<usize>>,
) -> impl Iterator<Item = usize> + 'a {
    let is_left = |at: &&usize| plan.changes[**at].action == Action::Update;
    let uses = |at: &usize| with_needs(*at, |at| of(users, &plan.changes[at])).into_iter().skip(1);
    may_go.iter().filter(is_left).flat_map(uses)
}

fn of(users: &HashMap<ObjectId, Vec<usize>>, change: &Change) -> Vec<usize> {
    users.get(&change.id).cloned().unwrap_or_default()
}

/// Has all of it go of which a part was to stay.
fn deleted(change: &mut Change) {
    if change.action != Action::Delete {
        (change.action, change.ownership, change.after) = (Action::Delete, Ownership::Exclusive, None);
        change.because.clear();
        change.known_after_apply.clear();
    }
}

/// A change and, one after the other, all that it needs, or all that need it.
pub(super) fn with_needs(first: usize, needs: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut all = vec![first];
    let mut done = 0;
    while let Some(at) = all.get(done).copied() {
        done += 1;
        for need in needs(at) {
            if !all.contains(&need) {
                all.push(need);
            }
        }
    }
    all
}
