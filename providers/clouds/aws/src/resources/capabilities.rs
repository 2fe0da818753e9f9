//! What this provider can do.

use cloudgrant_core::{Access, Capabilities, ScopeKind};

use crate::resources::kinds::registered::REGISTERED;

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(
        &[ScopeKind::Global, ScopeKind::Domain, ScopeKind::ProjectDomain],
        "roles are bound to service accounts of a cluster, and to no other units yet",
    )
    .kinds(&REGISTERED)
    .registry(&[Access::Pull]);
