//! The difference between what should be and what is, and the rules that no provider can get round.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::mem::discriminant;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use crate::contract::backend::protected::Protected;
use crate::contract::delivery::Principal;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::attributes::Attributes;
use crate::contract::object::observed::{Found, Observed, Stays};
use crate::contract::object::{Desired, Object, ObjectId, Ownership};
use crate::contract::provider::permissions::Permissions;
use crate::plan::in_the_way::InTheWay;
use crate::plan::{Action, Change, Plan, Refusal};
use crate::plan::{in_the_way, order, unmakeable};
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Intent, IntentId, ScopeBinding, TaskAccess};
use crate::vocabulary::names::Stack;
use crate::vocabulary::principal::Subject;
use crate::vocabulary::scope::{Pair, Scope};

/// Holds a verb's answer against what was asked: each object must exist for an intent that was asked, and at
/// exactly that intent's scope.
pub(crate) fn check_answer<'a, I: Intent + 'a>(
    provider: &str,
    asked: impl IntoIterator<Item = &'a I>,
    answer: &Desired,
) -> Result<()> {
    Asked::new(asked).check(provider, answer)
}

/// Holds what grants come to against them: each object as [`check_answer`] has it, and what may be done at exactly the scope of
/// the grants that ask for it.
pub(crate) fn check_permissions(
    provider: &str,
    grants: &[Arc<Checked<TaskAccess>>],
    permissions: &Permissions,
) -> Result<()> {
    let asked = Asked::new(grants.iter().map(|grant| &***grant));
    asked.check(provider, &permissions.desired)?;
    permissions.scopes().try_for_each(|(scope, because)| asked.check_scope(provider, &"a permission", because, scope))
}

/// What a verb was asked, with the scope of each.
struct Asked<'a>(HashMap<IntentId, &'a Scope>);

impl<'a> Asked<'a> {
    fn new<I: Intent + 'a>(intents: impl IntoIterator<Item = &'a I>) -> Self {
        Self(intents.into_iter().map(|intent| (intent.id(), intent.scope())).collect())
    }

    fn check(&self, provider: &str, answer: &Desired) -> Result<()> {
        let check = |object: &Object| self.check_scope(provider, &object.id, &object.because, &object.scope);
        answer.objects.iter().try_for_each(check)
    }

    fn check_scope(&self, provider: &str, what: &dyn Display, because: &[IntentId], scope: &Scope) -> Result<()> {
        // An object may exist for what other verbs were asked as well, and for very much of it.
        let kind = self.0.keys().next().map(discriminant);
        let of_kind = |intent: &&IntentId| Some(discriminant(*intent)) == kind;
        let mut scopes = because.iter().filter(of_kind).filter_map(|intent| self.0.get(intent)).peekable();
        if scopes.peek().is_none() {
            return Err(Error::provider_bug(provider, format!("{what} exists for nothing that was asked")));
        }
        match scopes.find(|asked| **asked != scope) {
            Some(asked) => {
                let what = format!("{what} has scope `{scope}` where `{asked}` was asked");
                Err(Error::provider_bug(provider, what))
            }
            None => Ok(()),
        }
    }
}

/// Holds a provider's principals against what was asked: each must be of a scope that was asked for, and serve nobody but that
/// scope's own subjects.
pub(crate) fn check_principals(
    provider: &str,
    asked: &[Checked<ScopeBinding>],
    principals: &[Principal],
) -> Result<()> {
    let asked: HashMap<&Scope, _> = asked.iter().map(|binding| (&binding.scope, binding)).collect();
    for principal in principals {
        let scope = &principal.scope;
        let Some(binding) = asked.get(scope) else {
            return Err(Error::provider_bug(
                provider,
                format!("it has a principal of {scope}, which was not asked for"),
            ));
        };
        if !principal.because.contains(&binding.id()) {
            let what = format!("a principal of {scope} exists for nothing that was asked");
            return Err(Error::provider_bug(provider, what));
        }
        let subjects: HashSet<_> = binding.subjects.iter().collect();
        let elsewhere: HashSet<_> = binding.served_elsewhere.iter().collect();
        let is_served = |one: &&(Pair, Subject)| subjects.contains(one) && !elsewhere.contains(&one.0);
        if let Some((_, other)) = principal.serves.iter().find(|one| !is_served(one)) {
            let what = format!("a principal of {scope} would serve {other}, for which it was not asked");
            return Err(Error::provider_bug(provider, what));
        }
    }
    Ok(())
}

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

