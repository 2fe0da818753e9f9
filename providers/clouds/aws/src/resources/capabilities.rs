//! What this provider can do.

use cloudgrant_core::{Access, Capabilities, ScopeKind};

use crate::resources::kinds::registered::REGISTERED;

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities =
    Capabilities::none().scopes(&ScopeKind::ALL, "").kinds(&REGISTERED).registry(&[Access::Pull]);
