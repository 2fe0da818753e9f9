//! The Azure provider of cloudgrant: role assignments, managed identities and federated credentials.
//!
//! A scope's grants become role assignments to the managed identity under which its task code runs: for the global scope
//! the platform's own, for a domain one (or several) that trusts exactly the domain's service accounts. A role is
//! assigned on the narrowest scope that holds the resource, with a condition where a prefix is meant; a grant that insists
//! on exactly its level gets a custom role. Domains are as narrow as it gets on Azure.
//!
//! Link it into a program with `use cloudgrant_azure as _;`.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod client;
mod config;
mod error;
mod inventory;
mod marks;
mod names;
mod objects;
mod observe;
mod packing;
mod permissions;
mod policy;
mod resources;
mod stacks;
mod verbs;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Access, Approved, Backend, Bound, Caller, Capabilities, Checked, ClientCode, Confirmed, Connect, Context,
    Conventions, Desired, Diagnostic, Error, ErrorKind, HandsOff, IntentId, Intents, MadeBy, Object, ObjectId,
    Observed, Outcome, Pace, PermissionDocument, Permissions, Platform, Protected, Provider, Purpose, Reach,
    RegistryAccess, Remainder, Resource, ResourceKind, Result, Scope, ScopeBinding, Shares, Stacks, TaskAccess,
    TerraformBlock, Widened, register_provider,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use tokio::sync::Mutex;

pub use config::{Cloud, Cluster, Config, Credentials, Guid};

use crate::client::arm::{Mode, Registry};
use crate::client::{Arm, Presence};
use crate::inventory::looks::Looks;
use crate::inventory::snapshot::{CREDENTIALS_AT_A_TIME, Snapshot};
use crate::inventory::tenants::Tenants;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::resources::kinds::IN_HOLDER;
use crate::resources::kinds::child_kind::Holder;
use crate::resources::locator::{Locator, Place};

register_provider!(Azure);

/// Azure, connected.
#[derive(Debug)]
pub struct Azure {
    platform: Arc<dyn Platform>,
    /// What the platform calls its own things on Azure.
    conventions: Conventions,
    config: Config,
    names: Names,
    arm: Arc<Arm>,
    tenants: Tenants,
    looks: Mutex<Looks>,
    /// The principals of identities, as they were seen last.
    principals: Mutex<HashMap<ResourceId, Principal>>,
    /// Whether containers and secrets are there, as this run has seen them. What the stack has assigned roles on counts as
    /// there.
    contents: Mutex<HashMap<ResourceId, Presence>>,
    /// The registries of the data plane's subscription, as they were read last.
    registries: std::sync::Mutex<Arc<Vec<Registry>>>,
    /// Whether plans ask for them all the same.
    looks_again: AtomicBool,
    /// Where new identities go, once it is known.
    location: Mutex<Option<String>>,
    /// Identities that this run made: nobody else has given them credentials.
    made: Mutex<HashSet<ResourceId>>,
    /// Custom roles that keep former scopes until their assignments there are gone, by id.
    former_scopes: Mutex<HashMap<String, objects::RoleWithFormerScopes>>,
    /// One writer an identity at a time: Azure refuses federated credentials that are written side by side.
    writers: Mutex<HashMap<ResourceId, Arc<Mutex<()>>>>,
}

/// Who a managed identity is to Microsoft Entra.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) id: String,
    /// Whether the stack made its identity, perhaps only just now, so that not all of Azure may know it yet.
    pub(crate) ours: bool,
}

#[async_trait]
impl Connect for Azure {
    const ID: &'static str = "azure";
    const SUMMARY: &'static str = "Microsoft Azure: role assignments, managed identities, federated credentials";
    const CAPABILITIES: Capabilities = resources::kinds::CAPABILITIES;
    // Source: Azure Identity client library and Azure Developer CLI, environment variables.
    const VARIABLES: &'static [(&'static str, &'static str)] =
        &[("tenant", "AZURE_TENANT_ID"), ("subscription", "AZURE_SUBSCRIPTION_ID")];
    type Config = Config;

    fn parse_locator(text: &str) -> Result<(ResourceKind, cloudgrant_core::Locator), Diagnostic> {
        Locator::parse(text).map(|parsed| (parsed.kind(), cloudgrant_core::Locator::new(text, parsed)))
    }

