//! What is there, read in whole lists: one request a list, however many grants there are.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use cloudgrant_core::{Diagnostic, ErrorKind, Result};
use futures_util::future::try_join_all;
use tokio::sync::{Mutex, OnceCell};

use crate::client::Arm;
use crate::client::arm::{
    Cluster, FederatedCredential, Identity, Namespace, OnlineEndpoint, Permission, Registry, RoleAssignment,
    RoleDefinition, StorageAccount, Subscription, Vault, Workspace,
};
use crate::inventory::unusable::{AllUnusable, Unusable};
use crate::inventory::written::{List, Written};
use crate::names::resource_id::{ResourceId, is_same};

/// How many identities are asked for their federated credentials at a time. Azure's documentation allows 10 reads of identities a
/// second.
pub(crate) const CREDENTIALS_AT_A_TIME: usize = 8;

/// How many role assignments Azure tells in a page. It isn't documented, and only decides which way of asking is tried.
const ASSIGNMENTS_IN_A_PAGE: usize = 200;

/// Answers that were read, by what they are about. Each is read once, however many ask for it at the same time.
#[derive(Debug)]
struct Lists<K, T>(Arc<Mutex<HashMap<K, Once<T>>>>);

/// A list that is read once.
type Once<T> = Arc<OnceCell<Arc<Vec<T>>>>;

impl<K, T> Default for Lists<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> Clone for Lists<K, T> {
    /// The same lists.
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, T> Lists<K, T> {
    fn if_so(&self, is_so: bool) -> Self {
        if is_so { self.clone() } else { Self::default() }
    }
}

impl<K: Eq + Hash, T> Lists<K, T> {
    /// One of them, if it was read so far.
    async fn read(&self, key: &K) -> Option<Arc<Vec<T>>> {
        self.0.lock().await.get(key).and_then(|once| once.get().cloned())
    }

    /// What was read so far.
    async fn so_far(&self) -> Vec<Arc<Vec<T>>> {
        self.0.lock().await.values().filter_map(|once| once.get().cloned()).collect()
    }

    async fn get<F>(&self, key: K, read: impl FnOnce() -> F) -> Result<Arc<Vec<T>>>
    where
        F: Future<Output = Result<Vec<T>>>,
    {
        let cell = self.0.lock().await.entry(key).or_default().clone();
        let read = || async { read().await.map(Arc::new) };
        cell.get_or_try_init(read).await.cloned()
    }
}

/// What a plan has read so far.
#[derive(Debug)]
pub(crate) struct Snapshot {
    arm: Arc<Arm>,
    group: ResourceId,
    identities: Lists<(), Identity>,
    /// Single ones, in other subscriptions.
    elsewhere: Lists<ResourceId, Identity>,
    clusters: Lists<String, Cluster>,
    credentials: Lists<ResourceId, FederatedCredential>,
    assignments: Lists<String, RoleAssignment>,
    /// Those of the look before, as far as only these principals' were written to since.
    before: (Lists<String, RoleAssignment>, BTreeSet<String>),
    custom_roles: Lists<String, RoleDefinition>,
    named_roles: Lists<(String, String), RoleDefinition>,
    /// Single ones, by their scope and id.
    roles: Lists<(String, String), RoleDefinition>,
    storage: Lists<String, StorageAccount>,
    vaults: Lists<String, Vault>,
    registries: Lists<String, Registry>,
    namespaces: Lists<String, Namespace>,
    subscriptions: Lists<(), Subscription>,
    permissions: Lists<String, Permission>,
    /// Single ones, and never those of another look: what is written to them no list tells.
    endpoints: Lists<ResourceId, OnlineEndpoint>,
    workspaces: Lists<ResourceId, Workspace>,
    /// What the manifest names and can't be used.
    unusable: AllUnusable,
}

impl Snapshot {
    pub(crate) fn new(arm: Arc<Arm>, group: ResourceId) -> Self {
        Self {
            arm,
            group,
            identities: Lists::default(),
            elsewhere: Lists::default(),
            clusters: Lists::default(),
            credentials: Lists::default(),
            assignments: Lists::default(),
            before: Default::default(),
            custom_roles: Lists::default(),
            named_roles: Lists::default(),
            roles: Lists::default(),
            storage: Lists::default(),
            vaults: Lists::default(),
            registries: Lists::default(),
            namespaces: Lists::default(),
            subscriptions: Lists::default(),
            permissions: Lists::default(),
            endpoints: Lists::default(),
            workspaces: Lists::default(),
            unusable: AllUnusable::default(),
        }
    }

