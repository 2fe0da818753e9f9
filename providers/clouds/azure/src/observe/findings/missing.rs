//! What role assignments and federated credentials take for granted and isn't there, or isn't fit: it keeps them from being made,
//! and nobody from taking something else away.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Desired, ErrorKind, Object, ObjectId, Observed, Obstacle, Result, Unmakeable};

use crate::Azure;
use crate::inventory::lookups::absence;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::{is_same, is_within};
use crate::objects::kinds;

/// The resources that the manifest names, that are gone for certain, and on which Azure still lists assignments of the stack's.
/// It costs a request for each that the caller doesn't see.
pub(crate) async fn gone(azure: &Azure, snapshot: &Snapshot, subscriptions: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut absent = snapshot.unusable().of_assignments();
    absent.retain(|_, why| why.is_absent);
    let mut listed = BTreeSet::new();
    for subscription in subscriptions.iter().filter(|_| !absent.is_empty()) {
        let assignments = snapshot.assignments(subscription).await?;
        for assignment in assignments.iter().filter(|assignment| assignment.is_of(&azure.names)) {
            listed.extend(absent.keys().filter(|id| is_within(&assignment.scope, id)));
        }
    }
    let mut gone = Vec::new();
    for id in listed {
        if absence::is_certain(snapshot, id).await? {
            gone.push(id.clone());
        }
    }
    Ok(gone)
}

/// Of what is gone, that the caller can't see, or that isn't fit for what is wanted of it.
pub(crate) fn read(azure: &Azure, desired: &Desired, snapshot: &Snapshot, observed: &mut Observed) {
    let (assign, trust) = (snapshot.unusable().of_assignments(), snapshot.unusable().of_trust());
    let mut all = Vec::new();
    if !assign.is_empty() {
        let assignments: Vec<_> = of_kind(desired, kinds::ASSIGNMENT).map(Assigned::of).collect();
        for (what, why) in assign {
            let objects = assignments.iter().filter(|one| one.takes(&what)).map(|one| one.id.clone()).collect();
            all.push((why, objects));
        }
    }
    // One cluster is trusted by many identities.
    let mut of_trust: Vec<(Unusable, BTreeSet<ObjectId>)> = Vec::new();
    for (identity, why) in trust {
        let credentials = of_kind(desired, kinds::CREDENTIAL);
        let is_its = |object: &&Object| object.attributes.text("identity").is_some_and(|id| is_same(&id, &identity));
        let credentials = credentials.filter(is_its).map(|object| object.id.clone());
        let is_it = |object: &&Object| is_same(azure.names.identity_id(&object.id.name).as_str(), &identity);
        let itself = of_kind(desired, kinds::IDENTITY).filter(is_it).map(|object| object.id.clone());
        let objects: BTreeSet<_> = credentials.chain(itself).collect();
        match of_trust.iter_mut().find(|(known, _)| *known == why) {
            Some((_, known)) => known.extend(objects),
            None => of_trust.push((why, objects)),
        }
    }
    for (why, objects) in all.into_iter().chain(of_trust).filter(|(_, objects)| !objects.is_empty()) {
        let is_absent = why.is_absent;
        let why = why.error();
        let actions = &[Action::Create, Action::Update];
        // What is gone may only be hidden from the caller; where it is gone for certain, nothing is assigned on it.
        let obstacle = match why.kind() {
            ErrorKind::AccessDenied => Obstacle::Caller,
            _ if is_absent => Obstacle::PerhapsHidden,
            _ => Obstacle::Certain,
        };
        let one = Unmakeable { why, actions, objects, obstacle };
        match is_absent {
            true => observed.unmakeable.push(one),
            false => observed.unfit.push(one),
        }
    }
}

fn of_kind<'a>(desired: &'a Desired, kind: &'static str) -> impl Iterator<Item = &'a Object> {
    desired.objects.iter().filter(move |object| object.id.kind == kind)
}

/// A role assignment that is wanted.
struct Assigned<'a> {
    id: &'a ObjectId,
    scope: String,
    principal: String,
    role: String,
}

impl<'a> Assigned<'a> {
    fn of(object: &'a Object) -> Self {
        let text = |key: &str| object.attributes.text(key).unwrap_or_default();
        Self { id: &object.id, scope: text("scope"), principal: text("principal"), role: text("role_id") }
    }

    /// Whether it is on something, to somebody, or of a role.
    fn takes(&self, what: &str) -> bool {
        is_within(&self.scope, what) || is_same(&self.principal, what) || is_same(&self.role, what)
    }
}
