//! From one locator to the resource that it names, and what has to be known of that.

use std::collections::BTreeSet;

use cloudgrant_core::{Diagnostic, ErrorKind, Result};

use crate::client::arm::{Mode, StorageAccount, Vault};
use crate::client::remedies;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::absence::{
    self, Absence, REGISTRIES, STORAGE, VAULTS, absent, absent_vault, had_repositories, no_account, no_registry,
};
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::{ResourceId, is_same};
use crate::policy::condition;
use crate::resources::kinds::child_kind::{Child, Holder};
use crate::resources::kinds::object_store::Objects;
use crate::resources::locator::Locator;
use crate::resources::place::Place;

/// A resource.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) locator: Locator,
    /// The narrowest scope that holds it.
    pub(crate) scope: ResourceId,
    /// Whether it is in a storage account with a hierarchical namespace (Data Lake Storage). None where it couldn't be
    /// read, and mattered: for a prefix.
    pub(crate) hierarchical: Option<bool>,
    /// Whether it is a registry with repository permissions.
    pub(crate) abac: bool,
    /// Whether it is a registry whose admin user is enabled.
    pub(crate) admin_user: bool,
    /// Whether it is in a resource that answers some networks only, as far as that was read.
    pub(crate) closed: bool,
}

/// What a locator names. `unusable` are the subscriptions in which nothing can be looked up.
///
/// # Errors
/// Azure doesn't answer; inside of that, what it answers can't be read.
pub(super) async fn target(
    inventory: &Inventory,
    snapshot: &Snapshot,
    locator: &Locator,
    unusable: &BTreeSet<&str>,
) -> Result<Result<Target, Diagnostic>> {
    let here = inventory.config.subscription.as_str();
    let subscription = locator.id().map_or_else(|| here.to_owned(), ResourceId::subscription);
    let plain = |scope| Target {
        locator: locator.clone(),
        scope,
        hierarchical: None,
        abac: false,
        admin_user: false,
        closed: false,
    };
    if unusable.contains(subscription.as_str())
        && let Some(id) = locator.id()
    {
        return Ok(Ok(plain(match locator {
            Locator::Objects(objects) => container(id, objects),
            Locator::Secret(secret) => id.child(&format!("secrets/{}", secret.name)),
            Locator::Child(child) => child.within(id),
            Locator::Registry(_) | Locator::Resource(_) => id.clone(),
        })));
    }
    Ok(match locator {
        Locator::Resource(id) => Ok(plain(id.clone())),
        Locator::Child(child) => {
            let held = holder(inventory, snapshot, child, &subscription).await?;
            held.map(|(id, closed)| Target { closed, ..plain(child.within(&id)) })
        }
        Locator::Objects(objects) => {
            let (id, hierarchical, closed) = match &objects.account {
                Place::At(id) => {
                    let (hierarchical, closed) = account(inventory, snapshot, id, objects).await?;
                    (Ok(id.clone()), hierarchical, closed)
                }
                Place::Named(host) => {
                    let accounts = snapshot.storage(&subscription).await?;
                    match accounts.iter().find(|account| account.answers_at(host)) {
                        Some(account) => (parsed(&account.id), Some(account.hierarchical), account.closed),
                        None => {
                            let absence = no_account(&accounts, host, here);
                            let id = absence.at(inventory, snapshot, STORAGE, &objects.account, here).await?;
                            let hierarchical = was_hierarchical(inventory, snapshot, &id, objects).await?;
                            (Ok(id), hierarchical, false)
                        }
                    }
                }
            };
            id.map(|id| Target { hierarchical, closed, ..plain(container(&id, objects)) })
        }
        Locator::Secret(secret) => {
            let vaults = snapshot.vaults(&subscription).await?;
            match vaults.iter().find(|vault| is(&secret.vault, &vault.id, &vault.name)) {
                None => {
                    let absence = Absence::Gone(absent_vault(secret.vault.name(), &subscription));
                    let id = absence.at(inventory, snapshot, VAULTS, &secret.vault, &subscription).await?;
                    Ok(plain(id.child(&format!("secrets/{}", secret.name))))
                }
                Some(vault) => parsed(&vault.id).map(|id| {
                    if let Some(why) = unfit(inventory, vault) {
                        snapshot.unusable().assign(id.as_str(), Unusable::unfit(why));
                    }
                    Target { closed: vault.closed, ..plain(id.child(&format!("secrets/{}", secret.name))) }
                }),
            }
        }
        Locator::Registry(registry) => {
            let registries = snapshot.registries(&subscription).await?;
            let found = registries.iter().find(|found| match &registry.registry {
                Place::Named(host) => found.login_server.eq_ignore_ascii_case(&host.text),
                Place::At(id) => names(&found.id, id),
            });
            match (found, &registry.registry) {
                (Some(found), _) => match parsed(&found.id) {
                    Ok(scope) => {
                        let abac = match &found.mode {
                            Mode::Registry => false,
                            Mode::Repositories => true,
                            Mode::Other(mode) => {
                                let why = unknown_mode(&found.name, mode);
                                snapshot.unusable().assign(scope.as_str(), Unusable::unfit(why));
                                had_repositories(inventory, snapshot, &scope).await?
                            }
                        };
                        Ok(Target { abac, admin_user: found.admin_user, closed: found.closed, ..plain(scope) })
                    }
                    Err(problem) => Err(problem),
                },
                (None, place) => {
                    let absence = match place {
                        Place::Named(host) => no_registry(&registries, host, here),
                        Place::At(id) => Absence::Gone(absent("container registry", id.name(), &subscription)),
                    };
                    let id = absence.at(inventory, snapshot, REGISTRIES, place, &subscription).await?;
                    let abac = had_repositories(inventory, snapshot, &id).await?;
                    Ok(Target { abac, ..plain(id) })
                }
            }
        }
    })
}

