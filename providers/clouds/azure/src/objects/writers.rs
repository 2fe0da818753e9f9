//! What changes that are applied side by side have to know of each other.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::names::resource_id::ResourceId;
use crate::objects::custom_role::definition::CustomRole;

/// What changes that are applied side by side have to know of each other.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    pub(super) credentials: CredentialWriters,
    pub(super) former_scopes: FormerScopes,
}

/// One writer an identity at a time: Azure refuses federated credentials that are written side by side.
#[derive(Debug, Default)]
pub(super) struct CredentialWriters(Mutex<HashMap<ResourceId, Arc<Mutex<()>>>>);

impl CredentialWriters {
    /// The turn of those who write an identity's credentials.
    pub(super) async fn of(&self, identity: &ResourceId) -> Arc<Mutex<()>> {
        self.0.lock().await.entry(identity.clone()).or_default().clone()
    }
}

/// Custom roles that keep former scopes until their assignments there are gone, by id.
#[derive(Debug, Default)]
pub(super) struct FormerScopes(pub(super) Mutex<HashMap<String, RoleWithFormerScopes>>);

/// A role that keeps former scopes for now.
#[derive(Debug, Clone)]
pub(super) struct RoleWithFormerScopes {
    pub(super) name: String,
    /// The role as it should be.
    pub(super) wanted: CustomRole<'static>,
    pub(super) former: Vec<String>,
    /// The stack's assignments of it that this run has deleted: lists show them for a while.
    pub(super) gone: BTreeSet<String>,
}
