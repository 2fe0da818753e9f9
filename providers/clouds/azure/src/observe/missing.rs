//! What role assignments take for granted and isn't there: it keeps them from being made, and nobody from taking something else
//! away.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Desired, Error, ErrorKind, Unmakeable};

use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::resources::resource_id::is_within;

/// Of vaults, storage accounts and registries that are gone, or that the caller can't see.
pub(super) fn read(desired: &Desired, snapshot: &Snapshot) -> Vec<Unmakeable> {
    let assignments: Vec<_> = desired
        .objects
        .iter()
        .filter(|object| object.id.kind == kinds::ASSIGNMENT)
        .filter_map(|object| Some((object.attributes.text("scope")?, &object.id)))
        .collect();
    let unmakeable = snapshot.absent().into_iter().filter_map(|(id, why)| {
        let on_it = assignments.iter().filter(|(scope, _)| is_within(scope, &id));
        let objects: BTreeSet<_> = on_it.map(|(_, object)| (*object).clone()).collect();
        let error = Error::new(ErrorKind::NotFound, why.message);
        let why = why.hint.into_iter().fold(error, Error::hint);
        (!objects.is_empty()).then_some(Unmakeable {
            why,
            actions: &[Action::Create, Action::Update],
            objects,
            is_of_caller: false,
        })
    });
    unmakeable.collect()
}