/// Refuses a plan that touches what is protected (requirement 15).
fn refuse_protected<'a>(
    protected: &Protected,
    hint: &str,
    touching: impl IntoIterator<Item = (&'a ObjectId, &'a Vec<String>)>,
) -> Result<()> {
    let mut refusals = Vec::new();
    let mut seen = HashSet::new();
    for (id, touches) in touching {
        for name in touches {
            if let Some(pattern) = protected.matching(name)
                && seen.insert(name)
            {
                let message = format!("{id} would change `{name}`, which is protected (`{pattern}`)");
                refusals.push(Diagnostic::new("", message).hint(hint));
            }
        }
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Manifest, "the plan would change what is protected").diagnostics(refusals))
}

/// What is protected loses nothing either (requirement 15): what would be deleted for that stays, with all that it needs,
/// and the rest can go.
fn keep_protected(protected: &Protected, present: &mut BTreeMap<ObjectId, Found>) -> Vec<Stays> {
    let (mut kept, mut stays) = (Vec::new(), Vec::new());
    for (id, found) in &*present {
        if let Some(reason) = protection(protected, &found.touches) {
            stays.push(Stays { object: id.clone(), reason, is_empty: false });
            kept.push(id.clone());
        }
    }
    while let Some(id) = kept.pop() {
        kept.extend(present.remove(&id).into_iter().flat_map(|found| found.depends_on));
    }
    stays
}

/// What can't be deleted stays as it is. Whoever takes single grants away learns what of it goes.
fn keep_relied_on(
    relied_on: BTreeMap<ObjectId, BTreeSet<Stays>>,
    present: &mut BTreeMap<ObjectId, Found>,
) -> Vec<Stays> {
    let kept = relied_on.into_iter().filter(|(id, _)| present.remove(id).is_some());
    kept.flat_map(|(_, stays)| stays).collect()
}

/// Leaves what touches something protected as it is. For whoever only takes away: what stays is no business of theirs, and
/// nothing refuses them the rest.
fn leave_protected(
    protected: &Protected,
    objects: Vec<Object>,
    present: &mut BTreeMap<ObjectId, Found>,
) -> (Vec<Object>, Vec<Stays>) {
    let mut stays = Vec::new();
    let (touching, rest): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| protection(protected, &object.touches).is_some());
    for object in touching {
        let found = present.remove(&object.id).filter(|found| found.owned && found.attributes != object.attributes);
        if let (Some(_), Some(reason)) = (found, protection(protected, &object.touches)) {
            stays.push(Stays { object: object.id, reason, is_empty: false });
        }
    }
    (rest, stays)
}

fn protection(protected: &Protected, touches: &[String]) -> Option<String> {
    let (name, pattern) = touches.iter().find_map(|name| Some((name, protected.matching(name)?)))?;
    Some(format!(
        "`{name}` is protected (`{pattern}`): take it away by hand, or take the name off the protected list in the provider's \
         section and run this again"
    ))
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

/// What it takes to have an object as it is wanted: nothing where it is so already.
pub(super) fn action(object: &Object, found: Option<&Found>) -> Option<Action> {
    match (found, &object.handoff) {
        (Some(found), _) if found.attributes == object.attributes => None,
        (_, Some(_)) => Some(Action::Handoff),
        (None, None) => Some(Action::Create),
        (Some(_), None) => Some(Action::Update),
    }
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
