//! What role assignments take for granted and isn't there, what they are on or whom they are for: it keeps them from being made,
//! and nobody from taking something else away.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Desired, Error, ErrorKind, Result, Unmakeable};

use crate::Azure;
use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::resources::absence;
use crate::resources::resource_id::{is_same, is_within};

/// The resources that the manifest names, that are gone for certain, and on which Azure still lists assignments of the stack's.
/// It costs a request for each that the caller doesn't see.
pub(super) async fn gone(azure: &Azure, snapshot: &Snapshot, subscriptions: &BTreeSet<String>) -> Result<Vec<String>> {
    let absent = snapshot.absent();
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

/// Of vaults, storage accounts, registries and identities that are gone, or that the caller can't see.
pub(super) fn read(desired: &Desired, snapshot: &Snapshot) -> Vec<Unmakeable> {
    let absent = snapshot.absent();
    if absent.is_empty() {
        return Vec::new();
    }
    let assignments: Vec<_> = desired
        .objects
        .iter()
        .filter(|object| object.id.kind == kinds::ASSIGNMENT)
        .filter_map(|object| Some((object.attributes.text("scope")?, object.attributes.text("principal")?, &object.id)))
        .collect();
    let unmakeable = absent.into_iter().filter_map(|(id, why)| {
        let takes_it =
            assignments.iter().filter(|(scope, principal, _)| is_within(scope, &id) || is_same(principal, &id));
        let objects: BTreeSet<_> = takes_it.map(|(_, _, object)| (*object).clone()).collect();
        let mut error = Error::new(ErrorKind::NotFound, why.message);
        if !why.path.is_empty() {
            error = error.with("named by", why.path);
        }
        let why = why.hint.into_iter().fold(error, Error::hint);
        (!objects.is_empty()).then_some(Unmakeable {
            why,
            actions: &[Action::Create, Action::Update],
            objects,
            is_of_caller: false,
            // The caller may only not see it; what is gone for certain has no assignments.
            is_certain: false,
        })
    });
    unmakeable.collect()
}
