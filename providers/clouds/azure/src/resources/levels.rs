//! The table from (resource kind, level) to the role, or to the exact actions of a custom one.
//!
//! Source: Azure documentation, "Azure built-in roles" and "Azure permissions for Storage"; requirements 67 to 69.

use cloudgrant_core::{Access, Capabilities, Inexact, Resource, ResourceKind, ScopeKind};

pub(crate) use crate::resources::built_in_roles::{
    ACR_PULL, ACR_PUSH, ASSIGN, BLOB_CONTRIBUTOR, BLOB_READER, Gives, RBAC_ADMINISTRATOR, REPOSITORY_READER,
    REPOSITORY_WRITER, Role, SECRETS_USER, Verdict, known,
};
use crate::resources::locator::Locator;
use crate::resources::role_choice::needs_own;

/// What this provider can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::none()
    .scopes(
        &[ScopeKind::Global, ScopeKind::Domain],
        "a data plane on Azure binds its identities per domain, not per project",
    )
    .task_access(&[
        (ResourceKind::ObjectStore, &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage]),
        (ResourceKind::Secret, &[Access::Read]),
        (ResourceKind::Registry, &[Access::Pull, Access::Push]),
        (ResourceKind::Other, &[Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage]),
    ])
    .registry(&[Access::Pull])
    .inexact(&INEXACT)
    .exact_where(is_exact);

/// With a prefix, what writes is a custom role of the level's data actions and nothing else. A ready-made role's
/// management actions (deleting the container, keys that sign for others) have no condition: they reach past the prefix.
fn is_exact(resource: &Resource, access: Access) -> bool {
    matches!(Locator::parse(&resource.locator), Ok(Locator::Objects(it)) if needs_own(false, access, &it.prefix))
}

/// Whether no ready-made role gives a level on objects and nothing besides.
pub(crate) fn needs_custom_role(access: Access) -> bool {
    match access {
        Access::Write | Access::ReadWrite | Access::Manage => true,
        Access::List | Access::Read | Access::Pull | Access::Push => false,
    }
}

const INEXACT: [Inexact; 5] = [
    inexact(
        ResourceKind::ObjectStore,
        Access::Write,
        "lists, reads and deletes objects, and deletes the container, unless a prefix is named",
        true,
    ),
    inexact(
        ResourceKind::ObjectStore,
        Access::ReadWrite,
        "deletes objects and the container, unless a prefix is named",
        true,
    ),
    inexact(ResourceKind::ObjectStore, Access::Manage, "deletes the container itself, unless a prefix is named", true),
    inexact(ResourceKind::Registry, Access::Pull, WHOLE_REGISTRY, false),
    inexact(ResourceKind::Registry, Access::Push, WHOLE_REGISTRY, false),
];

const WHOLE_REGISTRY: &str = "reaches every repository of the registry, unless it has repository permissions (ABAC)";

const fn inexact(kind: ResourceKind, access: Access, gains: &'static str, precisely: bool) -> Inexact {
    Inexact { kind, access, gains, loses: "", precisely }
}

/// Whether an action fits a pattern of a role definition: `*` stands for any text, and case doesn't count, as in the protected list.
pub(crate) use cloudgrant_core::matches;

const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/// What can be done to objects, as conditions tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
    Read,
    List,
    Write,
    Delete,
}

impl Deed {
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::List, Self::Write, Self::Delete];

    /// What it is called where a sentence goes on.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }

    /// The data actions for it. Listing is a way of reading. Source: Azure documentation, "Actions and attributes for
    /// Azure role assignment conditions for Azure Blob Storage".
    pub(crate) fn data_actions(self) -> Vec<String> {
        let of = |names: &[&str]| names.iter().map(|name| format!("{BLOBS}/{name}")).collect();
        match self {
            Self::Read | Self::List => of(&["read"]),
            Self::Write => of(&["write", "add/action"]),
            Self::Delete => of(&["delete", "move/action"]),
        }
    }
}

/// What a level means on objects.
pub(crate) fn on_objects(access: Access) -> &'static [Deed] {
    match access {
        Access::List => &[Deed::List],
        Access::Read => &[Deed::Read, Deed::List],
        Access::Write => &[Deed::Write],
        Access::ReadWrite => &[Deed::Read, Deed::List, Deed::Write],
        Access::Manage => &Deed::ALL,
        Access::Pull | Access::Push => &[],
    }
}

/// The ready-made role that comes nearest to a level on objects, and what it allows.
pub(crate) fn object_role(access: Access) -> (Role, &'static [Deed]) {
    match access {
        // A container has no images: nothing of it is more than reading.
        Access::List | Access::Read | Access::Pull | Access::Push => (BLOB_READER, &[Deed::Read, Deed::List]),
        Access::Write | Access::ReadWrite | Access::Manage => (BLOB_CONTRIBUTOR, &Deed::ALL),
    }
}

/// What a ready-made role allows on objects, where a condition can narrow all of that to a prefix. Storage Blob Data Owner
/// isn't one of these: on a hierarchical namespace it may do everything (`runAsSuperUser`).
pub(crate) fn deeds_of(role_id: &str) -> Option<&'static [Deed]> {
    [Access::Read, Access::Manage]
        .into_iter()
        .map(object_role)
        .find(|(role, _)| role.id == role_id)
        .map(|(_, deeds)| deeds)
}

/// The role for a level on a registry, which depends on how the registry looks at its roles. Source: Azure
/// documentation, "Azure Container Registry Microsoft Entra permissions and role assignments".
pub(crate) fn registry_role(access: Access, abac: bool) -> Role {
    match (access, abac) {
        (Access::Push, true) => REPOSITORY_WRITER,
        (Access::Push, false) => ACR_PUSH,
        // A registry has two levels: what isn't pushing is pulling at most.
        (Access::Pull | Access::List | Access::Read | Access::Write | Access::ReadWrite | Access::Manage, true) => {
            REPOSITORY_READER
        }
        (Access::Pull | Access::List | Access::Read | Access::Write | Access::ReadWrite | Access::Manage, false) => {
            ACR_PULL
        }
    }
}

/// Whether a role is for the repositories of a registry, so that a condition can narrow it to one. Source: as above.
pub(crate) fn is_of_repositories(role: Role) -> bool {
    [REPOSITORY_READER, REPOSITORY_WRITER].contains(&role)
}

#[cfg(test)]
mod tests {
    use super::*;

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
