//! What somebody else was asked to do and what isn't wanted any more: whether it was done, nobody can see here, and it may stay given.
//! Where it is known that nobody did it, there is nothing to tell.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::contract::delivery::{Identity, Principal};
use crate::contract::error::Error;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::Unsearched;
use crate::contract::object::reference::Outputs;
use crate::contract::object::{Handoff, Object, ObjectId, Ownership};
use crate::contract::provider::HandsOff;
use crate::engine::cancel::Cancel;
use crate::engine::planning::marks::taking_back;
use crate::engine::setup::Engine;
use crate::engine::watch::Silent;
use crate::plan::Plan;
use crate::text::listed::listed;
use crate::vocabulary::intent::{Intent, IntentId, Intents, ScopeBinding, TaskAccess};
use crate::vocabulary::scope::Scope;

/// How many of the intents are named.
const NAMED: usize = 3;

/// What somebody was asked for, as far as that can be told where intents can't be planned together.
#[derive(Debug, Default)]
pub(in crate::engine) struct OneByOne {
    asked: Vec<Object>,
    /// For which intents it can't be told, and why.
    untold: Vec<(IntentId, Error)>,
}

impl Engine {
    /// Tells of it, but of what is asked for still (`still`), and of what can't be told: it may be there.
    pub(in crate::engine) fn tell_one_by_one(&self, told: &OneByOne, plan: &mut Plan, still: &HashSet<ObjectId>) {
        self.tell_all(plan, told.asked.iter().filter(|object| !still.contains(&object.id)));
        for (intent, error) in &told.untold {
            let place = format!("what somebody else was asked for, for {intent}");
            if plan.unsearched.iter().any(|told| told.place == place) {
                continue;
            }
            let reason = format!(
                "it can't be told: {}. Whoever was asked for something knows it: have it taken back where it was, and take {intent} out \
                 of the manifest then",
                error.in_a_sentence()
            );
            plan.unsearched_for.entry(place.clone()).or_default().insert(intent.clone());
            plan.unsearched.push(Unsearched { place, reason });
        }
        plan.unsearched.sort();
    }

    /// Tells of all of these.
    pub(in crate::engine) fn tell_all<'a>(&self, plan: &mut Plan, objects: impl Iterator<Item = &'a Object>) {
        let told = told_by_marks(plan);
        for object in objects.filter(|object| !told.contains(&object.id)) {
            let Some(handoff) = object.handoff.as_ref().filter(|handoff| !handoff.is_undone) else { continue };
            self.tell(plan, &object.id, &object.ownership, handoff, object.because.iter().cloned().collect());
        }
        plan.unsearched.sort();
    }

    /// Tells of those that somebody was asked for by the whole manifest (`whole`), among `handed_off`, and that nothing asks for which
    /// stays (`wanted`).
    pub(in crate::engine) fn tell_taken(
        &self,
        plan: &mut Plan,
        whole: &Plan,
        handed_off: &BTreeSet<ObjectId>,
        wanted: &HashSet<ObjectId>,
        kept: &HashSet<IntentId>,
    ) {
        let told = told_by_marks(plan);
        let is_taken = |change: &&Change| {
            change.action == Action::Handoff
                && handed_off.contains(&change.id)
                && !wanted.contains(&change.id)
                && !told.contains(&change.id)
        };
        for change in whole.changes.iter().filter(is_taken) {
            let Some(handoff) = change.handoff.as_ref().filter(|handoff| !handoff.is_undone) else { continue };
            let because = change.because.iter().filter(|intent| !kept.contains(intent)).cloned();
            self.tell(plan, &change.id, &change.ownership, handoff, because.collect());
        }
        plan.unsearched.sort();
    }

    fn tell(
        &self,
        plan: &mut Plan,
        id: &ObjectId,
        ownership: &Ownership,
        handoff: &Handoff,
        because: BTreeSet<IntentId>,
    ) {
        let place = match ownership {
            Ownership::Fragment { of } => format!("{of} ({id})"),
            Ownership::Exclusive => id.to_string(),
        };
        let is_binding = |intent: &&IntentId| matches!(intent, IntentId::Binding(_));
        // What grants come to in a scope is told by these.
        let all_bindings = because.iter().all(|intent| is_binding(&intent));
        let names = listed(because.iter().filter(|intent| all_bindings || !is_binding(intent)), NAMED);
        let reason = format!(
            "{} may have been asked to {}, for {names}, and nobody can see from here whether that was done: have it taken back where it \
             was, and take {names} out of the manifest then",
            handoff.to, handoff.task
        );
        plan.unsearched_for.entry(place.clone()).or_default().extend(because);
        plan.unsearched.push(Unsearched { place, reason });
        let (_, back) = self.taken_back(id.kind, &id.name, &handoff.how);
        plan.changes.push(taking_back(id.clone(), back));
    }

    /// What somebody else was asked for, told for each resource and for each binding by itself: one that is gone, or that may not be
    /// read, hides nothing of the others.
    pub(in crate::engine) async fn handed_off_one_by_one(&self, intents: &Intents) -> OneByOne {
        let mut all = OneByOne::default();
        let once = Cancel::default();
        once.cancel();
        for Part { intent, may_be_handed_off, because, intents: part } in parts(intents, self.provider.hands_off()) {
            let told = async {
                let (desired, principals) = self.desired_for(&part, &Silent, &once).await?;
                let of_vendor = of_vendor(&principals);
                let told = self.delivered(&part, principals, &Outputs::new())?;
                Ok::<Vec<Object>, Error>(self::all(&desired.objects, &told.objects, &of_vendor).cloned().collect())
            };
            match told.await {
                Ok(asked) => {
                    let with_grants = |mut object: Object| {
                        let known: HashSet<_> = object.because.iter().cloned().collect();
                        object.because.extend(because.iter().filter(|grant| !known.contains(grant)).cloned());
                        object
                    };
                    all.asked.extend(asked.into_iter().map(with_grants));
                }
                Err(_) if !may_be_handed_off => {}
                Err(error) => all.untold.push((intent, error)),
            }
        }
        all
    }
}

