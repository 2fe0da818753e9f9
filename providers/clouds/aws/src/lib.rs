//! The AWS provider of cloudgrant: IAM policies, roles by IRSA or EKS Pod Identity, and repository policies of ECR.
//!
//! A scope's grants become managed policies under the IAM path `/cloudgrant/STACK/`. Global ones are attached to
//! the platform's task role; a domain or a project-domain pair gets a role of its own, which trusts exactly its
//! service accounts, by the cluster's tokens or by associations of EKS, and carries the task policy, the policies of the wider scopes and its own. Scopes that are granted
//! the same share a policy. A registry, a
//! bucket or a key in another account gets a statement in its policy.
//!
//! Link it into a program with `use cloudgrant_aws as _;`.

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
mod shared_document;
mod stacks;
mod verbs;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Attributes, Backend, Bound, Caller, Capabilities, Checked, ClientCode, Confirmed, Connect, Context,
    Conventions, Desired, Diagnostic, Error, GrantName, Handoff, HandsOff, HowAsked, IntentId, Intents, Object,
    ObjectId, Observed, Outcome, Pace, PermissionDocument, Permissions, Protected, Provider, Purpose, Reach,
    RegistryAccess, Remainder, Resource, ResourceKind, Result, Scope, ScopeBinding, Shares, Stacks, TaskAccess,
    TerraformBlock, Widened, register_provider,
};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

pub use config::{Account, AccountId, AssumeRole, Binding, Cluster, Config, Credentials, Fixed};

use crate::client::Clients;
use crate::inventory::lookups::secrets::Lookup;
use crate::inventory::snapshot::{Quotas, Reading};
use crate::marks::{confirmations, platform_places, taken_back};
use crate::names::Names;
use crate::objects::kinds;
use crate::resources::locator::Locator;
use crate::shared_document::remainder;
use crate::shared_document::write::PolicyWriters;

register_provider!(Aws);

/// AWS, connected.
#[derive(Debug)]
pub struct Aws {
    context: Context,
    /// What the platform calls its own things on AWS.
    conventions: Conventions,
    config: Config,
    names: Names,
    clients: Clients,
    secrets: Lookup,
    buckets: inventory::lookups::buckets::Lookup,
    /// Whether buckets are asked although the stack's policies say what they are like.
    afresh: AtomicBool,
    /// Whether anything of the stack was at its home since it was connected.
    at_home: AtomicBool,
    identity: OnceCell<Caller>,
    quotas: OnceCell<Quotas>,
    /// Filled by the verbs, used up by the next observation: a plan reads the account once.
    reading: Mutex<Arc<Reading>>,
    /// The ARNs of the roles and policies that were made since it was connected: others may not know them yet.
    made: std::sync::Mutex<HashSet<String>>,
    /// One writer at a time for each document that others write too: it is replaced as a whole.
    shared: PolicyWriters,
}

#[async_trait]
impl Connect for Aws {
    const ID: &'static str = "aws";
    const SUMMARY: &'static str = "Amazon Web Services: IAM policies, IRSA roles, ECR repository policies";
    const CAPABILITIES: Capabilities = resources::kinds::CAPABILITIES;
    // Source: AWS SDKs and tools reference guide, "AWS Region".
    const VARIABLES: &'static [(&'static str, &'static str)] =
        &[("region", "AWS_REGION"), ("region", "AWS_DEFAULT_REGION")];
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
        let conventions = context.platform.conventions(Self::ID);
        let home = config.home_cluster();
        let names = Names::new(context.stack.clone(), config.partition(), config.account.clone(), home.as_deref())
            .with_task_role(config.task_role(&conventions));
        Ok(Self {
            names,
            clients: Clients::new(config.clone()),
            conventions,
            context,
            config,
            secrets: Lookup::default(),
            buckets: inventory::lookups::buckets::Lookup::default(),
            afresh: AtomicBool::new(false),
            at_home: AtomicBool::new(false),
            identity: OnceCell::new(),
            quotas: OnceCell::new(),
            reading: Mutex::default(),
            made: std::sync::Mutex::default(),
            shared: PolicyWriters::default(),
        })
    }
}

#[async_trait]
impl Backend for Aws {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observed(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        objects::change(self, change.change()).await
    }

    fn place(&self) -> String {
        format!("account {}", self.config.account)
    }

