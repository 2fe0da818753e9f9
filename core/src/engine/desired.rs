//! What should be there: the verbs' answers, and what the platform must be told of the principals in them.

use crate::contract::delivery::{Outputs, Principal, Principals};
use crate::contract::error::{Error, Result};
use crate::contract::object::{Desired, ObjectId};
use crate::engine::cancel::Cancel;
use crate::engine::watch::{Event, Watch};
use crate::engine::{Engine, retry};
use crate::plan::diff::{self, check_answer, check_principals};
use crate::vocabulary::intent::Intents;
use crate::vocabulary::resource::Resource;

impl Engine {
    /// What should be there, as the provider and the platform say.
    ///
    /// # Errors
    /// The provider's or the platform's, or a breach of the contract.
    pub async fn desired(&self, watch: &dyn Watch) -> Result<Desired> {
        let (mut desired, principals) = self.desired_for(&self.intents, watch, &Cancel::default()).await?;
        desired.extend(self.delivered(&self.intents, principals, &Outputs::new())?);
        Ok(desired)
    }

    /// The principals under which task code is to run, each with what is known of it by now: the cloud is asked for what it
    /// chose.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub async fn principals(&self, watch: &dyn Watch) -> Result<Principals> {
        let cancel = Cancel::default();
        let (mut desired, principals) = self.desired_for(&self.intents, watch, &cancel).await?;
        desired.baseline = self.named.clone();
        let observed = self.observe(&desired, watch, &cancel).await?;
        let is_missing = |id: &&ObjectId| !observed.objects.contains_key(id);
        let missing =
            principals.iter().flat_map(|principal| &principal.depends_on).filter(is_missing).cloned().collect();
        Ok(Principals { known: principals.into_iter().map(|it| it.with(&observed.outputs)).collect(), missing })
    }

    /// What the platform must be told of principals, with what the cloud chose for them.
    pub(super) fn delivered(
        &self,
        intents: &Intents,
        principals: Vec<Principal>,
        outputs: &Outputs,
    ) -> Result<Desired> {
        let principals: Vec<_> = principals.into_iter().map(|principal| principal.with(outputs)).collect();
        let mut delivered = self.platform.deliver(&principals)?;
        let platform = self.platform.tenancy().kind.as_str();
        check_answer(platform, intents.bindings.iter().map(|binding| &**binding), &delivered)?;
        delivered.objects = diff::merge(platform, delivered.objects)?;
        Ok(delivered)
    }

    /// What should be there in the cloud, and the principals that the platform is to be told of.
    pub(super) async fn desired_for(
        &self,
        intents: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<(Desired, Vec<Principal>)> {
        watch.event(Event::Asking);
        let Intents { grants, registries, bindings, is_part: _ } = intents;
        let (provider, settings) = (&self.provider, &self.settings);
        // Side by side, as none of them needs what another one answers.
        let (desired, enabled, bound) = tokio::join!(
            retry::reading(settings, watch, cancel, || provider.grant_task_access(grants)),
            retry::reading(settings, watch, cancel, || provider.enable_registry(registries)),
            retry::reading(settings, watch, cancel, || provider.bind_scope(bindings)),
        );
        let ((mut desired, enabled), bound) = Error::both(Error::both(desired, enabled), bound)?;
        check_answer(self.id, grants.iter().map(|grant| &***grant), &desired)?;
        check_answer(self.id, registries.iter().map(|registry| &**registry), &enabled)?;
        check_answer(self.id, bindings.iter().map(|binding| &**binding), &bound.desired)?;
        check_principals(self.id, bindings, &bound.principals)?;
        desired.extend(enabled);
        desired.extend(bound.desired);
        desired.objects = diff::merge(self.id, desired.objects)?;
        // Of the grants alone: a binding that carries one has nothing to add to it.
        let settled = |resource: &Resource, access| provider.settles_level(resource, access);
        desired.notes.extend(grants.iter().flat_map(|grant| grant.notes(settled)).cloned());
        desired.notes.extend(registries.iter().flat_map(|registry| registry.notes(|_, _| false)).cloned());
        tracing::debug!(provider = self.id, objects = desired.objects.len(), "the provider said what should be there");
        Ok((desired, bound.principals))
    }
}
