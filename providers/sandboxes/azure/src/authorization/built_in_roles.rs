//! The roles that Azure itself offers, as far as granting access to data, secrets and images meets them.
//!
//! Source: Azure RBAC, "Azure built-in roles" and its pages by category.

#[cfg(test)]
mod microsoft;
mod other_data;

use crate::state::Table;
use crate::state::model::{Definition, Permission};

/// When they came to be is of no use to anybody; this is the start of 2024.
const MADE: u64 = 1_704_067_200_000;

pub(crate) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// What many resource roles have besides.
const USUAL: &[&str] = &[
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
];

struct Role {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    usual: bool,
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
    data_actions: &'static [&'static str],
}

const fn role(name: &'static str, title: &'static str, about: &'static str) -> Role {
    Role { name, title, about, usual: false, actions: &[], not_actions: &[], data_actions: &[] }
}

const ROLES: &[Role] = &[
    Role { actions: &["*"], ..role(OWNER, "Owner", "Everything, roles included.") },
    Role {
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
            "Microsoft.Subscription/cancel/action",
            "Microsoft.Subscription/enable/action",
        ],
        ..role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", "Everything but roles.")
    },
    Role { actions: &["*/read"], ..role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Sees all resources.") },
    Role {
        actions: &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        ..role("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", "Manages who has access.")
    },
    Role {
        actions: &[
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ],
        ..role("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator", "Assigns roles.")
    },
    Role {
        actions: &["Microsoft.ContainerRegistry/registries/pull/read"],
        ..role("7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", "Pulls images.")
    },
    Role {
        actions: &[
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ],
        ..role("8311e382-0749-4cb8-b61a-304f252e45ec", "AcrPush", "Pulls and pushes images.")
    },
    Role {
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
        ],
        ..role("b93aa761-3e63-49ed-ac28-beffa264f7ac", "Container Registry Repository Reader", "Reads repositories.")
    },
    Role {
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/write",
            "Microsoft.ContainerRegistry/registries/repositories/content/write",
        ],
        ..role(
            "2a1e307c-b015-4ebd-883e-5b7698a07328",
            "Container Registry Repository Writer",
            "Reads and writes repositories.",
        )
    },
    Role {
        data_actions: &[
            "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/write",
            "Microsoft.ContainerRegistry/registries/repositories/content/write",
            "Microsoft.ContainerRegistry/registries/repositories/metadata/delete",
            "Microsoft.ContainerRegistry/registries/repositories/content/delete",
        ],
        ..role(
            "2efddaa5-3f1f-4df3-97df-af3f13818f4c",
            "Container Registry Repository Contributor",
            "Reads, writes and deletes repositories.",
        )
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ],
        data_actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
        ..role("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader", "Reads blobs.")
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/write",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ],
        data_actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
        ],
        ..role(
            "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
            "Storage Blob Data Contributor",
            "Reads, writes and deletes blobs.",
        )
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/*",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ],
        data_actions: &["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"],
        ..role(
            "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
            "Storage Blob Data Owner",
            "Everything with blobs, POSIX rights included.",
        )
    },
    Role {
        actions: &["Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"],
        ..role("db58b8e5-c6ad-4a2a-8342-4190687cbf4a", "Storage Blob Delegator", "Gets keys to sign SAS tokens with.")
    },
    Role {
        actions: &[
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Support/*",
        ],
        ..role(
            "17d1049b-9a84-46fb-8f53-869881c3d3ab",
            "Storage Account Contributor",
            "Manages storage accounts, keys included.",
        )
    },
    Role {
        actions: &[
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Storage/storageAccounts/ListAccountSas/action",
            "Microsoft.Storage/storageAccounts/read",
        ],
        ..role(
            "c12c1c16-33a1-487b-954d-41c89c60f349",
            "Reader and Data Access",
            "Reads an account's keys, and so all of its data.",
        )
    },
    Role {
        actions: &[
            "Microsoft.MachineLearningServices/workspaces/*/read",
            "Microsoft.MachineLearningServices/workspaces/*/action",
            "Microsoft.MachineLearningServices/workspaces/*/delete",
            "Microsoft.MachineLearningServices/workspaces/*/write",
        ],
        not_actions: &[
            "Microsoft.MachineLearningServices/workspaces/delete",
            "Microsoft.MachineLearningServices/workspaces/write",
            "Microsoft.MachineLearningServices/workspaces/computes/*/write",
            "Microsoft.MachineLearningServices/workspaces/computes/*/delete",
            "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
            "Microsoft.MachineLearningServices/workspaces/listKeys/action",
            "Microsoft.MachineLearningServices/workspaces/hubs/write",
            "Microsoft.MachineLearningServices/workspaces/hubs/delete",
            "Microsoft.MachineLearningServices/workspaces/featurestores/write",
            "Microsoft.MachineLearningServices/workspaces/featurestores/delete",
        ],
        ..role(
            "f6c7c914-8db3-469d-8ca1-694a8f32e121",
            "AzureML Data Scientist",
            "Works in a workspace, without changing it or its computes.",
        )
    },
    Role {
        actions: &[
            "Microsoft.MachineLearningServices/workspaces/computes/*",
            "Microsoft.MachineLearningServices/workspaces/notebooks/vm/*",
        ],
        ..role("e503ece1-11d0-4e8e-8e2c-7a6c3bf38815", "AzureML Compute Operator", "Manages a workspace's computes.")
    },
    Role {
        usual: true,
        actions: &[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ],
        ..role("f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator", "Reads and assigns identities.")
    },
    Role {
        data_actions: &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
        ..role("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User", "Reads secrets.")
    },
    Role {
        usual: true,
        actions: VAULTS,
        data_actions: &["Microsoft.KeyVault/vaults/secrets/*"],
        ..role(
            "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
            "Key Vault Secrets Officer",
            "Does everything with secrets but give others access.",
        )
    },
    Role {
        usual: true,
        actions: VAULTS,
        data_actions: &["Microsoft.KeyVault/vaults/*"],
        ..role(
            "00482a5a-887f-4fb3-b363-3b7fe8e74483",
            "Key Vault Administrator",
            "Does everything with what is in a vault, but give others access.",
        )
    },
    Role {
        usual: true,
        actions: VAULTS,
        data_actions: &["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
        ..role(
            "21090545-7ca7-4776-b22c-e363652d74d2",
            "Key Vault Reader",
            "Reads what there is about secrets, not the secrets.",
        )
    },
];

