//! Key vaults.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::{Arm, Presence};
use crate::error::call::Call;
use crate::names::resource_id::ResourceId;

use crate::client::arm::closed::{NetworkRules, is_closed};

const VERSION: &str = "2023-07-01";

/// Looking at a secret through Azure Resource Manager, which never shows its value. Source: REST reference, "Secrets - Get"
/// of the Key Vault resource provider.
pub(crate) const READ_SECRET: &str = "Microsoft.KeyVault/vaults/secrets/read";

/// A key vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vault {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Such as `https://NAME.vault.azure.net/`.
    pub(crate) uri: String,
    /// Whether role assignments say who may read, and not access policies.
    pub(crate) rbac: bool,
    pub(crate) tenant_id: String,
    /// Whether it answers some networks only.
    pub(crate) closed: bool,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    vault_uri: Option<String>,
    enable_rbac_authorization: Option<bool>,
    tenant_id: Option<String>,
    public_network_access: Option<String>,
    network_acls: Option<NetworkRules>,
}

impl Arm {
    /// All key vaults of a subscription.
    pub(crate) async fn vaults(&self, subscription: &str) -> Result<Vec<Vault>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults");
        let sent: Vec<Sent> = self.list(&Call::new("Microsoft.KeyVault/vaults/read", &path), VERSION).await?;
        let read = |Sent { id, name, properties }| Vault {
            id,
            name,
            uri: properties.vault_uri.unwrap_or_default(),
            rbac: properties.enable_rbac_authorization.unwrap_or(false),
            tenant_id: properties.tenant_id.unwrap_or_default(),
            closed: is_closed(properties.public_network_access.as_deref(), properties.network_acls.as_ref()),
        };
        Ok(sent.into_iter().map(read).collect())
    }

    /// Whether a secret is there.
    pub(crate) async fn secret(&self, id: &ResourceId) -> Result<Presence> {
        self.look(&Call::new(READ_SECRET, id.as_str()), VERSION, "SecretNotFound").await
    }
}