    /// With the lists of another look that nobody has written to since.
    pub(crate) fn with_what_is_as_in(self, last: &Self, written: &Written) -> Self {
        let is_as_it_was = |list: List| !written.lists.contains(&list);
        let of_holders = is_as_it_was(List::Assignments) && !written.holders.is_empty();
        let (identities, roles) = (is_as_it_was(List::Identities), is_as_it_was(List::Roles));
        Self {
            identities: last.identities.if_so(identities),
            elsewhere: last.elsewhere.if_so(identities),
            credentials: last.credentials.if_so(is_as_it_was(List::Credentials)),
            assignments: last.assignments.if_so(is_as_it_was(List::Assignments) && !of_holders),
            before: if of_holders { (last.assignments.clone(), written.holders.clone()) } else { Default::default() },
            custom_roles: last.custom_roles.if_so(roles),
            named_roles: last.named_roles.if_so(roles),
            roles: last.roles.if_so(roles),
            clusters: last.clusters.clone(),
            storage: last.storage.clone(),
            vaults: last.vaults.clone(),
            registries: last.registries.clone(),
            namespaces: last.namespaces.clone(),
            subscriptions: last.subscriptions.clone(),
            permissions: last.permissions.clone(),
            ..self
        }
    }

    /// Remembers that something isn't there: nothing can be made of it. What was said of it first stays.
    pub(crate) fn is_absent(&self, id: &ResourceId, why: Diagnostic) {
        self.unusable.assign(id.as_str(), Unusable::absent(why));
    }

    /// What can't be used of what was asked for so far.
    pub(crate) fn unusable(&self) -> &AllUnusable {
        &self.unusable
    }

    /// The managed identities of the data plane's subscription.
    pub(crate) async fn identities(&self) -> Result<Arc<Vec<Identity>>> {
        self.identities.get((), || async { self.arm.identities(&self.group.subscription()).await }).await
    }

    /// A managed identity of any subscription; none if it isn't there.
    pub(crate) async fn identity(&self, id: &ResourceId) -> Result<Option<Identity>> {
        if id.subscription() == self.group.subscription() {
            let here = self.identities().await?;
            return Ok(here.iter().find(|identity| is_same(&identity.id, id.as_str())).cloned());
        }
        let read = || async { Ok(self.arm.identity(id.as_str()).await?.into_iter().collect()) };
        Ok(self.elsewhere.get(id.clone(), read).await?.first().cloned())
    }

    /// The managed clusters of a resource group of the data plane's subscription.
    pub(crate) async fn clusters_of(&self, resource_group: &str) -> Result<Arc<Vec<Cluster>>> {
        let read = || async { self.arm.clusters(&self.group.subscription(), resource_group).await };
        self.clusters.get(resource_group.to_owned(), read).await
    }

    /// The same; none of a group that isn't there, or whose clusters the caller may not read, which is told where a cluster
    /// is needed.
    pub(crate) async fn clusters(&self, resource_group: &str) -> Result<Arc<Vec<Cluster>>> {
        match self.clusters_of(resource_group).await {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AccessDenied) => Ok(Arc::default()),
            clusters => clusters,
        }
    }

    /// The federated credentials of a managed identity.
    pub(crate) async fn credentials(&self, identity: &ResourceId) -> Result<Arc<Vec<FederatedCredential>>> {
        self.credentials.get(identity.clone(), || self.arm.federated_credentials(identity.as_str())).await
    }

    /// The role assignments at a subscription, and at everything in it.
    pub(crate) async fn assignments(&self, subscription: &str) -> Result<Arc<Vec<RoleAssignment>>> {
        self.assignments.get(subscription.to_owned(), || self.read_assignments(subscription)).await
    }

    /// Reads all of them, or those of whom this run has written to, where that takes fewer requests.
    async fn read_assignments(&self, subscription: &str) -> Result<Vec<RoleAssignment>> {
        let (before, holders) = &self.before;
        let before = before.read(&subscription.to_owned()).await;
        let Some(before) = before.filter(|before| holders.len() < before.len().div_ceil(ASSIGNMENTS_IN_A_PAGE)) else {
            return self.arm.role_assignments(subscription).await;
        };
        let is_of_one = |one: &RoleAssignment| holders.iter().any(|holder| is_same(holder, &one.principal_id));
        let mut all: Vec<_> = before.iter().filter(|one| !is_of_one(one)).cloned().collect();
        let read = holders.iter().map(|holder| self.arm.role_assignments_of(subscription, holder));
        all.extend(try_join_all(read).await?.into_iter().flatten());
        Ok(all)
    }