/// The account, the vault or the namespace that holds something, and whether it answers some networks only.
async fn holder(
    inventory: &Inventory,
    snapshot: &Snapshot,
    child: &Child,
    subscription: &str,
) -> Result<Result<(ResourceId, bool), Diagnostic>> {
    let kind = child.kind.holder;
    let absence = match kind {
        Holder::StorageAccount => {
            let accounts = snapshot.storage(subscription).await?;
            let is_it = |account: &&StorageAccount| match &child.holder {
                Place::Named(host) => account.answers_at(host),
                Place::At(id) => names(&account.id, id),
            };
            if let Some(account) = accounts.iter().find(is_it) {
                return Ok(parsed(&account.id).map(|id| (id, account.closed)));
            }
            match &child.holder {
                Place::Named(host) => no_account(&accounts, host, subscription),
                Place::At(id) => Absence::Gone(absent(kind.noun(), id.name(), subscription)),
            }
        }
        Holder::Vault => {
            let vaults = snapshot.vaults(subscription).await?;
            if let Some(vault) = vaults.iter().find(|vault| is(&child.holder, &vault.id, &vault.name)) {
                return Ok(parsed(&vault.id).map(|id| {
                    if let Some(why) = unfit(inventory, vault) {
                        snapshot.unusable().assign(id.as_str(), Unusable::unfit(why));
                    }
                    (id, vault.closed)
                }));
            }
            Absence::Gone(absent_vault(child.holder.name(), subscription))
        }
        // An ID is all that it takes. The host may also be that of an Event Hubs namespace, in which no queue is.
        Holder::Namespace => match &child.holder {
            Place::At(id) => return Ok(Ok((id.clone(), false))),
            Place::Named(host) => {
                let namespaces = snapshot.namespaces(subscription).await?;
                if let Some(one) = namespaces.iter().find(|one| one.name.eq_ignore_ascii_case(&host.name)) {
                    return Ok(parsed(&one.id).map(|id| (id, one.closed)));
                }
                Absence::Gone(absent(kind.noun(), &host.name, subscription))
            }
        },
    };
    Ok(Ok((absence.at(inventory, snapshot, kind.resource_type(), &child.holder, subscription).await?, false)))
}