    fn parse_registry(text: &str) -> Result<(ResourceKind, cloudgrant_core::Locator), Diagnostic> {
        Locator::parse_registry(text).map(|parsed| (parsed.kind(), cloudgrant_core::Locator::new(text, parsed)))
    }

    fn directs_credentials(config: &Config) -> Vec<Diagnostic> {
        config::directs::credentials(config)
    }

    fn check(config: &Config) -> Vec<Diagnostic> {
        verbs::validate::section(config)
    }

    async fn connect(context: Context, config: Config) -> Result<Self> {
        let group = verbs::validate::group(&config).map_err(|problem| Error::manifest(vec![problem]))?;
        Ok(Self {
            names: Names::new(context.stack.clone(), group).with_tags(config.tags.clone()),
            arm: Arc::new(Arm::new(&config)?),
            platform: context.platform.clone(),
            conventions: context.platform.conventions(Self::ID),
            config,
            tenants: Tenants::default(),
            looks: Mutex::default(),
            principals: Mutex::default(),
            contents: Mutex::default(),
            registries: std::sync::Mutex::default(),
            looks_again: AtomicBool::default(),
            location: Mutex::default(),
            made: Mutex::default(),
            former_scopes: Mutex::default(),
            writers: Mutex::default(),
        })
    }
}

#[async_trait]
impl Backend for Azure {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let observed = observe::observed(self, desired).await;
        self.fresh(observed).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.looks.lock().await.writes(change.change().id.kind);
        objects::change(self, change.change()).await
    }

    fn place(&self) -> String {
        format!("resource group {} of subscription {}", self.config.resource_group, self.config.subscription)
    }

    fn is_in_sandbox(&self) -> bool {
        self.config.credentials == Credentials::Sandbox
    }

    fn settle_timeout(&self) -> Option<Duration> {
        // A sandbox isn't Azure: there, the engine's own time does.
        let own = self.config.endpoint.is_none().then_some(config::SETTLE);
        self.config.settle_timeout.map(|timeout| timeout.0).or(own)
    }

    fn protected(&self) -> Protected {
        self.config.protected(&self.conventions)
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        match object.kind {
            objects::kinds::ASSIGNMENT => packing::remainder::assignment(shares),
            _ => Remainder::Untold,
        }
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        objects::terraform(self, object)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        objects::commands::commands(self, object)
    }

    fn look_again(&self) {
        self.looks_again.store(true, Ordering::Relaxed);
    }

    fn pace(&self) -> Option<&Pace> {
        Some(self.arm.pace())
    }

    fn requests(&self) -> Option<u64> {
        Some(self.arm.requests())
    }
}

#[async_trait]
impl Provider for Azure {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        verbs::validate::intents(self, intents)
    }

    fn settles_level(&self, resource: &Resource, access: Access) -> bool {
        self.config.role(&resource.name, access).is_some()
    }

    fn home(&self) -> String {
        self.names.home().to_owned()
    }

    fn platform_place(&self, place: &str, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
        Some(marks::platform_places::mark(self, place, scope, because))
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        Some(marks::confirmations::mark(&self.names, confirmed))
    }

    fn give_same(&self, one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
        objects::role_assignment::give_same(one, other)
    }

    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        resources::overlap::overlap(self, one, other)
    }

    fn hands_off(&self) -> HandsOff {
        HandsOff { bindings: self.conventions.scoped_principals == MadeBy::Vendor, ..HandsOff::NOTHING }
    }

    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        let permissions = verbs::grant_task_access::permissions(self, grants).await;
        self.fresh(permissions).await
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        let desired = verbs::enable_registry::desired(self, registries).await;
        self.fresh(desired).await
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        let bound = verbs::bind_scope::bound(self, bindings, permissions).await;
        self.fresh(bound).await
    }

    async fn caller(&self) -> Result<Option<Caller>> {
        Ok(self.arm.caller())
    }

    async fn stacks(&self) -> Result<Stacks> {
        stacks::found(self).await
    }

    async fn widened(&self, named: &Intents) -> Result<Option<Widened>> {
        let widened = observe::findings::widened::read(self, named).await;
        self.fresh(widened).await.map(Some)
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        permissions::permissions(self, intents, purpose)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        Locator::parse(&resource.locator).map(|locator| locator.in_task_code(self.config.cloud)).unwrap_or_default()
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        match Locator::parse(&reach.resource.locator).ok()? {
            Locator::Child(child) => Some((child.kind.code)(&child, self.config.cloud, reach.access)),
            Locator::Objects(_) | Locator::Secret(_) | Locator::Registry(_) | Locator::Resource(_) => None,
        }
    }
}

