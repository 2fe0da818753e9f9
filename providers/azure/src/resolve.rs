//! From locators to the resources that they name, and what has to be known of these.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Diagnostic, Error, ErrorKind, Reach, Result};
use foldhash::HashMap;
use futures_util::future::try_join_all;

use crate::Azure;
use crate::actions;
use crate::locator::{Locator, Place, is_guid};
use crate::resource_id::ResourceId;
use crate::snapshot::Snapshot;

/// What locators and names of roles turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    scopes: HashMap<String, Target>,
    roles: BTreeMap<String, NamedRole>,
}

/// A resource.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) locator: Locator,
    /// The narrowest scope that holds it.
    pub(crate) scope: ResourceId,
    /// Whether it is a registry with repository permissions.
    pub(crate) abac: bool,
    /// Whether it is a registry whose admin user is enabled.
    pub(crate) admin_user: bool,
}

/// A role that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRole {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Resolved {
    pub(crate) fn target(&self, reach: &Reach) -> Option<&Target> {
        self.scopes.get(&reach.resource.locator)
    }

    pub(crate) fn role(&self, name: &str) -> Option<&NamedRole> {
        self.roles.get(name)
    }
}

/// Looks up everything that these reach, and tells of all that can't be found in one go.
pub(crate) async fn resolve<'a>(azure: &Azure, reaches: impl IntoIterator<Item = &'a Reach>) -> Result<Resolved> {
    let mut locators: BTreeMap<&str, Locator> = BTreeMap::new();
    let mut roles: BTreeSet<&str> = BTreeSet::new();
    for reach in reaches {
        let locator = &reach.resource.locator;
        if !locators.contains_key(locator.as_str())
            && let Ok(parsed) = Locator::parse(locator)
        {
            locators.insert(locator, parsed);
        }
        roles.extend(azure.config.role(&reach.resource.name, reach.access));
    }
    let snapshot = azure.snapshot().await;
    let subscriptions: BTreeSet<_> = locators.values().filter_map(Locator::id).map(ResourceId::subscription).collect();
    try_join_all(subscriptions.iter().map(|subscription| same_tenant(azure, subscription))).await?;
    let found = try_join_all(locators.values().map(|locator| target(azure, &snapshot, locator)));
    let named = try_join_all(roles.iter().map(|name| named_role(&snapshot, name)));
    let (found, named) = tokio::try_join!(found, named)?;
    let mut problems = Vec::new();
    let mut resolved = Resolved::default();
    for ((text, _), target) in locators.iter().zip(found) {
        match target {
            Ok(target) => _ = resolved.scopes.insert((*text).to_owned(), target),
            Err(problem) => problems.push(problem),
        }
    }
    for (name, role) in roles.iter().zip(named) {
        match role {
            Ok(role) => _ = resolved.roles.insert((*name).to_owned(), role),
            Err(problem) => problems.push(problem),
        }
    }
    // Several resources may be in the same account.
    problems.sort_by(|a: &Diagnostic, b| a.message.cmp(&b.message));
    problems.dedup();
    match problems.as_slice() {
        [] => Ok(resolved),
        [one] => Err(Error::new(ErrorKind::NotFound, one.message.clone()).hint(one.hint.clone().unwrap_or_default())),
        many => {
            let message = format!("{} things that the manifest names can't be used", many.len());
            Err(Error::new(ErrorKind::NotFound, message).diagnostics(problems))
        }
    }
}

/// Requirements 6 and 93: an identity works in its own tenant only.
pub(crate) async fn same_tenant(azure: &Azure, subscription: &str) -> Result<()> {
    let home = &azure.config.tenant;
    if subscription == azure.config.subscription.as_str() {
        return Ok(());
    }
    let hint = "a managed identity works in its own tenant only: copy the data there, or run that task elsewhere";
    let elsewhere = |tenant: &str| {
        let message = format!("subscription {subscription} belongs to {tenant}, the data plane to tenant {home}");
        Error::new(ErrorKind::WrongAccount, message).hint(hint)
    };
    match azure.tenants.get_or_read(&azure.arm, subscription).await {
        Ok(tenant) if tenant.eq_ignore_ascii_case(home.as_str()) => Ok(()),
        Ok(tenant) => Err(elsewhere(&format!("tenant {tenant}"))),
        // Azure doesn't even answer those who come from another tenant.
        Err(error) if error.kind() == ErrorKind::WrongAccount => Err(elsewhere("another tenant").source(error)),
        Err(error) => Err(error),
    }
}

