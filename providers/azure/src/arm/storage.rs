//! Storage accounts.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::Call;

const VERSION: &str = "2021-08-01";

/// A storage account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether it has a hierarchical namespace (Data Lake Storage).
    pub(crate) hierarchical: bool,
    /// Whether its keys are taken. They are where nothing is said.
    pub(crate) shared_key: bool,
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
    is_hns_enabled: Option<bool>,
    allow_shared_key_access: Option<bool>,
}

impl Arm {
    /// All storage accounts of a subscription.
    pub(crate) async fn storage_accounts(&self, subscription: &str) -> Result<Vec<StorageAccount>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts");
        let sent: Vec<Sent> = self.list(&Call::new("Microsoft.Storage/storageAccounts/read", &path), VERSION).await?;
        let read = |Sent { id, name, properties }| StorageAccount {
            id,
            name,
            hierarchical: properties.is_hns_enabled.unwrap_or(false),
            shared_key: properties.allow_shared_key_access.unwrap_or(true),
        };
        Ok(sent.into_iter().map(read).collect())
    }
}
