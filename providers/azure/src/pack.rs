//! From grants to role assignments: Azure takes one for each scope, role and principal, so that what several grants give
//! on one resource goes into one, with the condition that lets all of it through.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use cloudgrant_core::{Access, Checked, Intent, IntentId, ObjectId, Reach, TaskAccess};
use foldhash::HashMap;

use crate::Azure;
use crate::actions::{self, Deed};
use crate::condition::{self, Rules};
use crate::grant;
use crate::kinds;
use crate::locator::Locator;
use crate::resolve::{Resolved, Target};
use crate::resource_id::ResourceId;

/// A role, as a principal gets it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Role {
    /// The GUID of its definition.
    pub(crate) id: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
    /// The stack's own definition, which has to be there first.
    pub(crate) object: Option<ObjectId>,
}

impl From<actions::Role> for Role {
    fn from(role: actions::Role) -> Self {
        Self { id: role.id.into(), name: role.name.into(), object: None }
    }
}

/// What a principal gets on one resource.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) scope: ResourceId,
    pub(crate) role: Role,
    pub(crate) condition: Option<String>,
    pub(crate) because: Vec<IntentId>,
}

#[derive(Debug, Default)]
struct Collected {
    /// What the role allows, where it can be narrowed to prefixes.
    deeds: &'static [Deed],
    rules: Rules,
    /// Whether the container is in a hierarchical namespace.
    hierarchical: bool,
    /// Empty for all.
    repositories: BTreeSet<String>,
    all_repositories: bool,
    writes: bool,
    abac: bool,
    because: Vec<IntentId>,
}

/// The assignments that a principal needs for grants, which may be of several scopes.
pub(crate) fn assignments(azure: &Azure, grants: &[Arc<Checked<TaskAccess>>], resolved: &Resolved) -> Vec<Assignment> {
    let mut collected = HashMap::default();
    for grant in grants {
        for reach in &grant.reaches {
            if let Some(target) = resolved.target(reach) {
                add(azure, grant, reach, target, resolved, &mut collected);
            }
        }
    }
    finished(collected)
}

/// The assignment that infrastructure needs to pull from a registry.
pub(crate) fn pull(access: Access, target: &Target, because: IntentId) -> Vec<Assignment> {
    let mut collected = HashMap::default();
    on_registry(access, target, because, &mut collected);
    finished(collected)
}

/// What an assignment of each principal is one of.
type Key<'a> = (&'a ResourceId, Role);

type All<'a> = HashMap<Key<'a>, Collected>;

fn add<'a>(
    azure: &Azure,
    grant: &Checked<TaskAccess>,
    reach: &Reach,
    target: &'a Target,
    resolved: &Resolved,
    collected: &mut All<'a>,
) {
    let access = reach.access;
    if let Some(name) = azure.config.role(&reach.resource.name, access) {
        if let Some(role) = resolved.role(name, &target.scope.subscription()) {
            let role = Role { id: role.id.clone().into(), name: role.name.clone().into(), object: None };
            let narrowed = actions::deeds_of(&role.id);
            let entry = collected.entry((&target.scope, role)).or_default();
            // What the level itself would get may be the same role: then the wider of the two counts.
            match (&target.locator, narrowed) {
                (Locator::Objects(objects), Some(deeds)) => {
                    entry.deeds = deeds;
                    entry.hierarchical = target.hierarchical == Some(true);
                    deeds.iter().for_each(|deed| entry.rules.allow(*deed, &objects.prefix));
                }
                (Locator::Registry(_), _) => entry.all_repositories = true,
                _ => {}
            }
            remember(entry, grant.id());
        }
        return;
    }
    match &target.locator {
        Locator::Objects(objects) => {
            let (role, deeds) = match grant::custom_role(azure, grant, reach, &target.locator) {
                Some(custom) => {
                    let object = Some(kinds::role(&custom.name));
                    (Role { id: custom.id.into(), name: custom.name.into(), object }, actions::on_objects(access))
                }
                None => {
                    let (role, deeds) = actions::object_role(access);
                    (role.into(), deeds)
                }
            };
            // A role that gives more than the level does so within the prefix only.
            let allowed = if access == Access::List { actions::on_objects(access) } else { deeds };
            let entry = collected.entry((&target.scope, role)).or_default();
            entry.deeds = deeds;
            entry.hierarchical = target.hierarchical == Some(true);
            allowed.iter().for_each(|deed| entry.rules.allow(*deed, &objects.prefix));
            remember(entry, grant.id());
        }
        Locator::Secret(_) => {
            let entry = collected.entry((&target.scope, actions::SECRETS_USER.into())).or_default();
            remember(entry, grant.id());
        }
        Locator::Registry(_) => on_registry(access, target, grant.id(), collected),
        // Without a role that the manifest names, it was refused offline.
        Locator::Resource(_) => {}
    }
}

fn on_registry<'a>(access: Access, target: &'a Target, because: IntentId, collected: &mut All<'a>) {
    let Locator::Registry(registry) = &target.locator else { return };
    let role = actions::registry_role(access, target.abac);
    let entry = collected.entry((&target.scope, role.into())).or_default();
    entry.abac = target.abac;
    entry.writes |= access == Access::Push;
    match &registry.repository {
        Some(repository) => _ = entry.repositories.insert(repository.clone()),
        None => entry.all_repositories = true,
    }
    remember(entry, because);
}

fn remember(entry: &mut Collected, because: IntentId) {
    // Grants come one after the other: if it is there already, it is the last.
    if entry.because.last() != Some(&because) {
        entry.because.push(because);
    }
}

fn finished(collected: All<'_>) -> Vec<Assignment> {
    let mut collected: Vec<_> = collected.into_iter().collect();
    collected.sort_by(|(key, _), (other, _)| key.cmp(other));
    let finish = |((scope, role), entry): (Key<'_>, Collected)| {
        let by_repository = entry.abac && !entry.all_repositories && !entry.repositories.is_empty();
        let condition = match by_repository {
            true => Some(condition::on_repositories(&entry.repositories, entry.writes)),
            false => entry.rules.condition(entry.deeds, entry.hierarchical),
        };
        Assignment { scope: scope.clone(), role, condition, because: entry.because }
    };
    collected.into_iter().map(finish).collect()
}