fn is(place: &Place, id: &str, name: &str) -> bool {
    match place {
        Place::Named(wanted) => wanted.name.eq_ignore_ascii_case(name),
        Place::At(wanted) => names(id, wanted),
    }
}

/// Whether an ID as Azure writes it is this one.
fn names(text: &str, id: &ResourceId) -> bool {
    ResourceId::parse(text).is_ok_and(|parsed| parsed == *id)
}

/// Why roles on a vault give nothing, where they don't.
fn unfit(inventory: &Inventory, vault: &Vault) -> Option<Diagnostic> {
    let tenant = inventory.config.tenant.as_str();
    // Roles mean nothing to a vault that looks at its access policies.
    if !vault.rbac {
        let message = format!("the key vault {} looks at access policies, not at roles", vault.name);
        return Some(Diagnostic::new("", message).hint(format!(
            "let it look at roles (`{}`), after giving roles to whoever has an access policy now",
            remedies::enable_roles(&vault.name)
        )));
    }
    // A subscription that has moved to another tenant takes its vaults along, with the tenant that they trust.
    if vault.tenant_id.is_empty() || vault.tenant_id.eq_ignore_ascii_case(tenant) {
        return None;
    }
    let message = format!(
        "the key vault {} trusts the tenant {}, and no identity of the data plane's tenant {tenant}",
        vault.name, vault.tenant_id
    );
    Some(Diagnostic::new("", message).hint(format!(
        "if its subscription came from another tenant, let the vault trust this one (`{}`), and look at who had access to it \
         before",
        remedies::trust_tenant(&vault.name, tenant)
    )))
}

/// Which roles it honours isn't known: those that are assigned could give nothing, or too much.
fn unknown_mode(registry: &str, mode: &str) -> Diagnostic {
    Diagnostic::new("", format!("the container registry {registry} looks at roles in a way that isn't known here: `{mode}`"))
        .hint("set it to one that is (`az acr update --role-assignment-mode rbac-abac`), or use a newer version of this program")
}

/// Whether the account of an ID has a hierarchical namespace, and whether it answers some networks only. Who may assign roles there
/// but not read the account can go on: with what was known when the role was assigned, which stands in its condition.
async fn account(
    inventory: &Inventory,
    snapshot: &Snapshot,
    id: &ResourceId,
    objects: &Objects,
) -> Result<(Option<bool>, bool)> {
    let subscription = id.subscription();
    let found = match snapshot.storage(&subscription).await {
        Err(error) if error.kind() == ErrorKind::AccessDenied => None,
        accounts => {
            let found = accounts?.iter().find(|account| names(&account.id, id)).cloned();
            if found.is_none() && absence::is_certain(snapshot, id.as_str()).await? {
                snapshot.is_absent(id, absent("storage account", id.name(), &subscription));
            }
            found
        }
    };
    Ok(match found {
        Some(account) => (Some(account.hierarchical), account.closed),
        // It only matters for a prefix.
        None if objects.prefix.is_empty() => (None, false),
        None => (was_hierarchical(inventory, snapshot, id, objects).await?, false),
    })
}

/// What the stack's own conditions on a container say.
async fn was_hierarchical(
    inventory: &Inventory,
    snapshot: &Snapshot,
    id: &ResourceId,
    objects: &Objects,
) -> Result<Option<bool>> {
    let container = container(id, objects);
    let assignments = snapshot.assignments(&id.subscription()).await?;
    let ours = assignments
        .iter()
        .filter(|assignment| is_same(&assignment.scope, container.as_str()) && assignment.is_of(&inventory.names));
    let conditions = ours.filter_map(|assignment| assignment.condition.as_deref());
    let named = conditions.filter(|condition| condition::names_folder(condition, &objects.prefix));
    Ok(named.map(|_| true).next())
}

fn container(account: &ResourceId, objects: &Objects) -> ResourceId {
    account.child(&format!("blobServices/default/containers/{}", objects.container))
}

fn parsed(id: &str) -> Result<ResourceId, Diagnostic> {
    ResourceId::parse(id).map_err(|why| Diagnostic::new("", format!("Azure names a resource `{id}`: {why}")))
}
