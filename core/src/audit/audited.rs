//! A provider whose changes are written down.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Event, Trail, with_requests};
use crate::checked::Checked;
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::intent::{Intents, RegistryAccess, ScopeBinding, TaskAccess};
use crate::object::{Desired, Object, Observed};
use crate::pace::Pace;
use crate::permissions::{Permissions, Purpose};
use crate::plan::Approved;
use crate::protected::Protected;
use crate::provider::{Caller, Outcome, Provider};
use crate::resource::Resource;
use crate::stacks::Stacks;

/// A provider, and a trail in which each of its changes has a line before and one after it.
#[derive(Debug)]
pub(crate) struct Audited {
    provider: Arc<dyn Provider>,
    trail: Arc<Trail>,
}

impl Audited {
    pub(crate) fn new(provider: Arc<dyn Provider>, trail: Arc<Trail>) -> Self {
        Self { provider, trail }
    }
}

#[async_trait]
impl Provider for Audited {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        self.provider.validate(intents)
    }

    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Desired> {
        self.provider.grant_task_access(grants).await
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        self.provider.enable_registry(registries).await
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>]) -> Result<Desired> {
        self.provider.bind_scope(bindings).await
    }

    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        self.provider.observe(desired).await
    }

    async fn apply(&self, approved: Approved<'_>) -> Result<Outcome> {
        let change = approved.change();
        let (action, object) = (change.action, &change.id);
        self.trail.append(Event::Attempt { action, object, because: &change.because })?;
        let (result, requests) = with_requests(self.provider.apply(approved)).await;
        let event = match &result {
            Ok(outcome) => Event::Applied { action, object, identifier: outcome.identifier.as_deref(), requests },
            Err(error) => Event::Failed { action, object, error: error.to_string(), requests },
        };
        // What was made is made: that it couldn't be written down is said, and the line before it stands.
        self.trail.append(event)?;
        result
    }

    fn settle_timeout(&self) -> Option<Duration> {
        self.provider.settle_timeout()
    }

    async fn caller(&self) -> Result<Option<Caller>> {
        self.provider.caller().await
    }

    async fn stacks(&self) -> Result<Stacks> {
        self.provider.stacks().await
    }

    fn protected(&self) -> Protected {
        self.provider.protected()
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<Permissions> {
        self.provider.permissions(intents, purpose)
    }

    fn look_again(&self) {
        self.provider.look_again();
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        self.provider.equivalent(object)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        self.provider.in_task_code(resource)
    }

    fn pace(&self) -> Option<&Pace> {
        self.provider.pace()
    }

    fn requests(&self) -> Option<u64> {
        self.provider.requests()
    }
}