impl Azure {
    /// What the verbs have read, and read into.
    async fn snapshot(&self) -> Arc<Snapshot> {
        let new = || Snapshot::new(self.arm.clone(), self.names.group().clone());
        self.looks.lock().await.current(new)
    }

    /// The same, for an observation: never the same twice.
    async fn used_up_snapshot(&self) -> Arc<Snapshot> {
        let snapshot = self.snapshot().await;
        self.looks.lock().await.used_up();
        snapshot
    }

    /// Whoever asks again after a failure may do so much later: what was read until then goes.
    async fn fresh<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_err() {
            self.looks.lock().await.forget();
        }
        answer
    }

    /// Reads what a plan of these kinds of resources will need, all of it side by side: what the verbs ask for is there already then.
    async fn warm(&self, kinds: impl IntoIterator<Item = ResourceKind>) -> Result<()> {
        let kinds: BTreeSet<_> = kinds.into_iter().collect();
        let snapshot = self.snapshot().await;
        let here = self.config.subscription.as_str();
        let needs = |kind| kinds.contains(&kind);
        let holds = |holder| IN_HOLDER.iter().any(|kind| kind.holder == holder && kinds.contains(&kind.kind()));
        let (storage, vaults) = (
            needs(ResourceKind::OBJECT_STORE) || holds(Holder::StorageAccount),
            needs(ResourceKind::SECRET) || holds(Holder::Vault),
        );
        tokio::try_join!(
            async { early(self.credentials_of_ours(&snapshot).await) },
            async { snapshot.assignments(here).await.map(drop) },
            async { snapshot.custom_roles().await.map(drop) },
            async { snapshot.clusters(self.cluster_group()).await.map(drop) },
            async { if storage { early(snapshot.storage(here).await) } else { Ok(()) } },
            async { if vaults { early(snapshot.vaults(here).await) } else { Ok(()) } },
            async { if needs(ResourceKind::REGISTRY) { early(self.read_registries(&snapshot).await) } else { Ok(()) } },
        )?;
        Ok(())
    }

    async fn read_registries(&self, snapshot: &Snapshot) -> Result<()> {
        let read = snapshot.registries(self.config.subscription.as_str()).await?;
        *self.registries.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Whether a registry is known to look at roles for repositories, so that a role for one is for no other. Asks nothing.
    fn has_repository_permissions(&self, place: &Place) -> bool {
        let is_it = |registry: &Registry| match place {
            Place::Named(host) => registry.login_server.eq_ignore_ascii_case(&host.text),
            Place::At(id) => registry.id.eq_ignore_ascii_case(id.as_str()),
        };
        let registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        registries.iter().any(|registry| is_it(registry) && registry.mode == Mode::Repositories)
    }

    /// Whom the identities that the stack has made trust.
    async fn credentials_of_ours(&self, snapshot: &Snapshot) -> Result<()> {
        let identities = snapshot.identities().await?;
        let mut ours = Vec::new();
        for identity in identities.iter() {
            if let Ok(id) = ResourceId::parse(&identity.id)
                && self.names.marks(&id, &identity.tags)
                && !self.names.is_place(&id)
            {
                ours.push(id);
            }
        }
        let read = ours.into_iter().map(|id| async move { snapshot.credentials(&id).await.map(drop) });
        stream::iter(read).buffer_unordered(CREDENTIALS_AT_A_TIME).try_collect().await
    }
}

/// What was read before anybody needs it. Where it is denied, whoever needs it asks again: not every locator does.
fn early<T>(read: Result<T>) -> Result<()> {
    match read {
        Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(()),
        read => read.map(drop),
    }
}
