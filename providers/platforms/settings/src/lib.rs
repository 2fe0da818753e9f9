//! What platforms share that are told by the settings service of Flyte 2 and Union 2: under which Kubernetes service account task pods
//! run is a setting of each project and domain, and cloudgrant writes that over Connect.
//!
//! [`SettingsRecords`] is the backend, [`objects`] are what it writes. A setting names an account, and knows no owner. So there is an
//! annotation for pods among the settings beside it, which names the stack, its home, the account that was written and the principal
//! for which: that is the only mark of what is the stack's. Pods that start there carry it, and nothing reads it from them.
//!
//! The service replaces the settings of a project and domain as a whole, and each such record has a version. So what others have in it
//! is read, kept and written again, with the version that was read: where somebody was quicker, nothing is written, and all is read
//! anew. Nothing of theirs is ever lost.
//!
//! A setting says nothing of roles: the account must be there in each namespace, and name its principal, which is for whoever
//! administers the cluster.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod mark;
mod object;
mod observe;
mod permissions;
mod record;
mod records;
mod stacks;
mod write;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Desired, Intents, Marked, Object, ObjectId, Observed, Outcome, Pair, PermissionDocument,
    PlatformPlace, Purpose, Remainder, Result, Shares, Stack,
};
pub use cloudgrant_platform_control_plane::Environment;

use crate::mark::Mark;
pub use crate::object::objects;
use crate::records::SettingsService;

/// The kind of object that is the setting of a project and domain which names the service account of its tasks. Its name is
/// `PROJECT/DOMAIN`.
pub const SERVICE_ACCOUNT_SETTING: &str = "service-account-setting";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[SERVICE_ACCOUNT_SETTING];

/// The key of that setting, as `flyte edit settings` has it.
pub const SETTING: &str = "security.service_account";

/// Settings of a deployment, with those of which a stack sets the service account.
#[derive(Debug)]
pub struct SettingsRecords {
    mark: Mark,
    service: SettingsService,
    /// The projects and domains that the manifest names.
    named: Vec<Pair>,
}

impl SettingsRecords {
    /// Those of a stack at a home, in the deployment that the platform's own tools would reach. `platform` is the name by which
    /// manifests select it, `organization` that of the platform's customer: Union's control plane serves several, an open-source
    /// one knows none. Nothing is read yet, and nothing sent.
    pub fn new(stack: &Stack, home: &str, platform: &str, organization: &str) -> Self {
        let is_union = platform == "union";
        let organization = is_union.then(|| organization.to_owned());
        let service = SettingsService::of(Environment::default(), organization);
        Self { mark: Mark::of(stack, home), service, named: Vec::new() }
    }

    /// The same of a manifest that names these projects and domains: they are looked at also where nothing wants them any more and the
    /// deployment's list of projects leaves them out.
    #[must_use]
    pub fn of(mut self, named: Vec<Pair>) -> Self {
        self.named = named;
        self
    }

    /// The same with other surroundings than those of the process.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.service.way.set_environment(environment);
        self
    }

    /// The same where the manifest says which deployment it means, by its host, or host and port: any other is refused. It says
    /// nothing of how to get there, nor with which credentials.
    #[must_use]
    pub fn only_at(mut self, host: String) -> Self {
        self.service.way.keep_to(host);
        self
    }

    /// The same in the deployment of a sandbox, by its address.
    #[must_use]
    pub fn in_sandbox(mut self, endpoint: String) -> Self {
        self.service.way.put_in_sandbox(endpoint);
        self
    }

    /// The same where the cloud is a sandbox's: no other deployment than one of a sandbox may be told of what is there.
    #[must_use]
    pub fn only_in_sandbox(mut self) -> Self {
        self.service.way.keep_in_sandbox();
        self
    }

    /// What whoever runs cloudgrant must be allowed by the settings service, and no more. No request is sent.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> PermissionDocument {
        permissions::document(intents, purpose)
    }
}

#[async_trait]
impl Backend for SettingsRecords {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observe(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        write::change(self, change.change()).await
    }

    fn place(&self) -> String {
        self.service.way.place()
    }

    fn is_in_sandbox(&self) -> bool {
        self.service.way.is_in_sandbox()
    }

    fn remainder(&self, _: &ObjectId, shares: &Shares<'_>) -> Remainder {
        object::remainder(shares)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        object::commands(&self.mark, object)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let name = format!("{PLACE}{}", self.service.way.reached().await?);
        Ok(vec![PlatformPlace { name, kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        stacks::marked(&self.service).await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        Mark::of(stack, home).name().to_owned()
    }

    fn requests(&self) -> Option<u64> {
        Some(self.service.way.requests())
    }
}

/// How the names of places begin.
const PLACE: &str = "settings of ";

/// Whether a [place](Backend::reached) is a deployment whose settings are told.
pub fn is_place(place: &str) -> bool {
    place.starts_with(PLACE)
}

fn id(name: &str) -> ObjectId {
    ObjectId::new(SERVICE_ACCOUNT_SETTING, name)
}
