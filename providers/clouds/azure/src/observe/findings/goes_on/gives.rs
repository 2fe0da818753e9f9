//! Whether a role assignment of somebody else's gives some of what is revoked.
//!
//! Source: Azure documentation, "Understand scope for Azure RBAC" (roles hold below their scope), "Understand Azure role definitions"
//! (what a role allows) and "Prevent Shared Key authorization for an Azure Storage account" (an account's keys open all of it).

use std::collections::{BTreeMap, BTreeSet};

use crate::client::arm::{Permission, RoleAssignment};
use crate::client::host::Service;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, folded, is_within};
use crate::observe::findings::goes_on::foreign::Foreign;
use crate::observe::findings::goes_on::one::One;
use crate::observe::looking::Looking;
use crate::observe::scopes::{Lies, lies};
use crate::policy::condition::Deed;
use crate::policy::condition::{Extent, Says};
use crate::resources::built_in_roles::{ASSIGN, Gives as Patterns};
use crate::resources::kinds::child_kind::Holder;
use crate::resources::known_roles::known;
use crate::resources::locator::{Locator, is_guid};
use crate::resources::overlap::{Action, allows_some};
use crate::resources::place::Place;

/// With this, its holder gets the keys of a storage account.
const KEYS: &str = "Microsoft.Storage/storageAccounts/listKeys/action";

const DEFINITIONS: &str = "/providers/microsoft.authorization/roledefinitions/";

/// In which way something is given all the same: the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gives {
    unless: Option<Unknown>,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// By the same role on the same resource.
    Same,
    /// By another role, or on another scope.
    Actions,
    /// By the keys of the storage account.
    Keys,
    /// By the right to assign roles.
    Assigns,
}

/// What nobody here can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unknown {
    Condition,
    Role,
    Place,
}

impl Gives {
    /// What is said behind the scope.
    pub(super) fn told(self, resource: &str) -> String {
        let how = match self.how {
            How::Same => String::new(),
            How::Actions => format!(", which gives what is revoked on `{resource}`, or some of it"),
            How::Keys => format!(", which opens `{resource}` with the keys of its storage account"),
            How::Assigns => format!(", with which it can give itself what is revoked on `{resource}`"),
        };
        let unless = match self.unless {
            None => "",
            Some(Unknown::Condition) => " (as far as its condition lets it, which this stack did not write)",
            Some(Unknown::Role) => " (as far as is known: the role's definition can't be read)",
            Some(Unknown::Place) => " (if that is in there, which can't be looked up)",
        };
        how + unless
    }
}

/// Where a resource is.
#[derive(Debug, Clone)]
enum Where {
    At(ResourceId),
    /// It isn't there any more, and nobody reaches it.
    Gone,
    /// Nobody here may look.
    Untold,
}

