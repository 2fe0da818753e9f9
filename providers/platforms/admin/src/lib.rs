//! What platforms share that are told by Flyte admin, the control plane of Flyte 1 and of Union: which principal task code runs
//! under is a value in the cluster resource attributes of each project and domain, and cloudgrant writes that by its REST API.
//!
//! [`AdminRecords`] is the backend, [`objects`] are what it writes. Flyte admin knows no owner of a key, and replaces the record of a
//! project and domain as a whole. So each value has a key beside it, which names the stack, its home, and the value that was
//! written: that is the only mark of what is the stack's. No template of the platform's charts has such a key, so that it changes
//! nothing. What others have in a record is read, kept and written again.
//!
//! Flyte admin has no lock either. Between reading a record and writing it, one request later, what somebody else writes is
//! lost; what is written before or after isn't, and what overwrote the stack's own is seen and mended, as each write is read back.
//!
//! The way there is that of the control plane as a whole (`cloudgrant-platform-control-plane`).

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod mark;
mod object;
mod observe;
mod permissions;
mod records;
mod stacks;
mod write;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Desired, Intents, Marked, Object, ObjectId, Observed, Outcome, PermissionDocument,
    PlatformPlace, Purpose, Remainder, Result, Shares, Stack,
};

pub use cloudgrant_platform_control_plane::Environment;

use crate::mark::Mark;
pub use crate::object::{objects, unfit_attribute};
use crate::records::Admin;

/// The kind of object that is a value in the cluster resource attributes of a project and domain. Its name is `PROJECT/DOMAIN`.
pub const CLUSTER_RESOURCE_ATTRIBUTE: &str = "cluster-resource-attribute";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[CLUSTER_RESOURCE_ATTRIBUTE];

/// Cluster resource attributes of a deployment, with the values that a stack sets.
#[derive(Debug)]
pub struct AdminRecords {
    mark: Mark,
    admin: Admin,
    tool: &'static str,
}

impl AdminRecords {
    /// Those of a stack at a home, in the deployment that the platform's own tools would reach. `platform` is the name by which
    /// manifests select it. Nothing is read yet, and nothing sent.
    pub fn new(stack: &Stack, home: &str, platform: &str) -> Self {
        let is_union = platform == "union";
        let tool = if is_union { "uctl" } else { "flytectl" };
        Self { mark: Mark::of(stack, home), admin: Admin::of(Environment::default(), is_union), tool }
    }

    /// The same with other surroundings than those of the process.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.admin.way.set_environment(environment);
        self
    }

    /// The same where the manifest says which deployment it means, by its host, or host and port: any other is refused. It says
    /// nothing of how to get there, nor with which credentials.
    #[must_use]
    pub fn only_at(mut self, host: String) -> Self {
        self.admin.way.keep_to(host);
        self
    }

    /// The same in the deployment of a sandbox, by its address.
    #[must_use]
    pub fn in_sandbox(mut self, endpoint: String) -> Self {
        self.admin.way.put_in_sandbox(endpoint);
        self
    }

    /// The same where the cloud is a sandbox's: no other deployment than one of a sandbox may be told of what is there.
    #[must_use]
    pub fn only_in_sandbox(mut self) -> Self {
        self.admin.way.keep_in_sandbox();
        self
    }

    /// What whoever runs cloudgrant must be allowed by Flyte admin, and no more. No request is sent.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> PermissionDocument {
        permissions::document(intents, purpose)
    }
}

#[async_trait]
impl Backend for AdminRecords {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observe(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        write::change(self, change.change()).await
    }

    fn place(&self) -> String {
        self.admin.way.place()
    }

    fn is_in_sandbox(&self) -> bool {
        self.admin.way.is_in_sandbox()
    }

    fn remainder(&self, _: &ObjectId, shares: &Shares<'_>) -> Remainder {
        if observe::is_edited(shares.there) {
            return observe::left_of_edited(shares);
        }
        shares.of_names("attributes")
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        object::commands(self.tool, &self.mark, object)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let name = format!("{PLACE}{}", self.admin.way.reached().await?);
        Ok(vec![PlatformPlace { name, kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        stacks::marked(&self.admin).await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        Mark::of(stack, home).name().to_owned()
    }

    fn requests(&self) -> Option<u64> {
        Some(self.admin.way.requests())
    }
}

/// How the names of places begin.
const PLACE: &str = "cluster resource attributes of ";

/// Whether a [place](Backend::reached) is a deployment.
pub fn is_place(place: &str) -> bool {
    place.starts_with(PLACE)
}

fn id(name: &str) -> ObjectId {
    ObjectId::new(CLUSTER_RESOURCE_ATTRIBUTE, name)
}
