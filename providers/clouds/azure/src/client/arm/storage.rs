//! Storage accounts.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::host::Host;
use crate::client::{Arm, Presence};
use crate::error::call::Call;
use crate::names::resource_id::ResourceId;

use crate::client::arm::closed::{NetworkRules, is_closed};

const VERSION: &str = "2021-08-01";

/// Looking at a container, not at what is in it.
pub(crate) const READ_CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/read";

/// A storage account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Whether it has a hierarchical namespace (Data Lake Storage).
    pub(crate) hierarchical: bool,
    /// Whether its keys are taken. They are where nothing is said.
    pub(crate) shared_key: bool,
    /// Whether it answers some networks only.
    pub(crate) closed: bool,
    /// The hosts of its blob and its dfs endpoint, as far as it says.
    pub(crate) hosts: Vec<String>,
}

impl StorageAccount {
    /// Whether a host is this account's. An account that says nothing of its endpoints is taken by its name, but for a
    /// DNS zone, which only its endpoints tell.
    pub(crate) fn answers_at(&self, host: &Host) -> bool {
        if self.hosts.is_empty() {
            return host.zone.is_none() && self.name.eq_ignore_ascii_case(&host.name);
        }
        let same = |own: &String| Host::parse(own).is_some_and(|own| own.is_same_account(host));
        self.hosts.iter().any(same)
    }
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
    public_network_access: Option<String>,
    network_acls: Option<NetworkRules>,
    primary_endpoints: Option<Endpoints>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    blob: Option<String>,
    dfs: Option<String>,
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
            closed: is_closed(properties.public_network_access.as_deref(), properties.network_acls.as_ref()),
            hosts: hosts(properties.primary_endpoints.unwrap_or_default()),
        };
        Ok(sent.into_iter().map(read).collect())
    }
}

impl Arm {
    /// Whether a container is there. Source: REST reference, "Blob service error codes".
    pub(crate) async fn container(&self, id: &ResourceId) -> Result<Presence> {
        self.look(&Call::new(READ_CONTAINER, id.as_str()), VERSION, "ContainerNotFound").await
    }

    /// The names of an account's containers, as many as are on so many pages. Source: REST reference, "Blob Containers - List".
    pub(crate) async fn containers(&self, account: &ResourceId, pages: usize) -> Result<Vec<String>> {
        let path = format!("{account}/blobServices/default/containers");
        let sent: Vec<Named> = self.list_at_most(&Call::new(READ_CONTAINER, &path), VERSION, pages).await?;
        Ok(sent.into_iter().map(|container| container.name).collect())
    }
}

fn hosts(endpoints: Endpoints) -> Vec<String> {
    let host = |url: String| Some(url.strip_prefix("https://")?.trim_end_matches('/').to_owned());
    [endpoints.blob, endpoints.dfs].into_iter().flatten().filter_map(host).collect()
}
