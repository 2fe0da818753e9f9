//! How a kind says that a role gives more than its level.

use cloudgrant_core::{Access, Inexact, ResourceKind};

pub(super) const fn inexact(kind: ResourceKind, access: Access, gains: &'static str, precisely: bool) -> Inexact {
    Inexact { kind, access, gains, loses: "", precisely }
}
