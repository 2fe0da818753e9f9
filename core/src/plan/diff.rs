//! The difference between what should be and what is, and the rules that no provider can get round.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::contract::backend::protected::Protected;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::{Found, Observed};
use crate::contract::object::{Object, ObjectId, Ownership};
use crate::plan::action::action;
use crate::plan::in_the_way::{self, InTheWay};
use crate::plan::protection::{keep_protected, keep_relied_on, leave_protected, refuse_protected};
use crate::plan::refusal::Refusal;
use crate::plan::whole::Plan;
use crate::plan::{order, unmakeable};
use crate::vocabulary::names::Stack;

/// Merges objects that several verbs want, and refuses two that contradict each other.
pub(crate) fn merge(provider: &str, objects: Vec<Object>) -> Result<Vec<Object>> {
    let mut merged: Vec<Object> = Vec::with_capacity(objects.len());
    let mut index: HashMap<ObjectId, usize> = HashMap::with_capacity(objects.len());
    for object in objects {
        let Some(at) = index.get(&object.id) else {
            index.insert(object.id.clone(), merged.len());
            merged.push(object);
            continue;
        };
        let known = &mut merged[*at];
        let is_same = known.attributes == object.attributes
            && known.references == object.references
            && known.ownership == object.ownership
            && known.handoff.is_some() == object.handoff.is_some();
        if !is_same {
            return Err(Error::provider_bug(provider, format!("{} is wanted in two different forms", object.id)));
        }
        let mut because: HashSet<_> = known.because.iter().cloned().collect();
        known.because.extend(object.because.into_iter().filter(|intent| because.insert(intent.clone())));
        known.depends_on.extend(object.depends_on);
        known.touches.extend(object.touches);
    }
    Ok(merged)
}

fn refuse_limits(observed: &Observed) -> Result<()> {
    let broken: Vec<_> = observed.limits.iter().filter(|limit| limit.is_broken()).collect();
    let Some(first) = broken.first() else { return Ok(()) };
    let problems = broken.iter().map(|limit| Diagnostic::new("", limit.to_string()).hint(limit.hint.clone())).collect();
    Err(Error::new(ErrorKind::Quota, "the plan doesn't fit the cloud's quotas")
        .diagnostics(problems)
        .hint(first.hint.clone()))
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To make the manifest come true: refused where that can't be.
    Apply,
    /// To take away, going past what isn't needed for that.
    TakeAway,
    /// To say how the cloud differs: why an apply would be refused is said beside it.
    Look,
}