    /// The custom roles that can be assigned in the data plane's subscription.
    pub(crate) async fn custom_roles(&self) -> Result<Arc<Vec<RoleDefinition>>> {
        self.custom_roles_of(&self.group.subscription()).await
    }

    /// The custom roles that can be assigned in a subscription.
    pub(crate) async fn custom_roles_of(&self, subscription: &str) -> Result<Arc<Vec<RoleDefinition>>> {
        let scope = format!("/subscriptions/{subscription}");
        let read = || async { self.arm.role_definitions(&scope, Some("type eq 'CustomRole'")).await };
        self.custom_roles.get(subscription.to_owned(), read).await
    }

    /// A role's definition, by its id, if it was read already: those of all roles that a manifest names and that aren't known
    /// without asking.
    pub(crate) async fn role_so_far(&self, id: &str) -> Option<RoleDefinition> {
        let (custom, named) = (self.custom_roles.so_far().await, self.named_roles.so_far().await);
        let mut all = custom.iter().chain(&named).flat_map(|list| list.iter());
        all.find(|role| role.name.eq_ignore_ascii_case(id)).cloned()
    }

    /// The roles of a name that can be assigned in a subscription.
    pub(crate) async fn roles_named(&self, subscription: &str, name: &str) -> Result<Arc<Vec<RoleDefinition>>> {
        let scope = format!("/subscriptions/{subscription}");
        let filter = format!("roleName eq '{}'", name.replace('\'', "''"));
        let read = || async { self.arm.role_definitions(&scope, Some(&filter)).await };
        self.named_roles.get((subscription.to_owned(), name.to_owned()), read).await
    }

    /// A role's definition, by its id and a scope at which it can be assigned; none if it isn't there.
    pub(crate) async fn role(&self, scope: &str, id: &str) -> Result<Option<RoleDefinition>> {
        if let Some(known) = self.role_so_far(id).await {
            return Ok(Some(known));
        }
        let read = || async { Ok(self.arm.role_definition(scope, id).await?.into_iter().collect()) };
        Ok(self.roles.get((scope.to_owned(), id.to_owned()), read).await?.first().cloned())
    }

    pub(crate) async fn storage(&self, subscription: &str) -> Result<Arc<Vec<StorageAccount>>> {
        self.storage.get(subscription.to_owned(), || self.arm.storage_accounts(subscription)).await
    }

    pub(crate) async fn vaults(&self, subscription: &str) -> Result<Arc<Vec<Vault>>> {
        self.vaults.get(subscription.to_owned(), || self.arm.vaults(subscription)).await
    }

    pub(crate) async fn registries(&self, subscription: &str) -> Result<Arc<Vec<Registry>>> {
        self.registries.get(subscription.to_owned(), || self.arm.registries(subscription)).await
    }

    pub(crate) async fn namespaces(&self, subscription: &str) -> Result<Arc<Vec<Namespace>>> {
        self.namespaces.get(subscription.to_owned(), || self.arm.namespaces(subscription)).await
    }

    /// The subscriptions that the caller sees.
    pub(crate) async fn subscriptions(&self) -> Result<Arc<Vec<Subscription>>> {
        self.subscriptions.get((), || self.arm.subscriptions()).await
    }

    /// All that the caller may do at a scope.
    pub(crate) async fn permissions(&self, scope: &str) -> Result<Arc<Vec<Permission>>> {
        self.permissions.get(scope.to_owned(), || self.arm.permissions(scope)).await
    }

    /// An online endpoint; none if it isn't there.
    pub(crate) async fn online_endpoint(&self, id: &ResourceId) -> Result<Option<OnlineEndpoint>> {
        let read = || async { Ok(self.arm.online_endpoint(id.as_str()).await?.into_iter().collect()) };
        Ok(self.endpoints.get(id.clone(), read).await?.first().cloned())
    }

    /// A workspace of Azure Machine Learning; none if it isn't there.
    pub(crate) async fn workspace(&self, id: &ResourceId) -> Result<Option<Workspace>> {
        let read = || async { Ok(self.arm.workspace(id.as_str()).await?.into_iter().collect()) };
        Ok(self.workspaces.get(id.clone(), read).await?.first().cloned())
    }
}
