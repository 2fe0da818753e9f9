//! Azure's ready-made roles that are known without asking, and what is decided about each of them: one table.
//!
//! Source: Azure documentation, "Azure built-in roles"; requirements 66 to 71.

pub(crate) use crate::error::ASSIGN;

/// A ready-made role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Role {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) gives: Gives,
}

/// What a ready-made role is for, as patterns of its definition: what a deny assignment may take away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gives {
    /// Management actions.
    Control(&'static [&'static str]),
    /// Data actions.
    Data(&'static [&'static str]),
}

/// Whether task code may have a ready-made role (requirement 71). There is no verdict that a role has where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// It may.
    Fit,
    /// Never, as with this action its holder could do more than its roles say.
    TooMuch(&'static str),
    /// Never, as with this action its holder can assign any role, as far as no condition says otherwise.
    Assigns(&'static str),
    /// Only where listing is needed (requirement 68), as with this action its holder gets the keys of storage accounts.
    Keys(&'static str),
}

pub(crate) const fn role(id: &'static str, name: &'static str, verdict: Verdict, gives: Gives) -> Role {
    Role { id, name, verdict, gives }
}

const READ_BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read";

pub(crate) const BLOB_READER: Role =
    role("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader", Verdict::Fit, Gives::Data(&[READ_BLOBS]));
pub(crate) const BLOB_CONTRIBUTOR: Role = role(
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Contributor",
    Verdict::Fit,
    Gives::Data(&[
        READ_BLOBS,
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action",
    ]),
);
pub(crate) const SECRETS_USER: Role = role(
    "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets User",
    Verdict::Fit,
    Gives::Data(&["Microsoft.KeyVault/vaults/secrets/getSecret/action"]),
);
pub(crate) const ACR_PULL: Role = role(
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPull",
    Verdict::Fit,
    Gives::Control(&["Microsoft.ContainerRegistry/registries/pull/read"]),
);
pub(crate) const ACR_PUSH: Role = role(
    "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrPush",
    Verdict::Fit,
    Gives::Control(&[
        "Microsoft.ContainerRegistry/registries/pull/read",
        "Microsoft.ContainerRegistry/registries/push/write",
    ]),
);
pub(crate) const REPOSITORY_READER: Role = role(
    "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "Container Registry Repository Reader",
    Verdict::Fit,
    Gives::Data(&["Microsoft.ContainerRegistry/registries/repositories/content/read"]),
);
pub(crate) const REPOSITORY_WRITER: Role = role(
    "2a1e307c-b015-4ebd-883e-5b7698a07328",
    "Container Registry Repository Writer",
    Verdict::Fit,
    Gives::Data(&[
        "Microsoft.ContainerRegistry/registries/repositories/content/read",
        "Microsoft.ContainerRegistry/registries/repositories/content/write",
    ]),
);

/// Roles that are known without asking: those of the table, and others that a manifest may name.
pub(super) const KNOWN: [Role; 17] = [
    BLOB_READER,
    BLOB_CONTRIBUTOR,
    SECRETS_USER,
    ACR_PULL,
    ACR_PUSH,
    REPOSITORY_READER,
    REPOSITORY_WRITER,
    role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", Verdict::Fit, Gives::Control(&["*/read"])),
    role(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        Verdict::TooMuch("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/runAsSuperUser/action"),
        Gives::Data(&["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"]),
    ),
    role(
        "c12c1c16-33a1-487b-954d-41c89c60f349",
        "Reader and Data Access",
        Verdict::Keys("Microsoft.Storage/storageAccounts/listKeys/action"),
        Gives::Control(&["Microsoft.Storage/storageAccounts/listKeys/action"]),
    ),
    role(
        "f6c7c914-8db3-469d-8ca1-694a8f32e121",
        "AzureML Data Scientist",
        Verdict::TooMuch("Microsoft.MachineLearningServices/workspaces/datastores/listSecrets/action"),
        Gives::Control(&["Microsoft.MachineLearningServices/workspaces/*/action"]),
    ),
    role(
        "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
        "AzureML Compute Operator",
        Verdict::TooMuch("Microsoft.MachineLearningServices/workspaces/computes/write"),
        Gives::Control(&["Microsoft.MachineLearningServices/workspaces/computes/*"]),
    ),
    role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        Verdict::TooMuch("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"),
        Gives::Control(&["Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"]),
    ),
    role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", Verdict::Assigns("*"), Gives::Control(&["*"])),
    role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", Verdict::TooMuch("*"), Gives::Control(&["*"])),
    role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        Verdict::Assigns(ASSIGN),
        Gives::Control(&[ASSIGN]),
    ),
    RBAC_ADMINISTRATOR,
];

/// The narrowest role that assigns roles.
pub(crate) const RBAC_ADMINISTRATOR: Role = role(
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Role Based Access Control Administrator",
    Verdict::Assigns(ASSIGN),
    Gives::Control(&[ASSIGN]),
);

#[cfg(test)]
mod tests {
    use cloudgrant_core::matches;

    #[test]
    fn patterns_of_role_definitions() {
        for (pattern, action, fits) in [
            ("*", "Microsoft.Storage/x/read", true),
            ("*/read", "Microsoft.Storage/x/read", true),
            ("*/read", "Microsoft.Storage/x/write", false),
            ("Microsoft.Authorization/*/write", "microsoft.authorization/roleAssignments/write", true),
            ("Microsoft.Authorization/*", "Microsoft.Authorization/roleAssignments/write", true),
            ("Microsoft.Authorization/*/read", "Microsoft.Authorization/roleAssignments/write", false),
            ("Microsoft.Storage/read", "Microsoft.Storage/read/more", false),
            ("Microsoft.Storage/*/read", "Microsoft.Storage/read", false),
        ] {
            assert_eq!(matches(pattern, action), fits, "{pattern} {action}");
        }
    }
}
