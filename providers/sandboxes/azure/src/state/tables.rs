//! The state: maps in memory, and a file for each entity.
//!
//! Every change goes to its file first and to memory second. So what was answered is on the disk, and a write that fails
//! changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use cloudgrant_sandbox_kit::{History, Ids, Result, Store, clock};

use crate::authorization::built_in_roles;
use crate::cloud::Cloud;
use crate::quotas::Quotas;
use crate::services::arm::request::id::Id;
use crate::state::model::{
    AppPolicy, Application, Assignment, Blob, Credential, Definition, Denial, Entity, Failure, Identity, Operation,
    Principal, Resource, Subscription,
};
use crate::state::time;

/// Entities of one kind by their keys.
pub(crate) type Table<T> = BTreeMap<String, T>;

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    /// The tenant that the sandbox's client belongs to.
    pub(crate) tenant: String,
    /// Which of Azure's clouds this is.
    pub(crate) cloud: &'static Cloud,
    pub(crate) subscriptions: Table<Subscription>,
    pub(crate) principals: Table<Principal>,
    pub(crate) resources: Table<Resource>,
    pub(crate) identities: Table<Identity>,
    pub(crate) credentials: Table<Credential>,
    pub(crate) assignments: Table<Assignment>,
    pub(crate) definitions: Table<Definition>,
    pub(crate) denials: Table<Denial>,
    pub(crate) operations: Table<Operation>,
    pub(crate) applications: Table<Application>,
    pub(crate) blobs: Table<Blob>,
    pub(crate) app_policies: Table<AppPolicy>,
    /// Roles that Azure itself offers, by GUID.
    pub(crate) built_in: Table<Definition>,
    pub(crate) quotas: Quotas,
    pub(crate) ids: Ids,
    pub(crate) history: History,
    pub(crate) replication: Duration,
    /// When an assignment of a role was last deleted: its definition counts that one for as long as replication takes.
    pub(crate) released: BTreeMap<String, time::Millis>,
    /// How the next operation on a resource fails, by its key.
    pub(crate) failing: BTreeMap<String, Failure>,
    store: Store,
}

/// Where entities of a kind are kept in memory.
pub(crate) trait InMemory: Entity {
    fn table(state: &mut State) -> &mut Table<Self>;
}

macro_rules! in_memory {
    ($($entity:ty => $table:ident),* $(,)?) => {
        $(impl InMemory for $entity {
            fn table(state: &mut State) -> &mut Table<Self> {
                &mut state.$table
            }
        })*
    };
}

in_memory! {
    Subscription => subscriptions,
    Principal => principals,
    Resource => resources,
    Identity => identities,
    Credential => credentials,
    Assignment => assignments,
    Definition => definitions,
    Denial => denials,
    Operation => operations,
    Application => applications,
    Blob => blobs,
    AppPolicy => app_policies,
}

impl State {
    /// Reads the state from a folder that was opened.
    pub(crate) fn load(
        store: Store,
        tenant: &str,
        cloud: &'static Cloud,
        quotas: Quotas,
        replication: Duration,
    ) -> Result<Self> {
        let history = History::begin(&store)?;
        let mut state = Self {
            tenant: tenant.to_owned(),
            cloud,
            subscriptions: Table::new(),
            principals: Table::new(),
            resources: Table::new(),
            identities: Table::new(),
            credentials: Table::new(),
            assignments: Table::new(),
            definitions: Table::new(),
            denials: Table::new(),
            operations: Table::new(),
            applications: Table::new(),
            blobs: Table::new(),
            app_policies: Table::new(),
            built_in: built_in_roles::built_in(),
            quotas,
            ids: Ids::new(history.start()),
            history,
            replication,
            released: BTreeMap::new(),
            failing: BTreeMap::new(),
            store,
        };
        state.read::<Subscription>()?;
        state.read::<Principal>()?;
        state.read::<Resource>()?;
        state.read::<Identity>()?;
        state.read::<Credential>()?;
        state.read::<Assignment>()?;
        state.read::<Definition>()?;
        state.read::<Denial>()?;
        state.read::<Operation>()?;
        state.read::<Application>()?;
        state.read::<Blob>()?;
        state.read::<AppPolicy>()?;
        Ok(state)
    }

    fn read<T: InMemory>(&mut self) -> Result<()> {
        let entities: Vec<T> = self.store.load(T::FOLDER)?;
        T::table(self).extend(entities.into_iter().map(|entity| (entity.key(), entity)));
        Ok(())
    }

