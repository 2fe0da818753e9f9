//! The backend: whose values, in which deployment.

use cloudgrant_core::{Intents, PermissionDocument, Purpose, Stack};
use cloudgrant_platform_control_plane::Environment;

use crate::mark::Mark;
use crate::permissions;
use crate::records::Admin;

/// Cluster resource attributes of a deployment, with the values that a stack sets.
#[derive(Debug)]
pub struct AdminRecords {
    pub(crate) mark: Mark,
    pub(crate) admin: Admin,
    pub(crate) tool: &'static str,
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