/// What is read to answer that. Nothing of it is in anybody's way who takes access away: what can't be read, can't be told.
pub(super) struct Reading<'a> {
    looking: Looking<'a>,
    snapshot: &'a Snapshot,
    searched: &'a BTreeSet<String>,
    places: BTreeMap<Locator, Where>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(looking: Looking<'a>, snapshot: &'a Snapshot, searched: &'a BTreeSet<String>) -> Self {
        Self { looking, snapshot, searched, places: BTreeMap::new() }
    }

    /// Whether an assignment gives some of what a grant gave, and how.
    pub(super) async fn gives(&mut self, one: &One, other: &Foreign) -> Option<Gives> {
        let assignment = &other.assignment;
        if !one.principal.eq_ignore_ascii_case(&assignment.principal_id) {
            return None;
        }
        let is_role =
            |known: &String| known.eq_ignore_ascii_case(&other.role) || known.eq_ignore_ascii_case(&other.name);
        let is_same = one.roles.iter().any(is_role);
        if is_same && is_at(&assignment.scope, &one.locator) {
            let unless = self.condition(one, assignment, None)?;
            return Some(Gives { unless, how: How::Same });
        }
        let place = self.place(&one.locator).await;
        let lies = self.lies(assignment, one, &place).await?;
        let unless_there = (!lies.is_certain).then_some(Unknown::Place);
        let Some(sets) = self.definition(assignment).await else {
            return Some(Gives { unless: unless_there.or(Some(Unknown::Role)), how: How::Actions });
        };
        let allows = |action: &Action| sets.iter().any(|set| allows_some(set, action));
        let given = match self.actions(one).await {
            Some(actions) => actions.iter().any(allows).then_some(None),
            None => Some(Some(Unknown::Role)),
        };
        if let Some(unknown) = given
            && let Some(condition) = self.condition(one, assignment, Some(&sets))
        {
            return Some(Gives { unless: unless_there.or(unknown).or(condition), how: How::Actions });
        }
        let is_storage = match &one.locator {
            Locator::Objects(_) => true,
            Locator::Child(child) => child.kind.holder == Holder::StorageAccount,
            Locator::Secret(_) | Locator::Registry(_) | Locator::Resource(_) => false,
        };
        let how = match lies.holds_whole {
            true if is_storage && allows(&Action::Control(KEYS.to_owned())) => How::Keys,
            true if allows(&Action::Control(ASSIGN.to_owned())) => How::Assigns,
            _ => return None,
        };
        // Conditions are on data, and on assigning roles.
        let is_limited = how == How::Assigns && assignment.condition.is_some();
        Some(Gives { unless: unless_there.or(is_limited.then_some(Unknown::Condition)), how })
    }

    /// What is revoked, as what its role allows. `None` where nobody can tell.
    async fn actions(&self, one: &One) -> Option<Vec<Action>> {
        if one.actions.is_some() {
            return one.actions.clone();
        }
        let [name] = one.roles.as_slice() else { return None };
        let subscription = one.locator.id().map_or_else(|| self.here(), ResourceId::subscription);
        let roles = match is_guid(name) {
            true => self.snapshot.custom_roles_of(&subscription).await.ok()?,
            false => self.snapshot.roles_named(&subscription, name).await.ok()?,
        };
        let is_it = |known: &str| known.eq_ignore_ascii_case(name);
        let role = roles.iter().find(|role| is_it(&role.name) || is_it(&role.role_name))?;
        let control = role.actions.iter().cloned().map(Action::Control);
        Some(control.chain(role.data_actions.iter().cloned().map(Action::Data)).collect())
    }

    /// What the role of an assignment allows. `None` where nobody can tell.
    async fn definition(&self, assignment: &RoleAssignment) -> Option<Vec<Permission>> {
        let (id, role) = (folded(&assignment.role_definition_id), assignment.role());
        // A custom role is read where it is defined, another one anywhere.
        let scope = id.find(DEFINITIONS).and_then(|at| assignment.role_definition_id.get(..at));
        let scope = scope.filter(|scope| !scope.is_empty());
        let here = format!("/subscriptions/{}", self.here());
        match self.snapshot.role(scope.unwrap_or(&here), &role).await {
            Ok(Some(role)) => Some(role.permissions),
            _ => known(&role).map(|role| {
                let (mut actions, mut data_actions) = (Vec::new(), Vec::new());
                match role.gives {
                    Patterns::Control(patterns) => actions.extend(patterns.iter().map(|one| (*one).to_owned())),
                    Patterns::Data(patterns) => data_actions.extend(patterns.iter().map(|one| (*one).to_owned())),
                }
                vec![Permission { actions, data_actions, ..Permission::default() }]
            }),
        }
    }

    /// How the assignment's scope lies to a resource: `None` where the role doesn't hold there.
    async fn lies(&self, assignment: &RoleAssignment, one: &One, place: &Where) -> Option<Lying> {
        let scope = folded(&assignment.scope);
        match place {
            Where::At(id) => {
                let outermost = id.outermost().unwrap_or_else(|| id.clone());
                let holds_whole = lies(&scope, &outermost) != Lies::Elsewhere;
                let holds = holds_whole || lies(&scope, id) != Lies::Elsewhere || is_within(&scope, id.as_str());
                let is_listed = holds && self.is_listed(assignment, &id.subscription()).await;
                is_listed.then_some(Lying { is_certain: true, holds_whole })
            }
            Where::Gone => is_at(&scope, &one.locator).then_some(Lying { is_certain: true, holds_whole: false }),
            Where::Untold => {
                let (outer, inner) = ends(&one.locator);
                if scope.ends_with(&outer) || scope.ends_with(&inner) {
                    return Some(Lying { is_certain: true, holds_whole: scope.ends_with(&outer) });
                }
                let (_, within) = scope.split_once("/providers/").unwrap_or_default();
                let is_above_all = within.is_empty() || within.starts_with("microsoft.management/managementgroups/");
                let is_listed = is_above_all && self.is_listed(assignment, &self.here()).await;
                is_listed.then_some(Lying { is_certain: false, holds_whole: true })
            }
        }
    }

    /// Whether an assignment holds in a subscription, as far as that was searched: one on a management group is in the lists of the
    /// subscriptions beneath that alone.
    async fn is_listed(&self, assignment: &RoleAssignment, subscription: &str) -> bool {
        if !self.searched.contains(subscription) {
            return false;
        }
        let list = self.snapshot.assignments(subscription).await;
        list.is_ok_and(|list| list.iter().any(|one| one.id.eq_ignore_ascii_case(&assignment.id)))
    }

    async fn place(&mut self, locator: &Locator) -> Where {
        if let Some(known) = self.places.get(locator) {
            return known.clone();
        }
        let place = self.look_up(locator).await;
        self.places.insert(locator.clone(), place.clone());
        place
    }

    async fn look_up(&self, locator: &Locator) -> Where {
        let here = self.here();
        let found = |id: Option<&String>, path: &str| match id.map(|id| ResourceId::parse(id)) {
            Some(Ok(id)) if path.is_empty() => Where::At(id),
            Some(Ok(id)) => Where::At(id.child(path)),
            Some(Err(_)) => Where::Untold,
            None => Where::Gone,
        };
        let path = path(locator);
        let place = match locator {
            Locator::Objects(it) => &it.account,
            Locator::Secret(it) => &it.vault,
            Locator::Registry(it) => &it.registry,
            Locator::Child(it) => &it.holder,
            Locator::Resource(id) => return Where::At(id.clone()),
        };
        let host = match place {
            Place::At(id) => return found(Some(&id.as_str().to_owned()), &path),
            Place::Named(host) => host,
        };
        match host.service {
            Service::Storage | Service::Queues | Service::Tables => {
                self.snapshot.storage(&here).await.map_or(Where::Untold, |all| {
                    found(all.iter().find(|account| account.answers_at(host)).map(|account| &account.id), &path)
                })
            }
            Service::Vault => self.snapshot.vaults(&here).await.map_or(Where::Untold, |all| {
                found(
                    all.iter().find(|vault| vault.name.eq_ignore_ascii_case(&host.name)).map(|vault| &vault.id),
                    &path,
                )
            }),
            Service::Bus => self.snapshot.namespaces(&here).await.map_or(Where::Untold, |all| {
                found(all.iter().find(|one| one.name.eq_ignore_ascii_case(&host.name)).map(|one| &one.id), &path)
            }),
            Service::Registry => self.snapshot.registries(&here).await.map_or(Where::Untold, |all| {
                let is_it = |login_server: &str| login_server.eq_ignore_ascii_case(&host.text);
                found(all.iter().find(|one| is_it(&one.login_server)).map(|one| &one.id), &path)
            }),
        }
    }

    /// Whether an assignment's condition lets through some of what is revoked: `None` where it doesn't, and otherwise whether nobody
    /// can tell. `sets` is what its role allows, where that is another one.
    fn condition(
        &self,
        one: &One,
        assignment: &RoleAssignment,
        sets: Option<&[Permission]>,
    ) -> Option<Option<Unknown>> {
        let Some(condition) = assignment.condition.as_deref() else { return Some(None) };
        match (Says::parse(condition), &one.locator) {
            (Some(Says::Objects(extents, _)), Locator::Objects(objects)) => {
                let is_given = |deed: &Deed| {
                    let actions: Vec<_> = deed.data_actions().into_iter().map(Action::Data).collect();
                    sets.is_none_or(|sets| actions.iter().any(|action| sets.iter().any(|set| allows_some(set, action))))
                };
                let is_let_through = |deed: &Deed| match extents.get(deed) {
                    Some(Extent::Prefixes(prefixes)) => {
                        let wanted = objects.prefix.as_str();
                        prefixes.iter().any(|prefix| prefix.starts_with(wanted) || wanted.starts_with(prefix.as_str()))
                    }
                    Some(Extent::Whole) | None => true,
                };
                let is_revoked = |deed: &Deed| one.does(*deed);
                Deed::ALL.iter().filter(|deed| is_revoked(deed) && is_given(deed)).any(is_let_through).then_some(None)
            }
            (Some(Says::Repositories(names, _)), Locator::Registry(registry)) => {
                let is_named = |repository: &String| names.iter().any(|name| name.eq_ignore_ascii_case(repository));
                registry.repository.as_ref().is_none_or(is_named).then_some(None)
            }
            _ => Some(Some(Unknown::Condition)),
        }
    }

    fn here(&self) -> String {
        self.looking.config.subscription.as_str().to_owned()
    }
}

