//! What role assignments and federated credentials take for granted and isn't there, or isn't fit: it keeps them from being made,
//! and nobody from taking something else away.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Desired, ErrorKind, Object, ObjectId, Observed, Obstacle, Result, Unmakeable};

use crate::inventory::lookups::absence;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::Names;
use crate::names::resource_id::{is_same, is_within};
use crate::objects::role_assignment::{self, RoleAssignment};
use crate::objects::{federated_credential, managed_identity};

/// The resources that the manifest names, that are gone for certain, and on which Azure still lists assignments of the stack's.
/// It costs a request for each that the caller doesn't see.
pub(crate) async fn gone(names: &Names, snapshot: &Snapshot, subscriptions: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut absent = snapshot.unusable().of_assignments();
    absent.retain(|_, why| why.is_absent);
    let mut listed = BTreeSet::new();
    for subscription in subscriptions.iter().filter(|_| !absent.is_empty()) {
        let assignments = snapshot.assignments(subscription).await?;
        for assignment in assignments.iter().filter(|assignment| assignment.is_of(names)) {
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
pub(crate) fn read(names: &Names, desired: &Desired, snapshot: &Snapshot, observed: &mut Observed) -> Result<()> {
    let (assign, trust) = (snapshot.unusable().of_assignments(), snapshot.unusable().of_trust());
    let mut all = Vec::new();
    if !assign.is_empty() {
        let assignments: Vec<_> = role_assignment::among(&desired.objects).collect::<Result<_>>()?;
        for (what, why) in assign {
            let takes = assignments.iter().filter(|(_, one)| takes(one, &what));
            all.push((why, takes.map(|(object, _)| object.id.clone()).collect()));
        }
    }
    // One cluster is trusted by many identities.
    let mut of_trust: Vec<(Unusable, BTreeSet<ObjectId>)> = Vec::new();
    for (identity, why) in trust {
        let mut objects = BTreeSet::new();
        for credential in federated_credential::among(&desired.objects) {
            let (object, credential) = credential?;
            objects.extend(is_same(&credential.identity, &identity).then(|| object.id.clone()));
        }
        let is_it = |object: &&Object| is_same(names.identity_id(&object.id.name).as_str(), &identity);
        let identities = desired.objects.iter().filter(|object| object.id.kind == managed_identity::KIND);
        objects.extend(identities.filter(is_it).map(|object| object.id.clone()));
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
    Ok(())
}

/// Whether a role assignment is on something, to somebody, or of a role.
fn takes(assignment: &RoleAssignment<'_>, what: &str) -> bool {
    is_within(&assignment.scope, what) || is_same(&assignment.principal, what) || is_same(&assignment.role_id, what)
}
