//! The backend: whose settings, in which deployment.

use cloudgrant_core::{Intents, Pair, PermissionDocument, Purpose, Stack};
use cloudgrant_platform_control_plane::Environment;

use crate::mark::Mark;
use crate::permissions;
use crate::records::SettingsService;

/// Settings of a deployment, with those of which a stack sets the service account.
#[derive(Debug)]
pub struct SettingsRecords {
    pub(crate) mark: Mark,
    pub(crate) service: SettingsService,
    /// The projects and domains that the manifest names.
    pub(crate) named: Vec<Pair>,
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
