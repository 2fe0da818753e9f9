//! What the identities of a workspace of Azure Machine Learning need, by what it works with.

use cloudgrant_core::Result;

use crate::client::arm::Workspace;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_same};
use crate::resources::workspace_roles::{self, WorkspaceRole};

/// What they need.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// The roles, and where.
    pub(crate) roles: Vec<(ResourceId, WorkspaceRole)>,
    /// The vault, where it looks at access policies and not at roles.
    pub(crate) by_access_policies: Option<ResourceId>,
}

/// What each user-assigned identity of a workspace needs (requirement 82). It costs the list of a subscription's vaults.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn needed(snapshot: &Snapshot, id: &ResourceId, workspace: &Workspace) -> Result<Needs> {
    let vault = workspace.key_vault().and_then(|vault| ResourceId::parse(vault).ok());
    let has_roles = match &vault {
        None => true,
        Some(vault) => match snapshot.vaults(&vault.subscription()).await {
            // Whoever may not see it gives what it would take, which does no harm where the vault doesn't look at it.
            Err(error) if is_final(&error) => true,
            vaults => vaults?.iter().find(|one| is_same(&one.id, vault.as_str())).is_none_or(|one| one.rbac),
        },
    };
    let roles = workspace_roles::needed(id, workspace, has_roles);
    Ok(Needs { roles, by_access_policies: vault.filter(|_| !has_roles) })
}
