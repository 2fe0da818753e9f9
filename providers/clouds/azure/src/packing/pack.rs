//! From grants to role assignments: Azure takes one for each scope, role and principal, so that what several grants give
//! on one resource goes into one, with the condition that lets all of it through.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Access, Checked, Intent, IntentId, ObjectId, Reach, TaskAccess};
use foldhash::HashMap;

use crate::config::Config;
use crate::inventory::lookups::resolve::Resolved;
use crate::inventory::lookups::target::Target;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::custom_role;
use crate::policy::condition::Deed;
use crate::policy::condition::{self, Rules};
use crate::resources::built_in_roles;
use crate::resources::kinds::object_store;
use crate::resources::kinds::registry;
use crate::resources::known_roles;
use crate::resources::locator::Locator;
use crate::resources::role_choice::{self, Choice, NamedRole};

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

/// The roles that a grant comes to, on the resources that it reaches.
#[derive(Debug)]
pub(crate) struct Roles(Vec<RoleOn>);

/// A role on a resource.
#[derive(Debug)]
struct RoleOn {
    target: Arc<Target>,
    role: Role,
    narrowed: Narrowed,
}

/// What narrows a role to a part of its resource.
#[derive(Debug, Clone, Copy)]
enum Narrowed {
    /// Nothing: it is on all of it.
    No,
    /// The prefix in its container.
    ToPrefix {
        /// What the role allows.
        deeds: &'static [Deed],
        /// What of that is let through.
        allowed: &'static [Deed],
    },
    /// The repository in its registry, as far as the role can be narrowed to that.
    ToRepository,
}

impl Roles {
    /// What a grant comes to.
    pub(crate) fn of_grant(config: &Config, names: &Names, grant: &TaskAccess, resolved: &Resolved) -> Self {
        let targets = grant.reaches.iter().filter_map(|reach| Some((reach, resolved.target(reach)?)));
        Self(targets.flat_map(|(reach, target)| roles_on(config, names, grant, reach, target, resolved)).collect())
    }
}

/// The assignments that a principal needs for what grants come to, which may be of several scopes. `by_grant` has all of them.
pub(crate) fn assignments(
    grants: &[Arc<Checked<TaskAccess>>],
    by_grant: &BTreeMap<&IntentId, Vec<&Roles>>,
) -> Vec<Assignment> {
    let mut collected = HashMap::default();
    for grant in grants {
        let grant = grant.id();
        for Roles(roles) in by_grant.get(&grant).into_iter().flatten() {
            roles.iter().for_each(|role| add(role, &grant, &mut collected));
        }
    }
    finished(collected)
}

/// The assignment that infrastructure needs to pull from a registry.
pub(crate) fn pull(access: Access, target: &Arc<Target>, because: &IntentId) -> Vec<Assignment> {
    let role = registry::Roles::of(access).and_then(|roles| on_registry(roles, target));
    let mut collected = HashMap::default();
    role.iter().for_each(|role| add(role, because, &mut collected));
    finished(collected)
}