    /// Makes or replaces an entity.
    pub(crate) fn save<T: InMemory>(&mut self, entity: T) -> Result<()> {
        let key = entity.key();
        self.store.put(&path(T::FOLDER, &key), &entity)?;
        T::table(self).insert(key, entity);
        Ok(())
    }

    /// Removes an entity, and gives it back if it was there.
    pub(crate) fn remove<T: InMemory>(&mut self, key: &str) -> Result<Option<T>> {
        self.store.remove(&path(T::FOLDER, key))?;
        Ok(T::table(self).remove(key))
    }

    /// A subscription by its id, in any case.
    pub(crate) fn subscription(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.get(&id.to_ascii_lowercase())
    }

    /// The tenant that a scope belongs to. What is above subscriptions belongs to the sandbox's own.
    pub(crate) fn tenant_of(&self, scope: &Id) -> &str {
        scope
            .subscription()
            .and_then(|id| self.subscription(id))
            .map_or(self.tenant.as_str(), |subscription| subscription.tenant.as_str())
    }

    /// A role by its GUID: a built-in one, or a custom one of the tenant.
    pub(crate) fn role(&self, name: &str) -> Option<&Definition> {
        let key = name.to_ascii_lowercase();
        self.built_in.get(&key).or_else(|| self.definitions.get(&key))
    }

    /// Whether something that came to be at a time is known everywhere by now.
    pub(crate) fn is_replicated(&self, since: time::Millis) -> bool {
        clock::has_passed(self.replication, since)
    }

    /// The object ids that stand for a principal: its own, and those of the groups that it is in, also by other groups.
    pub(crate) fn principal_and_groups(&self, id: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::from([id.to_ascii_lowercase()]);
        loop {
            let more: Vec<String> = self
                .principals
                .iter()
                .filter(|(key, group)| {
                    !all.contains(*key) && group.members.iter().any(|member| all.contains(&member.to_ascii_lowercase()))
                })
                .map(|(key, _)| key.clone())
                .collect();
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    /// The principal that logs in with a client id in a tenant: an application has one in each that it was installed in.
    pub(crate) fn client(&self, client: &str, tenant: &str) -> Option<&Principal> {
        let is_it = |principal: &&Principal| {
            principal.tenant.eq_ignore_ascii_case(tenant)
                && principal.client.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(client))
        };
        self.principals.values().find(is_it)
    }

    /// The application that logs in with a client id in a tenant, if it is there.
    pub(crate) fn application(&self, client: &str, tenant: &str) -> Option<&Application> {
        let mut there =
            self.applications.values().filter(|one| one.deleted.is_none() && one.tenant.eq_ignore_ascii_case(tenant));
        there.find(|one| one.client.eq_ignore_ascii_case(client))
    }

    /// Remembers that something was seeded, so that it stays deleted once somebody deletes it.
    pub(crate) fn mark_seeded(&mut self, what: String) -> Result<()> {
        self.history.mark_seeded(&self.store, what)
    }
}

/// The entries of a table whose keys begin with a text.
pub(crate) fn below<'a, T>(
    table: &'a Table<T>,
    prefix: &str,
) -> impl Iterator<Item = (&'a String, &'a T)> + use<'a, T> {
    let prefix = prefix.to_owned();
    let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
    table.range::<str, _>(from).take_while(move |(key, _)| key.starts_with(&prefix))
}

/// Where an entity's file is: the segments of its id, without those that say nothing.
fn path<'a>(folder: &'a str, key: &'a str) -> Vec<&'a str> {
    let said = ["", "subscriptions", "resourcegroups", "providers"];
    let mut path = vec![folder];
    path.extend(key.split('/').filter(|segment| !said.contains(segment)));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_short_paths() {
        assert_eq!(
            path(
                "identities",
                "/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/u"
            ),
            ["identities", "s", "g", "microsoft.managedidentity", "userassignedidentities", "u"]
        );
    }

    #[test]
    fn prefixes_end_where_they_should() {
        let table: Table<u8> = [("/a/b", 1), ("/a/c", 2), ("/b", 3)].map(|(key, n)| (key.to_owned(), n)).into();
        assert_eq!(below(&table, "/a/").map(|(_, n)| *n).collect::<Vec<_>>(), [1, 2]);
    }
}