/// A part of intents that needs no other one.
struct Part {
    intent: IntentId,
    /// Whether somebody else may be asked for it.
    may_be_handed_off: bool,
    /// The grants for which it is as well.
    because: Vec<IntentId>,
    intents: Intents,
}

fn parts(intents: &Intents, hands_off: HandsOff) -> Vec<Part> {
    let part = |intent: &dyn Intent, may_be_handed_off, intents| Part {
        intent: intent.id(),
        may_be_handed_off,
        because: Vec::new(),
        intents,
    };
    let mut parts = Vec::new();
    for grant in &intents.grants {
        for reach in &grant.reaches {
            let one = TaskAccess { reaches: vec![reach.clone()], ..TaskAccess::clone(grant) };
            let one = Intents { grants: vec![Arc::new(grant.with(one))], ..Intents::default() };
            parts.push(part(&***grant, hands_off.grants, one));
        }
    }
    for registry in &intents.registries {
        let one = Intents { registries: vec![registry.clone()], ..Intents::default() };
        parts.push(part(&**registry, hands_off.registries, one));
    }
    for binding in &intents.bindings {
        let own = binding.grants.iter().filter(|grant| grant.scope == binding.scope);
        let because = own.map(|grant| grant.id()).collect();
        let one = binding.with(ScopeBinding { grants: Vec::new(), ..ScopeBinding::clone(binding) });
        let one = Intents { bindings: vec![one], ..Intents::default() };
        parts.push(Part { because, ..part(&**binding, hands_off.bindings, one) });
    }
    parts
}

/// Scopes whose principals only the platform's vendor can make. What another one's service accounts are told of it is nothing without
/// it, and whoever deletes it is told to have that taken back.
pub(in crate::engine) fn of_vendor(principals: &[Principal]) -> HashSet<Scope> {
    let asked = principals.iter().filter(|principal| matches!(principal.identity, Identity::Asked(_)));
    asked.map(|principal| principal.scope.clone()).collect()
}

/// Of wanted objects of the cloud, and of what the platform is told, those that somebody else was asked for.
pub(in crate::engine) fn all<'a>(
    in_cloud: &'a [Object],
    on_platform: &'a [Object],
    of_vendor: &'a HashSet<Scope>,
) -> impl Iterator<Item = &'a Object> {
    let on_platform = on_platform.iter().filter(|object| of_vendor.contains(&object.scope));
    in_cloud.iter().chain(on_platform).filter(|object| object.handoff.is_some())
}

/// What is to be taken back by the mark of it.
fn told_by_marks(plan: &Plan) -> HashSet<ObjectId> {
    let taken_back = plan.changes.iter().filter(|change| change.handoff.as_ref().is_some_and(|it| it.takes_back));
    taken_back.map(|change| change.id.clone()).collect()
}

/// The handoffs that a plan wants.
pub(in crate::engine) fn in_plan(plan: &Plan) -> HashSet<ObjectId> {
    let is_wanted = |change: &&Change| change.handoff.as_ref().is_some_and(|handoff| !handoff.takes_back);
    let handoffs = plan.changes.iter().filter(|change| change.action == Action::Handoff).filter(is_wanted);
    let confirmed = plan.confirmed.iter().map(|one| one.object.clone());
    handoffs.map(|change| change.id.clone()).chain(confirmed).collect()
}
