//! The kinds of resource that can be granted: one file a kind, with its locator and its levels as a table to roles, or to the exact
//! actions of a custom one.

pub(crate) mod object_store;
pub(crate) mod registry;
pub(crate) mod secret;

use cloudgrant_core::{Access, Capabilities, Inexact, RegisteredKind, ResourceKind, ScopeKind};

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(
        &[ScopeKind::Global, ScopeKind::Domain],
        "a data plane on Azure binds its identities per domain, not per project",
    )
    .kinds(&[object_store::REGISTERED, secret::REGISTERED, registry::REGISTERED, OTHER])
    .registry(&[Access::Pull])
    .inexact(&INEXACT)
    .exact_where(object_store::is_exact);

/// Any other resource: the role of each level is what the manifest says (`azure.roles`).
const OTHER: RegisteredKind = RegisteredKind::new(
    ResourceKind::OTHER,
    &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage],
)
.located_by(&["a resource ID"]);

const INEXACT: [Inexact; 5] = {
    let ([write, read_write, manage], [pull, push]) = (object_store::INEXACT, registry::INEXACT);
    [write, read_write, manage, pull, push]
};

pub(crate) const fn inexact(kind: ResourceKind, access: Access, gains: &'static str, precisely: bool) -> Inexact {
    Inexact { kind, access, gains, loses: "", precisely }
}

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
}