    fn is_in_sandbox(&self) -> bool {
        self.config.credentials == Some(config::Fixed::Sandbox)
    }

    fn settle_timeout(&self) -> Option<Duration> {
        self.config.settle_timeout.map(|timeout| timeout.0)
    }

    fn protected(&self) -> Protected {
        self.config.protected(&self.conventions)
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        match object.kind {
            kinds::STATEMENT | kinds::BUCKET_STATEMENT | kinds::KEY_STATEMENT => remainder::statement(shares),
            kinds::POLICY => packing::remainder::policy(shares),
            _ => Remainder::Untold,
        }
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        objects::terraform(object, &self.names)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        objects::commands::commands(object, &self.names)
    }

    fn pace(&self) -> Option<&Pace> {
        Some(self.clients.pace())
    }

    fn look_again(&self) {
        self.afresh.store(true, Ordering::Relaxed);
    }

    fn requests(&self) -> Option<u64> {
        Some(self.clients.counter().count())
    }
}

#[async_trait]
impl Provider for Aws {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        verbs::validate::intents(self, intents)
    }

    fn refusal(&self, intents: &Intents) -> Option<Error> {
        verbs::grant_task_access::protected(&self.config, &self.conventions, intents)
    }

    fn home(&self) -> String {
        self.names.home()
    }

    fn platform_place(&self, place: &str, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
        Some(platform_places::mark(&self.names, &self.config.tags, place, scope, because))
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        (!confirmed.taken_back || confirmations::keeps_roles(confirmed))
            .then(|| confirmations::mark(&self.names, &self.config.tags, confirmed))
    }

    fn edited_confirmation(&self, mark: &ObjectId) -> Option<Object> {
        Some(confirmations::edited_mark(&self.names, &self.config.tags, mark))
    }

    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        taken_back::handoff(kind, name, how, self.config.node_role(&self.conventions).as_deref())
    }

    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        verbs::grant_task_access::permissions(self, grants).await
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        verbs::enable_registry::desired(self, registries).await
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        verbs::bind_scope::bound(self, bindings, permissions).await
    }

    fn without_grants(&self, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
        match object.kind {
            // A mark names a place, and is for all that is there.
            kinds::POLICY if self.names.is_mark(&self.names.policy_arn(&object.name)) => Remainder::Untold,
            kinds::POLICY => packing::remainder::policy_without(there, grants),
            kinds::STATEMENT | kinds::BUCKET_STATEMENT | kinds::KEY_STATEMENT => {
                let sid = there["statement"]["Sid"].as_str().unwrap_or_default();
                let is_its = |grant: &GrantName| self.names.is_sid_of_first(sid, grant.as_str());
                if grants.iter().any(is_its) { Remainder::Nothing } else { Remainder::Untold }
            }
            _ => Remainder::Untold,
        }
    }

    fn holds_only(&self, object: &ObjectId, there: &Value, asked: &BTreeMap<ObjectId, Attributes>) -> bool {
        object.kind == kinds::POLICY
            && !self.names.is_mark(&self.names.policy_arn(&object.name))
            && packing::remainder::holds_only(there, asked)
    }

    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        resources::overlap::overlap(one.1, other.1)
    }

    fn hands_off(&self) -> HandsOff {
        // Roles are of the stack's account.
        HandsOff { bindings: false, ..HandsOff::EVERYTHING }
    }

    async fn caller(&self) -> Result<Option<Caller>> {
        self.identity().await.cloned().map(Some)
    }

    async fn stacks(&self) -> Result<Stacks> {
        stacks::found(self).await
    }

    async fn widened(&self, _: &Intents) -> Result<Option<Widened>> {
        observe::findings::widened::read(self).await.map(Some)
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        permissions::permissions(self, intents, purpose)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        match Locator::parse(&resource.locator) {
            Ok(Locator::Secret(secret)) => self.secrets.in_task_code(&secret),
            Ok(Locator::Objects(objects)) if !resource.locator.starts_with("s3://") => {
                vec![("URI", format!("s3://{}/{}", objects.bucket, objects.prefix))]
            }
            _ => Vec::new(),
        }
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        match Locator::parse(&reach.resource.locator).ok()? {
            Locator::Item(item) => Some((item.kind.code)(&item, reach.access)),
            Locator::Objects(_) | Locator::Secret(_) | Locator::Repository(_) | Locator::Other(_) => None,
        }
    }
}
