//! From grants to role assignments: Azure takes one for each scope, role and principal, so that what several grants give
//! on one resource goes into one, with the condition that lets all of it through.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use cloudgrant_core::{Access, Checked, Intent, IntentId, ObjectId, Reach, TaskAccess};
use foldhash::HashMap;

use crate::Azure;
use crate::objects::kinds;
use crate::policy::condition::{self, Rules};
use crate::resources::built_in_roles;
use crate::resources::kinds::object_store::{self, Deed, Objects};
use crate::resources::kinds::registry::{self, Registry, Roles};
use crate::resources::locator::Locator;
use crate::resources::named_roles::NamedRole;
use crate::resources::resolve::{Resolved, Target};
use crate::resources::resource_id::ResourceId;
use crate::resources::role_choice::{self, Choice};

/// A role, as a principal gets it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Role {
    /// The GUID of its definition.
    pub(crate) id: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
    /// The stack's own definition, which has to be there first.
    pub(crate) object: Option<ObjectId>,
}

impl From<built_in_roles::Role> for Role {
    fn from(role: built_in_roles::Role) -> Self {
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
    /// Whether the role is for repositories, so that a condition narrows it; and whether it writes.
    by_repository: bool,
    writes: bool,
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
    if let Some(roles) = Roles::of(access) {
        on_registry(roles, target, because, &mut collected);
    }
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
    let role: Role = match role_choice::role_for(azure, grant, reach, &target.locator) {
        Choice::Named(name) => match resolved.role(name, &target.scope.subscription()) {
            Some(NamedRole { id, name }) => Role { id: id.clone().into(), name: name.clone().into(), object: None },
            None => return,
        },
        Choice::Own(own) => {
            let object = Some(kinds::role(&own.name));
            let role = Role { id: own.id.into(), name: own.name.into(), object };
            let Locator::Objects(objects) = &target.locator else {
                return remember(collected.entry((&target.scope, role)).or_default(), grant.id());
            };
            let level = object_store::on_objects(access);
            return on_objects(role, (level, level), objects, target, grant.id(), collected);
        }
        Choice::ReadyMade(role) => {
            if let Locator::Objects(objects) = &target.locator {
                let Some((role, deeds)) = object_store::object_role(access) else { return };
                // A role that gives more than the level does so within the prefix only.
                let allowed = if access == Access::List { object_store::on_objects(access) } else { deeds };
                return on_objects(role.into(), (deeds, allowed), objects, target, grant.id(), collected);
            }
            role.into()
        }
        Choice::Several(roles) => {
            let each = roles.iter().map(|role| Role::from(*role));
            return each.for_each(|role| {
                remember(collected.entry((&target.scope, role)).or_default(), grant.id());
            });
        }
        Choice::OfRegistry(roles) => return on_registry(roles, target, grant.id(), collected),
        // It was refused offline.
        Choice::Nothing => return,
    };
    match &target.locator {
        // What the level itself would get may be the same role: then the wider of the two counts.
        Locator::Objects(objects) if let Some(deeds) = object_store::deeds_of(&role.id) => {
            on_objects(role, (deeds, deeds), objects, target, grant.id(), collected);
        }
        Locator::Registry(registry) => {
            in_registry(role, registry, target, grant.id(), collected);
        }
        // The whole of it: a prefix with a role that can't be narrowed was refused offline.
        Locator::Objects(_) | Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_) => {
            remember(collected.entry((&target.scope, role)).or_default(), grant.id());
        }
    }
}

/// A role in a container: what it allows, and what of that is let through.
fn on_objects<'a>(
    role: Role,
    (deeds, allowed): (&'static [Deed], &[Deed]),
    objects: &Objects,
    target: &'a Target,
    because: IntentId,
    collected: &mut All<'a>,
) {
    let entry = collected.entry((&target.scope, role)).or_default();
    entry.deeds = deeds;
    // A container may be named in two ways, and be read in one of them.
    entry.hierarchical |= target.hierarchical == Some(true);
    allowed.iter().for_each(|deed| entry.rules.allow(*deed, &objects.prefix));
    remember(entry, because);
}

fn on_registry<'a>(roles: Roles, target: &'a Target, because: IntentId, collected: &mut All<'a>) {
    let Locator::Registry(registry) = &target.locator else { return };
    in_registry(roles.where_abac_is(target.abac).into(), registry, target, because, collected);
}

/// A role on a registry, or for one repository of it as far as the role can be narrowed to that.
fn in_registry<'a>(role: Role, registry: &Registry, target: &'a Target, because: IntentId, collected: &mut All<'a>) {
    let known = built_in_roles::known(&role.id);
    let entry = collected.entry((&target.scope, role)).or_default();
    entry.by_repository = known.is_some_and(registry::is_of_repositories);
    entry.writes = known == Some(built_in_roles::REPOSITORY_WRITER);
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
        let by_repository = entry.by_repository && !entry.all_repositories && !entry.repositories.is_empty();
        let condition = match by_repository {
            true => Some(condition::on_repositories(&entry.repositories, entry.writes)),
            false => entry.rules.condition(entry.deeds, entry.hierarchical),
        };
        Assignment { scope: scope.clone(), role, condition, because: entry.because }
    };
    collected.into_iter().map(finish).collect()
}
