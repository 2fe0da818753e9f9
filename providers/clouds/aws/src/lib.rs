//! The AWS provider of cloudgrant: IAM policies, roles by IRSA or EKS Pod Identity, and repository policies of ECR.
//!
//! A scope's grants become managed policies under the IAM path `/cloudgrant/STACK/`. Global ones are attached to
//! the platform's task role; a domain or a project-domain pair gets a role of its own, which trusts exactly its
//! service accounts, by the cluster's tokens or by associations of EKS, and carries the task policy, the policies of the wider scopes and its own. Scopes that are granted
//! the same share a policy. A registry, a
//! bucket or a key in another account gets a statement in its policy.
//!
//! Link it into a program with `use cloudgrant_aws as _;`.
//!
//! This file stands above all others. A folder imports from those behind it only (`tests/layers.rs` holds that): verbs, stacks,
//! permissions → observe → packing → marks → objects → inventory → shared_document → resources → policy → client → names → config →
//! error.

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
#[cfg(test)]
pub(crate) mod tests;
mod verbs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Attributes, Backend, Bound, Caller, Capabilities, Checked, ClientCode, Confirmed, Connect, Context,
    Conventions, Desired, Diagnostic, Error, GrantName, Handoff, HandsOff, HowAsked, IntentId, Intents, Object,
    ObjectId, Observed, Outcome, Pace, PermissionDocument, Permissions, Platform, Protected, Provider, Purpose, Reach,
    RegistryAccess, Remainder, Resource, ResourceKind, Result, Scope, ScopeBinding, Shares, Stacks, TaskAccess,
    TerraformBlock, Widened, register_provider,
};
use serde_json::Value;

pub use config::{Account, AccountId, AssumeRole, Binding, Cluster, Config, Credentials, Fixed};

use crate::client::Clients;
use crate::inventory::cache::Inventory;
use crate::marks::{confirmations, platform_places, taken_back};
use crate::names::Names;
use crate::observe::looking::Looking;
use crate::resources::locator::Locator;
use crate::shared_document::write::PolicyWriters;

register_provider!(Aws);

/// AWS, connected.
#[derive(Debug)]
pub struct Aws {
    config: Arc<Config>,
    names: Arc<Names>,
    clients: Arc<Clients>,
    inventory: Inventory,
    platform: Arc<dyn Platform>,
    /// What the platform calls its own things on AWS.
    conventions: Conventions,
    writers: PolicyWriters,
}

impl Aws {
    fn looking(&self) -> Looking<'_> {
        let Self { config, names, clients, inventory, platform, conventions, .. } = self;
        Looking { config, names, clients, inventory, platform: &**platform, conventions }
    }

    fn of_verbs(&self) -> verbs::handles::Handles<'_> {
        let Self { config, names, clients, inventory, conventions, .. } = self;
        verbs::handles::Handles { config, names, clients, inventory, conventions }
    }

    fn of_objects(&self) -> objects::handles::Handles<'_> {
        let Self { config, names, clients, inventory, writers, .. } = self;
        objects::handles::Handles { config, names, clients, inventory, writers }
    }
}

#[async_trait]
impl Connect for Aws {
    const ID: &'static str = "aws";
    const SUMMARY: &'static str = "Amazon Web Services: IAM policies, IRSA roles, ECR repository policies";
    const CAPABILITIES: Capabilities = resources::capabilities::CAPABILITIES;
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
        let (config, names) = (Arc::new(config), Arc::new(names));
        let clients = Arc::new(Clients::new((*config).clone()));
        let platform = context.platform;
        let inventory =
            Inventory::new(clients.clone(), config.clone(), names.clone(), platform.clone(), conventions.clone());
        Ok(Self { config, names, clients, inventory, platform, conventions, writers: PolicyWriters::default() })
    }
}

#[async_trait]
impl Backend for Aws {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observed(self.looking(), desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        objects::apply(self.of_objects(), change.change()).await
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
        packing::remainder::of(object, shares)
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        let blocks = objects::kind(object.id.kind)?.terraform(self.of_objects(), object)?;
        let account = self.config.account.as_str();
        let what = format!("account {account}: give its provider credentials of that one");
        let guard = TerraformBlock::guard("aws_caller_identity", ("account_id", account), &what);
        // `aws_eks_pod_identity_association` is in it since 5.29; 7 may call things otherwise, as 6 does in part.
        let versions = TerraformBlock::required_provider("aws", "hashicorp/aws", ">= 5.29.0, < 7.0.0");
        Some(std::iter::once(versions).chain(TerraformBlock::behind(guard, blocks)).collect())
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        objects::kind(object.id.kind).map(|kind| kind.commands(self.of_objects(), object)).unwrap_or_default()
    }

    /// No command of the tool's names an account: whose the credentials are decides.
    fn place_guard(&self) -> Option<String> {
        let account = self.config.account.as_str();
        Some(format!(
            "if [ \"$(aws sts get-caller-identity --query Account --output text)\" != {account} ]; then\n  \
             echo 'these commands are for account {account}, and the credentials are of another one' >&2\n  exit 1\nfi"
        ))
    }

    fn pace(&self) -> Option<&Pace> {
        Some(self.clients.pace())
    }

    fn look_again(&self) {
        self.inventory.look_again();
    }

    fn requests(&self) -> Option<u64> {
        Some(self.clients.counter().count())
    }
}

#[async_trait]
impl Provider for Aws {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        verbs::validate::intents(self.of_verbs(), intents)
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
        verbs::grant_task_access::permissions(self.of_verbs(), grants).await
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        verbs::enable_registry::desired(self.of_verbs(), registries).await
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        verbs::bind_scope::bound(self.of_verbs(), bindings, permissions).await
    }

    fn without_grants(&self, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
        packing::remainder::without_grants(&self.names, object, there, grants)
    }

    fn holds_only(&self, object: &ObjectId, there: &Value, asked: &BTreeMap<ObjectId, Attributes>) -> bool {
        packing::remainder::holds_only(&self.names, object, there, asked)
    }

    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        resources::overlap::overlap(one.1, other.1)
    }

    fn hands_off(&self) -> HandsOff {
        // Roles are of the stack's account.
        HandsOff { bindings: false, ..HandsOff::EVERYTHING }
    }

    async fn caller(&self) -> Result<Option<Caller>> {
        self.inventory.identity().await.cloned().map(Some)
    }

    async fn stacks(&self) -> Result<Stacks> {
        stacks::found(self.looking()).await
    }

    async fn widened(&self, _: &Intents) -> Result<Option<Widened>> {
        observe::findings::widened::read(self.looking()).await.map(Some)
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        let Self { config, names, conventions, .. } = self;
        permissions::permissions(permissions::handles::Handles { config, names, conventions }, intents, purpose)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        match resource.locator.parsed() {
            Locator::Secret(secret) => self.inventory.secrets.in_task_code(secret),
            // However the manifest writes it: an ARN, an address, or with a star at its end.
            Locator::Objects(objects) => {
                let uri = format!("s3://{}/{}", objects.bucket, objects.prefix);
                let is_so_written = uri.trim_end_matches('/') == resource.locator.trim_end_matches('/');
                if is_so_written { Vec::new() } else { vec![("URI", uri)] }
            }
            _ => Vec::new(),
        }
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        match reach.resource.locator.parsed() {
            Locator::Item(item) => Some((item.kind.code)(item, reach.access)),
            Locator::Objects(_) | Locator::Secret(_) | Locator::Repository(_) | Locator::Other(_) => None,
        }
    }
}
