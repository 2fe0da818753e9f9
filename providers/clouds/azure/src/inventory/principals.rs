//! Who identities are to Microsoft Entra, as this run has seen them.

use std::collections::HashMap;

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::inventory::cache::{Inventory, Principal};
use crate::names::resource_id::ResourceId;

impl Inventory {
    /// Keeps in mind who an identity is to Microsoft Entra.
    pub(crate) async fn remember(&self, identity: &ResourceId, principal: &str, ours: bool) {
        let principal = Principal { id: principal.to_owned(), ours };
        self.principals.lock().await.insert(identity.clone(), principal);
    }

    /// Keeps in mind that this run made an identity: nobody else has given it credentials.
    pub(crate) async fn remember_made(&self, identity: &ResourceId) {
        self.made.lock().await.insert(identity.clone());
    }

    /// Whether this run made an identity.
    pub(crate) async fn has_made(&self, identity: &ResourceId) -> bool {
        self.made.lock().await.contains(identity)
    }

    /// What was kept in mind may no longer be so.
    pub(crate) async fn forget(&self, identity: &ResourceId) {
        self.principals.lock().await.remove(identity);
        self.made.lock().await.remove(identity);
    }

    /// All that were seen.
    pub(crate) async fn principals(&self) -> HashMap<ResourceId, Principal> {
        self.principals.lock().await.clone()
    }

    /// Who an identity is to Microsoft Entra.
    ///
    /// # Errors
    /// It isn't there, or Azure doesn't answer.
    pub(crate) async fn principal(&self, identity: &ResourceId) -> Result<Principal> {
        if let Some(principal) = self.principals.lock().await.get(identity) {
            return Ok(principal.clone());
        }
        let Some(found) = self.client.identity(identity.as_str()).await? else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("the managed identity {} isn't there", identity.name()),
            )
            .with("identity", identity));
        };
        let ours = self.names.marks(identity, &found.tags);
        self.remember(identity, &found.principal_id, ours).await;
        Ok(Principal { id: found.principal_id, ours })
    }
}