const VAULTS: &[&str] = &[
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
];

/// All of them by GUID.
pub(crate) fn built_in() -> Table<Definition> {
    all().map(|role| (role.name.to_owned(), definition(role))).collect()
}

fn all() -> impl Iterator<Item = &'static Role> {
    ROLES.iter().chain(other_data::ROLES)
}

fn definition(role: &Role) -> Definition {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut actions = if role.usual { texts(USUAL) } else { Vec::new() };
    actions.extend(texts(role.actions));
    Definition {
        name: role.name.to_owned(),
        tenant: String::new(),
        role_name: role.title.to_owned(),
        description: role.about.to_owned(),
        is_custom: false,
        scopes: vec!["/".to_owned()],
        permissions: vec![Permission {
            actions,
            not_actions: texts(role.not_actions),
            data_actions: texts(role.data_actions),
            not_data_actions: Vec::new(),
        }],
        created: MADE,
        updated: MADE,
        created_by: None,
        updated_by: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::state::ids::is_guid;

    #[test]
    fn names_and_titles_are_unique() {
        let all = built_in();
        assert_eq!(all.len(), super::all().count());
        assert!(all.keys().all(|name| is_guid(name)));
        let titles: BTreeSet<_> = all.values().map(|role| &role.role_name).collect();
        assert_eq!(titles.len(), all.len());
    }
}
