//! Azure Machine Learning workspaces.

use azure_core::http::Method;
use cloudgrant_core::Result;
use serde_json::{Map, Value, json};

use crate::client::Arm;
use crate::client::arm::unit_identity;
use crate::error::call::Call;

/// That of computes.
const VERSION: &str = "2026-05-01";
pub(crate) const READ_WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces/read";
pub(crate) const WRITE_WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces/write";

/// The setting that says under which of its identities a workspace works.
pub(crate) const PRIMARY: &str = "primaryUserAssignedIdentity";

/// A workspace, as far as it is read.
#[derive(Debug, Clone)]
pub(crate) struct Workspace(Map<String, Value>);

impl Workspace {
    /// One of these properties and no others.
    #[cfg(test)]
    pub(crate) fn of(sent: Map<String, Value>) -> Self {
        Self(sent)
    }

    fn property(&self, key: &str) -> Option<&Value> {
        self.0.get("properties")?.get(key)
    }

    /// A setting that is a text; none where it has no value.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.property(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// The resource ID of its registry, which it may not have yet.
    pub(crate) fn registry(&self) -> Option<&str> {
        self.setting("containerRegistry")
    }

    /// The resource IDs of its storage account, its key vault and its application insights.
    pub(crate) fn storage_account(&self) -> Option<&str> {
        self.setting("storageAccount")
    }

    /// See [`Self::storage_account`].
    pub(crate) fn key_vault(&self) -> Option<&str> {
        self.setting("keyVault")
    }

    /// See [`Self::storage_account`].
    pub(crate) fn application_insights(&self) -> Option<&str> {
        self.setting("applicationInsights")
    }

    /// The user-assigned identity that reads the customer's key, where there is such a key and such an identity.
    pub(crate) fn key_reader(&self) -> Option<&str> {
        let id = self.property("encryption")?.get("identity")?.get("userAssignedIdentity")?.as_str();
        id.filter(|id| !id.is_empty())
    }

    /// The resource ID of the vault with the customer's key.
    pub(crate) fn vault_of_key(&self) -> Option<&str> {
        self.property("encryption")?.get("keyVaultProperties")?.get("keyVaultArmId")?.as_str()
    }

    /// Whether Azure is at work on it, so that a write would be refused or overtaken.
    pub(crate) fn is_changing(&self) -> bool {
        let state = self.setting("provisioningState").unwrap_or_default();
        ["Creating", "Updating", "Deleting", "SoftDeleting"].iter().any(|busy| state.eq_ignore_ascii_case(busy))
    }

    /// Whether it has a system-assigned identity.
    pub(crate) fn has_system_assigned(&self) -> bool {
        unit_identity::has_system_assigned(&self.0)
    }

    /// Its user-assigned identities, as Azure writes their resource IDs.
    pub(crate) fn user_assigned(&self) -> impl Iterator<Item = &str> {
        unit_identity::user_assigned(&self.0)
    }
}

impl Arm {
    /// A workspace, by its resource ID.
    pub(crate) async fn workspace(&self, id: &str) -> Result<Option<Workspace>> {
        let sent: Option<Map<String, Value>> = self.get_optional(&Call::new(READ_WORKSPACE, id), VERSION).await?;
        Ok(sent.map(Workspace))
    }

    /// Gives a workspace these user-assigned identities beside what it has of system-assigned ones, and no others, and waits until that is
    /// carried out. Nothing else of it is sent.
    ///
    /// Source: Azure Machine Learning, "Set up service authentication": an update takes away the identities that it doesn't list.
    pub(crate) async fn put_workspace_identities<'a>(
        &self,
        id: &str,
        workspace: &Workspace,
        identities: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let identity = unit_identity::written(workspace.has_system_assigned(), identities);
        self.patch_workspace(id, json!({ "identity": identity })).await
    }

    /// Changes a setting of a workspace, and waits until that is carried out. Nothing else of it is sent.
    pub(crate) async fn put_workspace_setting(&self, id: &str, name: &str, value: &str) -> Result<()> {
        self.patch_workspace(id, json!({ "properties": { name: value } })).await
    }

    async fn patch_workspace(&self, id: &str, body: Value) -> Result<()> {
        self.write_and_wait(&Call::new(WRITE_WORKSPACE, id), VERSION, Method::Patch, &body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_workspace_says_of_itself() {
        let workspace = |value: Value| Workspace(value.as_object().expect("an object").clone());
        let there = workspace(json!({
            "identity": { "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": { "/A": {} } },
            "properties": {
                "containerRegistry": "", "storageAccount": "/s", "provisioningState": "Updating",
                "encryption": { "identity": { "userAssignedIdentity": "/A" }, "keyVaultProperties": { "keyVaultArmId": "/v" } },
            },
        }));
        assert!(there.has_system_assigned() && there.is_changing());
        assert_eq!((there.registry(), there.storage_account()), (None, Some("/s")));
        assert_eq!((there.key_reader(), there.vault_of_key()), (Some("/A"), Some("/v")));
        let other = workspace(json!({ "properties": { "encryption": null, "storageAccount": 7 } }));
        assert_eq!((other.key_reader(), other.storage_account(), other.user_assigned().count()), (None, None, 0));
    }
}
