//! User-assigned managed identities.

use std::collections::BTreeMap;

use cloudgrant_core::Result;
use serde::{Deserialize, Serialize};

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2023-01-31";
const READ: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/read";
const WRITE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/write";
const DELETE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/delete";

/// A managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) principal_id: String,
    pub(crate) client_id: String,
    pub(crate) tenant_id: String,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    name: String,
    location: String,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    principal_id: String,
    client_id: String,
    tenant_id: String,
}

#[derive(Serialize)]
struct New<'a> {
    location: &'a str,
    tags: &'a BTreeMap<String, String>,
}

impl From<Sent> for Identity {
    fn from(sent: Sent) -> Self {
        Self {
            id: sent.id,
            name: sent.name,
            location: sent.location,
            tags: sent.tags.unwrap_or_default(),
            principal_id: sent.properties.principal_id,
            client_id: sent.properties.client_id,
            tenant_id: sent.properties.tenant_id,
        }
    }
}

impl Arm {
    /// All managed identities of a subscription.
    pub(crate) async fn identities(&self, subscription: &str) -> Result<Vec<Identity>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities");
        let sent: Vec<Sent> = self.list(&Call::new(READ, &path), VERSION).await?;
        Ok(sent.into_iter().map(Identity::from).collect())
    }

    /// One managed identity, by its resource ID.
    pub(crate) async fn identity(&self, id: &str) -> Result<Option<Identity>> {
        let sent: Option<Sent> = self.get_optional(&Call::new(READ, id), VERSION).await?;
        Ok(sent.map(Identity::from))
    }

    /// Makes a managed identity, or replaces its tags.
    pub(crate) async fn put_identity(
        &self,
        id: &str,
        location: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Identity> {
        let sent: Sent = self.put(&Call::new(WRITE, id), VERSION, &New { location, tags }).await?;
        Ok(Identity::from(sent))
    }

    /// Deletes a managed identity. It is no error if there is none.
    pub(crate) async fn delete_identity(&self, id: &str) -> Result<()> {
        self.delete(&Call::new(DELETE, id), VERSION).await
    }
}