/// What a reach comes to.
fn roles_on(
    config: &Config,
    names: &Names,
    grant: &TaskAccess,
    reach: &Reach,
    target: &Arc<Target>,
    resolved: &Resolved,
) -> Vec<RoleOn> {
    let access = reach.access;
    let on = |role, narrowed| vec![RoleOn { target: target.clone(), role, narrowed }];
    let role: Role = match role_choice::role_for(config, names, grant, reach, &target.locator) {
        Choice::Named(name) => match resolved.role(name, &target.scope.subscription()) {
            Some(NamedRole { id, name }) => Role { id: id.clone().into(), name: name.clone().into(), object: None },
            None => return Vec::new(),
        },
        Choice::Own(own) => {
            let object = Some(custom_role::id(&own.name));
            let role = Role { id: own.id.into(), name: own.name.into(), object };
            let Locator::Objects(_) = &target.locator else { return on(role, Narrowed::No) };
            let level = object_store::on_objects(access);
            return on(role, Narrowed::ToPrefix { deeds: level, allowed: level });
        }
        Choice::ReadyMade(role) => {
            if let Locator::Objects(_) = &target.locator {
                let Some((role, deeds)) = object_store::object_role(access) else { return Vec::new() };
                // A role that gives more than the level does so within the prefix only.
                let allowed = if access == Access::List { object_store::on_objects(access) } else { deeds };
                return on(role.into(), Narrowed::ToPrefix { deeds, allowed });
            }
            role.into()
        }
        Choice::Several(roles) => {
            return roles.iter().flat_map(|role| on((*role).into(), Narrowed::No)).collect();
        }
        Choice::OfRegistry(roles) => return on_registry(roles, target).into_iter().collect(),
        // It was refused offline.
        Choice::Nothing => return Vec::new(),
    };
    let narrowed = match &target.locator {
        // What the level itself would get may be the same role: then the wider of the two counts.
        Locator::Objects(_) => {
            object_store::deeds_of(&role.id).map_or(Narrowed::No, |deeds| Narrowed::ToPrefix { deeds, allowed: deeds })
        }
        Locator::Registry(_) => Narrowed::ToRepository,
        // The whole of it: a prefix with a role that can't be narrowed was refused offline.
        Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_) => Narrowed::No,
    };
    on(role, narrowed)
}

fn on_registry(roles: registry::Roles, target: &Arc<Target>) -> Option<RoleOn> {
    let Locator::Registry(_) = &target.locator else { return None };
    let role = roles.where_abac_is(target.abac).into();
    Some(RoleOn { target: target.clone(), role, narrowed: Narrowed::ToRepository })
}

/// What an assignment of each principal is one of.
type Key<'a> = (&'a ResourceId, &'a Role);

type All<'a> = HashMap<Key<'a>, Collected>;

fn add<'a>(RoleOn { target, role, narrowed }: &'a RoleOn, because: &IntentId, collected: &mut All<'a>) {
    let entry = collected.entry((&target.scope, role)).or_default();
    match (narrowed, &target.locator) {
        (Narrowed::ToPrefix { deeds, allowed }, Locator::Objects(objects)) => {
            entry.deeds = *deeds;
            // A container may be named in two ways, and be read in one of them.
            entry.hierarchical |= target.hierarchical == Some(true);
            allowed.iter().for_each(|deed| entry.rules.allow(*deed, &objects.prefix));
        }
        (Narrowed::ToRepository, Locator::Registry(registry)) => {
            let known = known_roles::known(&role.id);
            entry.by_repository = known.is_some_and(registry::is_of_repositories);
            entry.writes = known == Some(built_in_roles::REPOSITORY_WRITER);
            match &registry.repository {
                Some(repository) => _ = entry.repositories.insert(repository.clone()),
                None => entry.all_repositories = true,
            }
        }
        _ => {}
    }
    remember(entry, because);
}

fn remember(entry: &mut Collected, because: &IntentId) {
    // Grants come one after the other: if it is there already, it is the last.
    if entry.because.last() != Some(because) {
        entry.because.push(because.clone());
    }
}

fn finished(collected: All<'_>) -> Vec<Assignment> {
    let mut collected: Vec<_> = collected.into_iter().collect();
    collected.sort_by_key(|(key, _)| *key);
    let finish = |((scope, role), entry): (Key<'_>, Collected)| {
        let by_repository = entry.by_repository && !entry.all_repositories && !entry.repositories.is_empty();
        let condition = match by_repository {
            true => Some(condition::on_repositories(&entry.repositories, entry.writes)),
            false => entry.rules.condition(entry.deeds, entry.hierarchical),
        };
        Assignment { scope: scope.clone(), role: role.clone(), condition, because: entry.because }
    };
    collected.into_iter().map(finish).collect()
}
