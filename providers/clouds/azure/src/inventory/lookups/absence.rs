//! Resources that the manifest names and that aren't there, or that the caller can't see.

use cloudgrant_core::{Diagnostic, Error, Result};

use crate::client::arm::{Registry, StorageAccount};
use crate::client::host::Host;
use crate::client::remedies;
use crate::error::is_final;
use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::{ResourceId, is_same};
use crate::resources::kinds::child_kind::Holder;
use crate::resources::kinds::registry;
use crate::resources::known_roles;
use crate::resources::place::Place;

pub(super) const STORAGE: &str = "Microsoft.Storage/storageAccounts";
pub(super) const VAULTS: &str = "Microsoft.KeyVault/vaults";
const NAMESPACES: &str = Holder::Namespace.resource_type();
pub(super) const REGISTRIES: &str = "Microsoft.ContainerRegistry/registries";

/// Why nothing answers at a host.
pub(super) enum Absence {
    /// What is called so answers at another one.
    Elsewhere(Diagnostic),
    Gone(Diagnostic),
}

impl Absence {
    /// Where something is taken to have been that doesn't answer at its host: nothing new can be made on it, which is for the
    /// observation to say, and nobody is kept from anything else by that.
    pub(super) async fn at(
        self,
        inventory: &Inventory,
        snapshot: &Snapshot,
        kind: &str,
        place: &Place,
        subscription: &str,
    ) -> Result<ResourceId> {
        let id = former(inventory, snapshot, kind, place, subscription).await?;
        let why = match self {
            Self::Elsewhere(problem) => Unusable::unfit(problem),
            Self::Gone(problem) => Unusable::absent(problem),
        };
        snapshot.unusable().assign(id.as_str(), why);
        Ok(id)
    }
}

/// Where its resource group isn't known, the stack's own assignments on it say it; where there are none, nothing is there, and its
/// name alone matters.
async fn former(
    inventory: &Inventory,
    snapshot: &Snapshot,
    kind: &str,
    place: &Place,
    subscription: &str,
) -> Result<ResourceId> {
    Ok(match place {
        Place::At(id) => id.clone(),
        Place::Named(host) => {
            // A registry's host may go on with a label after its name.
            let name = host.name.split('-').next().filter(|_| kind == REGISTRIES).unwrap_or(&host.name);
            let path = format!("/providers/{kind}/{name}");
            let assignments = snapshot.assignments(subscription).await?;
            let of_ours = assignments.iter().filter(|assignment| assignment.is_of(&inventory.names));
            let mut former = of_ours.filter_map(|assignment| {
                let at = assignment.scope.to_ascii_lowercase().find(&path.to_ascii_lowercase())? + path.len();
                let (id, rest) = assignment.scope.split_at_checked(at)?;
                ResourceId::parse(id).ok().filter(|_| rest.is_empty() || rest.starts_with('/'))
            });
            former.next().unwrap_or_else(|| inventory.names.group().child(path.trim_start_matches('/')))
        }
    })
}

/// Whether the stack assigned roles of repositories on a registry.
pub(super) async fn had_repositories(inventory: &Inventory, snapshot: &Snapshot, id: &ResourceId) -> Result<bool> {
    let assignments = snapshot.assignments(&id.subscription()).await?;
    let mut ours = assignments
        .iter()
        .filter(|assignment| is_same(&assignment.scope, id.as_str()) && assignment.is_of(&inventory.names));
    Ok(ours.any(|assignment| known_roles::known(&assignment.role()).is_some_and(registry::is_of_repositories)))
}

/// A host that is nobody's that the caller sees. An account of its name elsewhere is told, and not taken instead: the host
/// may be somebody else's.
pub(super) fn no_account(accounts: &[StorageAccount], host: &Host, subscription: &str) -> Absence {
    let named = accounts.iter().find(|account| account.name.eq_ignore_ascii_case(&host.name));
    match named.and_then(|account| account.hosts.first()) {
        Some(own) => Absence::Elsewhere(elsewhere("storage account", &host.name, &host.text, own)),
        None => Absence::Gone(absent("storage account", &host.name, subscription)),
    }
}

/// The same for registries, whose hosts may have a domain name label after the name: `NAME-LABEL.azurecr.io`.
pub(super) fn no_registry(registries: &[Registry], host: &Host, subscription: &str) -> Absence {
    let name = host.name.split('-').next().unwrap_or_default();
    match registries.iter().find(|registry| registry.name.eq_ignore_ascii_case(name)) {
        Some(registry) if !registry.login_server.is_empty() => {
            Absence::Elsewhere(elsewhere("container registry", &registry.name, &host.text, &registry.login_server))
        }
        _ => Absence::Gone(absent("container registry", &host.name, subscription)),
    }
}

fn elsewhere(what: &str, name: &str, host: &str, own: &str) -> Diagnostic {
    Diagnostic::new("", format!("the {what} `{name}` isn't at {host}: its host is {own}"))
        .hint(format!("write {own} if that one is meant; {host} may be somebody else's"))
}

/// Whether Azure itself knows nothing of a resource: who can't see one may still ask what they may do with it. It costs a request.
pub(crate) async fn is_certain(snapshot: &Snapshot, resource: &str) -> Result<bool> {
    match snapshot.permissions(resource).await {
        Err(error) if is_told_by(&error) => Ok(true),
        Err(error) if !is_final(&error) => Err(error),
        _ => Ok(false),
    }
}

/// Whether an answer says that a resource isn't there. That a subscription isn't says no more than that the caller can't see it.
pub(crate) fn is_told_by(error: &Error) -> bool {
    matches!(error.cloud_code(), "ResourceNotFound" | "ResourceGroupNotFound" | "ParentResourceNotFound" | "NotFound")
}

/// The resource that holds a scope, or that is it, and what to say where Azure knows nothing of it.
pub(crate) fn of_scope(scope: &ResourceId) -> Option<(ResourceId, Diagnostic)> {
    let outermost = scope.outermost()?;
    let (kind, _) = outermost.typed()?;
    let (name, subscription) = (outermost.name(), outermost.subscription());
    let is = |other: &str| is_same(&kind, other);
    let why = match () {
        () if is(VAULTS) => absent_vault(name, &subscription),
        () if is(STORAGE) => absent("storage account", name, &subscription),
        () if is(REGISTRIES) => absent("container registry", name, &subscription),
        () if is(NAMESPACES) => absent(Holder::Namespace.noun(), name, &subscription),
        () => absent(&format!("resource of the type {kind}"), name, &subscription),
    };
    Some((outermost, why))
}

/// A vault that was deleted keeps its name for its retention, and is in no list. Source: Azure Key Vault, "Azure Key Vault
/// recovery management with soft delete and purge protection".
pub(super) fn absent_vault(name: &str, subscription: &str) -> Diagnostic {
    let absent = absent("key vault", name, subscription);
    let hint = absent.hint.clone().unwrap_or_default();
    absent.hint(format!("{hint}; one that was deleted comes back with `{}`", remedies::recover_vault(name)))
}

pub(super) fn absent(what: &str, name: &str, subscription: &str) -> Diagnostic {
    Diagnostic::new("", format!("there is no {what} `{name}` in subscription {subscription}, or the caller can't see it"))
        .hint("for one in another subscription of the tenant, write its resource ID (`az resource list --name NAME --query [].id`)")
}