async fn target(azure: &Azure, snapshot: &Snapshot, locator: &Locator) -> Result<Result<Target, Diagnostic>> {
    let here = azure.config.subscription.as_str();
    let subscription = locator.id().map_or_else(|| here.to_owned(), ResourceId::subscription);
    let plain = |scope| Target { locator: locator.clone(), scope, abac: false, admin_user: false };
    Ok(match locator {
        Locator::Resource(id) => Ok(plain(id.clone())),
        Locator::Objects(objects) => {
            let account = match &objects.account {
                Place::At(id) => Ok(id.clone()),
                Place::Named(name) => {
                    let accounts = snapshot.storage(&subscription).await?;
                    let found = accounts.iter().find(|account| account.name.eq_ignore_ascii_case(name));
                    found.map_or_else(|| Err(absent("storage account", name, here)), |account| parsed(&account.id))
                }
            };
            account.map(|id| plain(id.child(&format!("blobServices/default/containers/{}", objects.container))))
        }
        Locator::Secret(secret) => {
            let vaults = snapshot.vaults(&subscription).await?;
            match vaults.iter().find(|vault| is(&secret.vault, &vault.id, &vault.name)) {
                None => Err(absent("key vault", secret.vault.name(), here)),
                // Roles mean nothing to a vault that looks at its access policies.
                Some(vault) if !vault.rbac => Err(Diagnostic::new(
                    "",
                    format!("the key vault {} looks at access policies, not at roles", vault.name),
                )
                .hint(format!(
                    "let it look at roles (`az keyvault update --name {} --enable-rbac-authorization true`), after \
                     giving roles to whoever has an access policy now",
                    vault.name
                ))),
                Some(vault) => parsed(&vault.id).map(|id| plain(id.child(&format!("secrets/{}", secret.name)))),
            }
        }
        Locator::Registry(registry) => {
            let registries = snapshot.registries(&subscription).await?;
            let found = registries.iter().find(|found| {
                let server = found.login_server.split('.').next().unwrap_or_default();
                is(&registry.registry, &found.id, &found.name) || is(&registry.registry, &found.id, server)
            });
            match found {
                None => Err(absent("container registry", registry.registry.name(), here)),
                Some(found) => parsed(&found.id).map(|scope| Target {
                    locator: locator.clone(),
                    scope,
                    abac: found.abac,
                    admin_user: found.admin_user,
                }),
            }
        }
    })
}

fn is(place: &Place, id: &str, name: &str) -> bool {
    match place {
        Place::Named(wanted) => wanted.eq_ignore_ascii_case(name),
        Place::At(wanted) => wanted.as_str().eq_ignore_ascii_case(id),
    }
}

fn parsed(id: &str) -> Result<ResourceId, Diagnostic> {
    ResourceId::parse(id).map_err(|why| Diagnostic::new("", format!("Azure names a resource `{id}`: {why}")))
}

fn absent(what: &str, name: &str, subscription: &str) -> Diagnostic {
    Diagnostic::new("", format!("there is no {what} `{name}` in subscription {subscription}, or the caller can't see it"))
        .hint("for one in another subscription of the tenant, write its resource ID (`az resource list --name NAME --query [].id`)")
}

async fn named_role(snapshot: &Snapshot, name: &str) -> Result<Result<NamedRole, Diagnostic>> {
    if let Some(role) = actions::known(name) {
        return Ok(Ok(NamedRole { id: role.id.to_owned(), name: role.name.to_owned() }));
    }
    if is_guid(name) {
        // Its name and what it allows have to be looked up: not every role is fit for task code.
        let custom = snapshot.custom_roles().await?;
        let found = custom.iter().find(|role| role.name.eq_ignore_ascii_case(name)).map(checked);
        return Ok(found.unwrap_or_else(|| {
            Err(Diagnostic::new("", format!("there is no custom role with the id {name}"))
                .hint("name a ready-made role by its name, such as `Storage Blob Data Reader`"))
        }));
    }
    let roles = snapshot.roles_named(name).await?;
    Ok(match roles.as_slice() {
        [role] => checked(role),
        [] => Err(Diagnostic::new("", format!("there is no role `{name}`"))
            .hint("look it up: `az role definition list --query [].roleName`")),
        many => Err(Diagnostic::new("", format!("{} roles are called `{name}`", many.len()))
            .hint("name the one that is meant by its id (`az role definition list --name NAME --query [].name`)")),
    })
}

/// Requirement 71, for roles whose name says nothing.
fn checked(role: &crate::arm::RoleDefinition) -> Result<NamedRole, Diagnostic> {
    if actions::is_too_much(&role.actions, &role.not_actions) {
        return Err(Diagnostic::new(
            "",
            format!("the role `{}` lets its holder do anything, or assign roles", role.role_name),
        )
        .hint("name a role that gives what the tasks need, and no more"));
    }
    Ok(NamedRole { id: role.name.clone(), name: role.role_name.clone() })
}
