//! From locators to the resources that they name, and what has to be known of these.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Access, Diagnostic, Error, ErrorKind, Reach, Result};
use foldhash::HashMap;
use futures_util::future::try_join_all;

use crate::error::is_final;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::named_roles;
use crate::inventory::lookups::target::{Target, target};
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::ResourceId;
use crate::resources::locator::Locator;
use crate::resources::role_choice::NamedRole;

/// What locators and names of roles turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    scopes: HashMap<String, Arc<Target>>,
    /// By name, and the subscription in which it is to be assigned.
    roles: BTreeMap<(String, String), NamedRole>,
}

impl Resolved {
    pub(crate) fn target(&self, reach: &Reach) -> Option<&Arc<Target>> {
        self.scopes.get(reach.resource.locator.as_str())
    }

    /// A role that the manifest names, for a resource of a subscription.
    pub(crate) fn role(&self, name: &str, subscription: &str) -> Option<&NamedRole> {
        self.roles.get(&(name.to_owned(), subscription.to_owned()))
    }
}

/// Looks up everything that these reach, and tells of all that can't be found in one go.
pub(crate) async fn resolve<'a>(
    inventory: &Inventory,
    reaches: impl IntoIterator<Item = &'a Reach>,
) -> Result<Resolved> {
    let mut locators: BTreeMap<&str, &Locator> = BTreeMap::new();
    let mut roles: BTreeSet<(&str, String, Access)> = BTreeSet::new();
    for reach in reaches {
        let locator = Locator::of(reach);
        locators.insert(&reach.resource.locator, locator);
        if let Some(role) = inventory.config.role(&reach.resource.name, reach.access) {
            let home = || inventory.config.subscription.to_string();
            roles.insert((role, locator.id().map_or_else(home, ResourceId::subscription), reach.access));
        }
    }
    let snapshot = inventory.snapshot().await;
    let subscriptions: BTreeSet<_> =
        locators.values().filter_map(|locator| locator.id()).map(ResourceId::subscription).collect();
    let usable =
        try_join_all(subscriptions.iter().map(|subscription| is_usable(inventory, &snapshot, subscription))).await?;
    let unusable: BTreeSet<_> = subscriptions
        .iter()
        .zip(usable)
        .filter(|(_, usable)| !usable)
        .map(|(subscription, _)| subscription.as_str())
        .collect();
    let found = try_join_all(locators.values().map(|locator| target(inventory, &snapshot, locator, &unusable)));
    let names: BTreeSet<_> = roles.iter().map(|(name, ..)| *name).collect();
    let named = roles.iter().map(|(name, subscription, access)| async {
        let wanted = named_roles::Wanted { name, subscription, access: *access, all: &names };
        wanted.found(inventory, &snapshot, !unusable.contains(subscription.as_str())).await
    });
    let named = try_join_all(named);
    let (found, named) = tokio::try_join!(found, named)?;
    let mut problems = Vec::new();
    let mut resolved = Resolved::default();
    for ((text, _), target) in locators.iter().zip(found) {
        match target {
            Ok(target) => _ = resolved.scopes.insert((*text).to_owned(), Arc::new(target)),
            Err(problem) => problems.push(problem),
        }
    }
    for ((name, subscription, _), role) in roles.into_iter().zip(named) {
        match role {
            Ok(role) => _ = resolved.roles.insert((name.to_owned(), subscription), role),
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

/// Whether something can be looked up in a subscription other than the data plane's. Where it can't, nothing new can be made in it,
/// which is for the observation to say.
async fn is_usable(inventory: &Inventory, snapshot: &Snapshot, subscription: &str) -> Result<bool> {
    match inventory.same_tenant(subscription).await {
        Ok(()) => Ok(true),
        Err(error) if is_final(&error) => {
            snapshot.unusable().assign(&format!("/subscriptions/{subscription}"), Unusable::of(&error));
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
