//! What this provider can do.

use cloudgrant_core::{Access, Capabilities, Resource, ScopeKind};

use crate::resources::kinds::object_store::needs_own;
use crate::resources::kinds::registered::{INEXACT, REGISTERED};
use crate::resources::locator::Locator;

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(
        &[ScopeKind::Global, ScopeKind::Domain, ScopeKind::Workload],
        "a data plane on Azure binds its identities per domain, not per project",
    )
    .kinds(&REGISTERED)
    .registry(&[Access::Pull])
    .inexact(&INEXACT)
    .exact_where(is_exact);

/// With a prefix, what writes is a custom role of the level's data actions and nothing else. A ready-made role's
/// management actions (deleting the container, keys that sign for others) have no condition: they reach past the prefix.
fn is_exact(resource: &Resource, access: Access) -> bool {
    matches!(resource.locator.parsed(), Locator::Objects(it) if needs_own(false, access, &it.prefix))
}