/// Makes the plan of what is wanted, [merged](merge).
pub(crate) fn plan(
    provider: &'static str,
    stack: &Stack,
    protected: &Protected,
    desired: Desired,
    mut observed: Observed,
    aim: Aim,
) -> Result<Plan> {
    let (mut objects, mut stays) = (desired.objects, std::mem::take(&mut observed.stays));
    if aim == Aim::TakeAway {
        let (rest, left) = leave_protected(protected, objects, &mut observed.objects);
        objects = rest;
        stays.extend(left);
    } else {
        let hint = "name another role or repository; the protected list is in the provider's section";
        refuse_protected(protected, hint, objects.iter().map(|object| (&object.id, &object.touches)))?;
    }
    let undeletable = unmakeable::undeletable(&observed.unmakeable);
    let unmakeable = std::mem::take(&mut observed.unmakeable);
    let unfit = std::mem::take(&mut observed.unfit);
    let mut broken = unmakeable::broken(&unmakeable, &objects, &observed.objects);
    broken.extend(unmakeable::broken(&unfit, &objects, &observed.objects));
    let mut unmakeable = unmakeable::of_wanted(unmakeable, &objects, &observed.objects);
    unmakeable.extend(unmakeable::of_unfit(unfit, &objects));
    let (rest, taken) = in_the_way::taken_out(objects, &mut observed);
    objects = rest;
    let mut problems = std::mem::take(&mut observed.problems);
    let mut refusal = None;
    // What somebody else has put in the place of something differs from that, whoever may change it.
    let instead = if aim == Aim::Look { std::mem::take(&mut observed.instead) } else { BTreeMap::new() };
    let differing: Vec<_> = taken.iter().filter_map(|(object, _)| instead_of(object, &instead)).collect();
    let (in_the_way, conflicts): (Vec<_>, Vec<_>) =
        taken.into_iter().map(|(object, error)| (InTheWay::of(object, &error), error)).unzip();
    match aim {
        Aim::Apply => problems.extend(unmakeable.into_iter().map(|(why, _)| why).chain(conflicts)),
        Aim::TakeAway => {}
        Aim::Look => {
            let limits = refuse_limits(&observed).err();
            let of_anybody = conflicts.into_iter().chain(limits).map(|why| (why, false));
            refusal = Refusal::of(unmakeable.into_iter().chain(of_anybody));
        }
    }
    if let Some(problem) = Error::all(problems) {
        return Err(problem);
    }
    if aim != Aim::Apply {
        objects = in_the_way::without_dependents(objects, &in_the_way, &observed.objects);
    }
    if aim != Aim::Look {
        refuse_limits(&observed)?;
    }

    let mut present = std::mem::take(&mut observed.objects);
    let (mut work, mut handoffs, mut unchanged) = (Vec::new(), Vec::new(), 0);
    for object in objects {
        let found = present.remove(&object.id);
        let warning = observed.if_updated.remove(&object.id);
        match difference(object, found) {
            None => unchanged += 1,
            Some(change) if change.action == Action::Handoff => handoffs.push(change),
            Some(change) if change.action == Action::Update => work.push(Change { warning, ..change }),
            Some(change) => work.push(change),
        }
    }
    work.extend(differing);
    if aim != Aim::TakeAway {
        stays.extend(keep_relied_on(std::mem::take(&mut observed.relied_on), &mut present));
    }
    stays.extend(keep_protected(protected, &mut present));
    let deletions = deletions(provider, present)?;
    let mut changes = order::by_dependency(provider, work)?;
    changes.extend(order::by_dependency(provider, deletions)?.into_iter().rev());
    changes.extend(handoffs);

    broken.extend(observed.broken);
    broken.sort();
    broken.dedup();
    let mut notes = desired.notes;
    notes.extend(observed.notes);
    notes.retain(|note| broken.iter().all(|one| one.note != *note));
    notes.sort();
    notes.dedup();
    let mut unsearched = observed.unsearched;
    unsearched.sort();
    unsearched.dedup();
    let mut widened = observed.widened;
    widened.sort();
    widened.dedup();
    stays.sort();
    stays.dedup();
    let plan = Plan::new(provider, stack.clone(), changes, unchanged, notes);
    let undeletable = plan.deleted_of(&undeletable);
    Ok(Plan {
        unsearched,
        unsearched_for: observed.unsearched_for,
        widened,
        broken,
        stays,
        in_the_way,
        refusal,
        undeletable,
        ..plan
    })
}

/// How something that somebody else has put in an object's place differs from what was asked for.
fn instead_of(object: &Object, instead: &BTreeMap<ObjectId, Attributes>) -> Option<Change> {
    let attributes = instead.get(&object.id)?.clone();
    let found = Found { attributes, owned: false, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() };
    difference(object.clone(), Some(found))
}

fn difference(object: Object, found: Option<Found>) -> Option<Change> {
    let action = action(&object, found.as_ref())?;
    Some(Change {
        action,
        id: object.id,
        because: object.because,
        before: found.map(|found| found.attributes),
        after: Some(object.attributes),
        known_after_apply: object.references,
        ownership: object.ownership,
        depends_on: object.depends_on,
        handoff: object.handoff,
        warning: None,
    })
}

/// What is there, is the stack's, and is wanted no more.
fn deletions(provider: &str, present: BTreeMap<ObjectId, Found>) -> Result<Vec<Change>> {
    present
        .into_iter()
        .map(|(id, found)| {
            if !found.owned {
                return Err(Error::provider_bug(
                    provider,
                    format!("it offers {id} for deletion, which is not the stack's"),
                ));
            }
            Ok(Change {
                action: Action::Delete,
                id,
                because: Vec::new(),
                before: Some(found.attributes),
                after: None,
                known_after_apply: Vec::new(),
                ownership: Ownership::Exclusive,
                depends_on: found.depends_on,
                handoff: None,
                warning: found.if_deleted,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
