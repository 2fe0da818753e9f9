//! The roles that a user-assigned identity needs on what its workspace of Azure Machine Learning works with (requirement 82).
//!
//! Source: Azure Machine Learning, "Set up service authentication", user-assigned managed identity, 2025-06-10.

use crate::client::arm::Workspace;
use crate::names::resource_id::ResourceId;
use crate::resources::built_in_roles::BLOB_CONTRIBUTOR;

/// A role, by its id and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkspaceRole {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

pub(crate) const CONTRIBUTOR: WorkspaceRole =
    WorkspaceRole { id: "b24988ac-6180-42a0-ab88-20f7382dd24c", name: "Contributor" };
/// For previews of data.
const BLOBS: WorkspaceRole = WorkspaceRole { id: BLOB_CONTRIBUTOR.id, name: BLOB_CONTRIBUTOR.name };
/// Of vaults that look at roles.
pub(crate) const VAULT_ADMINISTRATOR: WorkspaceRole =
    WorkspaceRole { id: "00482a5a-887f-4fb3-b363-3b7fe8e74483", name: "Key Vault Administrator" };

/// All of them.
pub(crate) const ALL: [WorkspaceRole; 3] = [CONTRIBUTOR, BLOBS, VAULT_ADMINISTRATOR];

/// The roles with which somebody may use a key for encryption, the narrowest first. Source: Azure documentation, "Azure built-in roles for
/// Security": each wraps and unwraps with keys.
pub(crate) const KEY_READERS: [WorkspaceRole; 4] = [
    WorkspaceRole { id: "e147488a-f6f5-4113-8e2d-b22465e65bf6", name: "Key Vault Crypto Service Encryption User" },
    WorkspaceRole { id: "12338af0-0e69-4776-bea7-57ae8d297424", name: "Key Vault Crypto User" },
    WorkspaceRole { id: "14b46e9e-c2b7-41b4-b07b-48a6ebf60603", name: "Key Vault Crypto Officer" },
    VAULT_ADMINISTRATOR,
];

/// What a role of these is called.
pub(crate) fn name_of(id: &str) -> Option<&'static str> {
    ALL.iter().find(|role| role.id.eq_ignore_ascii_case(id)).map(|role| role.name)
}

/// The roles, and where. A vault that looks at access policies takes none of its own for what is in it.
pub(crate) fn needed(
    id: &ResourceId,
    workspace: &Workspace,
    vault_has_roles: bool,
) -> Vec<(ResourceId, WorkspaceRole)> {
    let at = |text: Option<&str>| text.and_then(|text| ResourceId::parse(text).ok());
    let (storage, vault) = (at(workspace.storage_account()), at(workspace.key_vault()));
    let others = [at(workspace.registry()), at(workspace.application_insights())];
    let all = [Some(id.clone()), storage.clone(), vault.clone()].into_iter().chain(others).flatten();
    let contributor = all.map(|on| (on, CONTRIBUTOR));
    let more = [storage.map(|on| (on, BLOBS)), vault.filter(|_| vault_has_roles).map(|on| (on, VAULT_ADMINISTRATOR))];
    contributor.chain(more.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requirement_82_what_there_is_beside_a_workspace_takes_roles_and_what_there_isn_t_none() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/g/providers";
        let id = ResourceId::parse(&format!("{group}/Microsoft.MachineLearningServices/workspaces/w")).expect("an ID");
        let [storage, vault] =
            ["Microsoft.Storage/storageAccounts/s", "Microsoft.KeyVault/vaults/v"].map(|one| format!("{group}/{one}"));
        let workspace =
            json!({ "properties": { "storageAccount": storage, "keyVault": vault, "containerRegistry": null } });
        let workspace = Workspace::of(workspace.as_object().expect("an object").clone());
        for (has_roles, expected) in [
            (
                true,
                vec![
                    "w Contributor",
                    "s Contributor",
                    "v Contributor",
                    "s Storage Blob Data Contributor",
                    "v Key Vault Administrator",
                ],
            ),
            (false, vec!["w Contributor", "s Contributor", "v Contributor", "s Storage Blob Data Contributor"]),
        ] {
            let all: Vec<_> = needed(&id, &workspace, has_roles)
                .iter()
                .map(|(on, role)| format!("{} {}", on.name(), role.name))
                .collect();
            assert_eq!(all, expected);
        }
    }
}