/// How a scope lies to a resource.
#[derive(Debug, Clone, Copy)]
struct Lying {
    is_certain: bool,
    /// Whether it holds all of the account, vault or registry.
    holds_whole: bool,
}

impl One {
    /// Whether something that can be done to objects is among what is revoked, as far as that is known.
    fn does(&self, deed: Deed) -> bool {
        let Some(actions) = &self.actions else { return true };
        let of_deed = Permission { data_actions: deed.data_actions(), ..Permission::default() };
        actions.iter().any(|action| allows_some(&of_deed, action))
    }
}

/// What comes behind the account, the vault or the registry.
fn path(locator: &Locator) -> String {
    match locator {
        Locator::Objects(it) => format!("blobServices/default/containers/{}", it.container),
        Locator::Secret(it) => format!("secrets/{}", it.name),
        Locator::Child(it) => it.path(),
        Locator::Registry(_) | Locator::Resource(_) => String::new(),
    }
}

/// How the IDs of what holds a resource, and of the resource, end, in lower case. The names of accounts, vaults and registries are
/// nobody else's.
fn ends(locator: &Locator) -> (String, String) {
    let of = |place: &Place, kind: &str| match place {
        Place::At(id) => id.as_str().to_owned(),
        // A registry's host may go on with a label after its name.
        Place::Named(host) => {
            let name = host.name.split('-').next().filter(|_| kind.ends_with("/registries")).unwrap_or(&host.name);
            format!("/providers/{kind}/{name}")
        }
    };
    let outer = match locator {
        Locator::Objects(it) => of(&it.account, "Microsoft.Storage/storageAccounts"),
        Locator::Secret(it) => of(&it.vault, "Microsoft.KeyVault/vaults"),
        Locator::Registry(it) => of(&it.registry, "Microsoft.ContainerRegistry/registries"),
        Locator::Child(it) => of(&it.holder, it.kind.holder.resource_type()),
        Locator::Resource(id) => id.as_str().to_owned(),
    };
    let path = path(locator);
    let inner = if path.is_empty() { outer.clone() } else { format!("{outer}/{path}") };
    (folded(&outer), folded(&inner))
}

/// Whether a scope is that of a resource.
fn is_at(scope: &str, locator: &Locator) -> bool {
    folded(scope).ends_with(&ends(locator).1)
}
