//! The kinds that are registered, and what their tables have together.

use std::collections::BTreeSet;

use cloudgrant_core::{Access, Inexact, Intent as _, Intents, RegisteredKind, ResourceKind};

use crate::resources::built_in_roles::Role;
use crate::resources::kinds::child_kind::{ChildKind, Gives};
use crate::resources::kinds::{
    object_store, registry, secret, service_bus_queue, storage_queue, storage_table, vault_key,
};

/// The kinds that are one thing in an account, a vault or a namespace, in the order in which they are told.
pub(crate) const IN_HOLDER: [&ChildKind; 4] =
    [&storage_queue::KIND, &storage_table::KIND, &service_bus_queue::KIND, &vault_key::KIND];

const LOOKED_UP: [RegisteredKind; 3] = [object_store::REGISTERED, secret::REGISTERED, registry::REGISTERED];

pub(crate) const REGISTERED: [RegisteredKind; LOOKED_UP.len() + IN_HOLDER.len() + 1] = {
    let mut all = [OTHER; LOOKED_UP.len() + IN_HOLDER.len() + 1];
    let mut at = 0;
    while at < LOOKED_UP.len() + IN_HOLDER.len() {
        all[at] = if at < LOOKED_UP.len() { LOOKED_UP[at] } else { IN_HOLDER[at - LOOKED_UP.len()].registered };
        at += 1;
    }
    all
};

/// The ready-made roles of the levels of these kinds.
pub(crate) fn roles() -> impl Iterator<Item = Role> {
    let levels = IN_HOLDER.into_iter().flat_map(|kind| kind.levels);
    levels
        .flat_map(|level| match level.gives {
            Gives::Roles(roles) => roles,
            Gives::DataActions(_) => &[],
        })
        .copied()
}

/// The kinds of resources that the intents reach.
pub(crate) fn reached_by(intents: &Intents) -> BTreeSet<ResourceKind> {
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().flat_map(|registry| registry.reaches());
    grants.chain(registries).map(|reach| reach.resource.kind).collect()
}

/// Any other resource: the role of each level is what the manifest says (`azure.roles`).
const OTHER: RegisteredKind = RegisteredKind::new(
    ResourceKind::OTHER,
    &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage],
)
.located_by(&["a resource ID"]);

pub(crate) const INEXACT: [Inexact; 5] = {
    let ([write, read_write, manage], [pull, push]) = (object_store::INEXACT, registry::INEXACT);
    [write, read_write, manage, pull, push]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The capability check lets a level through where a table has something for it, and nowhere else.
    #[test]
    fn the_levels_of_a_kind_are_those_of_its_table() {
        for level in Access::ALL {
            let is_registered = |kind: RegisteredKind| kind.levels.contains(&level);
            let gives = object_store::object_role(level).is_some();
            assert_eq!(
                (is_registered(object_store::REGISTERED), !object_store::on_objects(level).is_empty()),
                (gives, gives)
            );
            assert_eq!(is_registered(registry::REGISTERED), registry::Roles::of(level).is_some(), "{level}");
        }
    }

    #[test]
    fn data_actions_are_sorted_as_definitions_have_them() {
        for level in IN_HOLDER.iter().flat_map(|kind| kind.levels) {
            if let Gives::DataActions(actions) = level.gives {
                assert!(actions.is_sorted_by(|one, next| one < next), "{actions:?}");
            }
        }
    }
}
