//! The Azure provider of cloudgrant: role assignments, managed identities and federated credentials.
//!
//! A scope's grants become role assignments to the managed identity under which its task code runs: for the global scope
//! the platform's own, for a domain one (or several) that trusts exactly the domain's service accounts. A role is
//! assigned on the narrowest scope that holds the resource, with a condition where a prefix is meant; a grant that insists
//! on exactly its level gets a custom role. Domains are as narrow as it gets on Azure.
//!
//! Link it into a program with `use cloudgrant_azure as _;`.
//!
//! The folders stand above each other, and a file takes what it needs from its own and from those to the right (`tests/layers.rs`
//! holds that): lib → verbs, stacks, permissions → observe → packing → marks → objects → inventory → resources → policy → client →
//! names → config → error. Only this file knows the whole provider; it gives out handles.

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
#[cfg(test)]
mod tests;
mod verbs;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Access, Approved, Backend, Bound, Caller, Capabilities, Checked, ClientCode, Confirmed, Connect, Context,
    Conventions, Desired, Diagnostic, Error, HandsOff, IntentId, Intents, MadeBy, Object, ObjectId, Observed, Outcome,
    Pace, PermissionDocument, Permissions, Platform, Protected, Provider, Purpose, Reach, RegistryAccess, Remainder,
    Resource, ResourceKind, Result, Scope, ScopeBinding, Shares, Stacks, TaskAccess, TerraformBlock, Widened,
    register_provider,
};
use serde_json::Value;

pub use config::{Cloud, Cluster, Config, Credentials, Guid};

use crate::client::Arm;
use crate::inventory::cache::Inventory;
use crate::names::Names;
use crate::objects::writers::Writers;
use crate::observe::looking::Looking;
use crate::resources::locator::Locator;

register_provider!(Azure);

/// Azure, connected.
#[derive(Debug)]
pub struct Azure {
    platform: Arc<dyn Platform>,
    /// What the platform calls its own things on Azure.
    conventions: Conventions,
    config: Arc<Config>,
    names: Arc<Names>,
    client: Arc<Arm>,
    inventory: Inventory,
    writers: Writers,
}

#[async_trait]
impl Connect for Azure {
    const ID: &'static str = "azure";
    const SUMMARY: &'static str = "Microsoft Azure: role assignments, managed identities, federated credentials";
    const CAPABILITIES: Capabilities = resources::capabilities::CAPABILITIES;
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
        let names = Arc::new(Names::new(context.stack.clone(), group).with_tags(config.tags.clone()));
        let client = Arc::new(Arm::new(&config)?);
        let conventions = context.platform.conventions(Self::ID);
        let config = Arc::new(config);
        let task_principal = conventions.task_principal.clone();
        Ok(Self {
            inventory: Inventory::new(client.clone(), config.clone(), names.clone(), task_principal),
            platform: context.platform.clone(),
            conventions,
            config,
            names,
            client,
            writers: Writers::default(),
        })
    }
}

#[async_trait]
impl Backend for Azure {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let observed = observe::observed(self.looking(), desired).await;
        self.inventory.fresh(observed).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        objects::apply(self.of_objects(), change.change()).await
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
        packing::remainder::of(object, shares, self.platform.outer_unit().as_ref())
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        let blocks = objects::kind(object.id.kind)?.terraform(self.of_objects(), object)?;
        let subscription = self.config.subscription.as_str();
        let what = format!("subscription {subscription}: name it in its provider");
        let guard = TerraformBlock::guard("azurerm_subscription", ("subscription_id", subscription), &what);
        // Arguments are called otherwise in 4, and may be in 6.
        let versions = TerraformBlock::required_provider("azurerm", "hashicorp/azurerm", ">= 5.0.0, < 6.0.0");
        Some(std::iter::once(versions).chain(TerraformBlock::behind(guard, blocks)).collect())
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        objects::kind(object.id.kind).map(|kind| kind.commands(self.of_objects(), object)).unwrap_or_default()
    }

    fn look_again(&self) {
        self.inventory.look_again();
    }

    fn pace(&self) -> Option<&Pace> {
        Some(self.client.pace())
    }

    fn requests(&self) -> Option<u64> {
        Some(self.client.requests())
    }
}

#[async_trait]
impl Provider for Azure {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        verbs::validate::intents(&self.config, &self.names, &self.conventions, intents)
    }

    fn settles_level(&self, resource: &Resource, access: Access) -> bool {
        self.config.role(&resource.name, access).is_some()
    }

    fn home(&self) -> String {
        self.names.home().to_owned()
    }

    fn platform_place(&self, place: &str, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
        Some(marks::platform_places::mark(&self.names, place, scope, because))
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        Some(marks::confirmations::mark(&self.names, confirmed))
    }

    fn give_same(&self, one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
        objects::role_assignment::give_same(one, other)
    }

    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        resources::overlap::overlap(&self.config, &self.names, &self.inventory.known_registries(), one, other)
    }

    fn hands_off(&self) -> HandsOff {
        HandsOff { bindings: self.conventions.scoped_principals == MadeBy::Vendor, ..HandsOff::NOTHING }
    }

    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        let permissions = verbs::grant_task_access::permissions(self.of_verbs(), grants).await;
        self.inventory.fresh(permissions).await
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        let desired = verbs::enable_registry::desired(self.of_verbs(), registries).await;
        self.inventory.fresh(desired).await
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        let bound = verbs::bind_scope::bound(self.of_verbs(), bindings, permissions).await;
        self.inventory.fresh(bound).await
    }

    async fn caller(&self) -> Result<Option<Caller>> {
        Ok(self.client.caller())
    }

    async fn stacks(&self) -> Result<Stacks> {
        stacks::found(&self.client, &self.names, &self.config.tenant).await
    }

    async fn widened(&self, named: &Intents) -> Result<Option<Widened>> {
        let widened = observe::findings::widened::read(self.looking(), named).await;
        self.inventory.fresh(widened).await.map(Some)
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        permissions::permissions(&self.config, &self.names, &*self.platform, intents, purpose)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        resource.locator.parsed::<Locator>().in_task_code(self.config.cloud)
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        match Locator::of(reach) {
            Locator::Child(child) => Some((child.kind.code)(child, self.config.cloud, reach.access)),
            Locator::Objects(_) | Locator::Secret(_) | Locator::Registry(_) | Locator::Resource(_) => None,
        }
    }
}

impl Azure {
    fn looking(&self) -> Looking<'_> {
        let Self { config, names, client, inventory, platform, .. } = self;
        Looking { config, names, client, inventory, platform: &**platform }
    }

    fn of_verbs(&self) -> verbs::handles::Handles<'_> {
        let Self { config, names, inventory, platform, conventions, .. } = self;
        verbs::handles::Handles { config, names, inventory, platform: &**platform, conventions }
    }

    fn of_objects(&self) -> objects::handles::Handles<'_> {
        let Self { config, names, client, inventory, writers, .. } = self;
        objects::handles::Handles { config, names, client, inventory, writers }
    }
}
