//! What should be there: the verbs' answers, and what the platform must be told of the principals in them.

use std::collections::{BTreeSet, HashSet};

use crate::contract::delivery::{Bound, DeliveryFile, Principal, Principals};
use crate::contract::error::{Error, Result};
use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::desired::Desired;
use crate::contract::object::how_asked::{HandedOff, HowAsked};
use crate::contract::object::observed::Observed;
use crate::contract::object::reference::Outputs;
use crate::contract::platform::Platform;
use crate::engine::cancel::Cancel;
use crate::engine::planning::platform_places::Reached;
use crate::engine::retry;
use crate::engine::setup::Engine;
use crate::engine::watch::{Event, Silent, Watch};
use crate::plan::answers::{check_answer, check_permissions, check_principals};
use crate::plan::diff::{self, Aim};
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
    /// chose, and for how far they are as the manifest says.
    ///
    /// # Errors
    /// As [`plan`](Self::plan).
    pub async fn principals(&self, watch: &dyn Watch) -> Result<Principals> {
        let cancel = Cancel::default();
        let (mut desired, principals) = self.desired_for(&self.intents, watch, &cancel).await?;
        desired.baseline = self.named.clone();
        let observed = self.observe_all(&self.intents, &mut desired, principals.clone(), watch, &cancel).await?;
        let known: Vec<_> = principals.into_iter().map(|it| it.with(&observed.outputs)).collect();
        let plan = self.difference_for(Aim::Look, desired, observed)?;
        // Who may not apply may still read what is there. Whatever else is in the way, what is there may be somebody else's.
        if let Some(refusal) = plan.refusal.as_ref().filter(|refusal| !refusal.is_of_caller()) {
            return Err(refusal.error().told_again());
        }
        let needed: HashSet<_> = known.iter().flat_map(|principal| &principal.depends_on).collect();
        let is_of_one = |change: &&Change| {
            change.action != Action::Delete
                && std::iter::once(&change.id).chain(&change.depends_on).any(|id| needed.contains(id))
        };
        let pending = plan.work().filter(is_of_one).map(|change| change.id.clone()).collect();
        Ok(Principals { known, pending })
    }

    /// The same as files: [`Platform::files`].
    ///
    /// # Errors
    /// A breach of the contract: two files of one path, or one that leads out of the folder.
    pub fn files(&self, principals: &[Principal]) -> Result<Vec<DeliveryFile>> {
        let files = self.platform.files(principals);
        let mut seen = HashSet::new();
        let is_inside =
            |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'));
        match files.iter().find(|file| !is_inside(&file.path) || !seen.insert(&file.path)) {
            Some(file) => {
                let what = format!("its file `{}` isn't one of its own below the folder", file.path);
                Err(Error::provider_bug(self.platform_id(), what))
            }
            None => Ok(files),
        }
    }

    /// What is there in the cloud.
    async fn observe(&self, desired: &Desired, watch: &dyn Watch, cancel: &Cancel) -> Result<Observed> {
        watch.event(Event::Observing);
        let observed = retry::reading(&self.settings, watch, cancel, || self.provider.observe(desired)).await?;
        check_kinds(self.id, self.platform.as_ref(), observed.objects.keys())?;
        Ok(observed)
    }

    /// What is there in the cloud and on the platform, side by side. What the platform must be told is added to what should be
    /// there, with what the cloud chose for it.
    pub(in crate::engine) async fn observe_all(
        &self,
        intents: &Intents,
        desired: &mut Desired,
        principals: Vec<Principal>,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Observed> {
        let Some(platform) = self.platform.backend() else {
            let mut observed = self.observe(desired, watch, cancel).await?;
            desired.extend(self.delivered(intents, principals, &observed.outputs)?);
            self.keep_places(&Reached::default(), desired, &mut Observed::default(), &mut observed);
            return Ok(observed);
        };
        let issuers = self.issuers(&principals).await;
        let mut told = self.delivered(intents, principals.clone(), &Outputs::new())?;
        let (baseline, thorough) = (desired.baseline.clone(), desired.thorough);
        let tell = |told: &mut Desired| {
            (told.baseline, told.thorough) = (baseline.clone(), thorough);
            told.issuers.clone_from(&issuers);
        };
        tell(&mut told);
        let mut reached = self.reach(platform, &told, desired, watch, cancel).await?;
        let on_platform =
            async |told: &Desired| retry::reading(&self.settings, watch, cancel, || platform.observe(told)).await;
        // What is on the platform is held against what the cloud chose, where it is told that.
        let (mut observed, mut on_platform) = if told.objects.iter().all(|object| object.references.is_empty()) {
            let (observed, on_platform) = tokio::join!(self.observe(desired, watch, cancel), on_platform(&told));
            Error::both(observed, on_platform)?
        } else {
            let observed = self.observe(desired, watch, cancel).await?;
            let mut told = self.delivered(intents, principals.clone(), &observed.outputs)?;
            tell(&mut told);
            let on_platform = on_platform(&told).await?;
            (observed, on_platform)
        };
        let kinds = self.platform.kinds();
        if let Some(other) = on_platform.objects.keys().find(|id| !kinds.contains(&id.kind)) {
            return Err(Error::provider_bug(
                self.platform_id(),
                format!("it offers {other}, a kind that isn't its own"),
            ));
        }
        reached.known()?;
        let mut delivered = self.delivered(intents, principals, &observed.outputs)?;
        reached.bind(&mut delivered);
        desired.extend(delivered);
        self.keep_places(&reached, desired, &mut on_platform, &mut observed);
        observed.extend(on_platform);
        observed.bind_names();
        Ok(observed)
    }

    /// The issuers of the clusters in which the manifest's principals are used. Where everything goes, no principal is asked for, and
    /// what the manifest says of them counts; what can't be told, as a resource is gone, is left out.
    async fn issuers(&self, principals: &[Principal]) -> BTreeSet<String> {
        let named = |principal: &Principal| principal.identity.issuers().to_vec();
        if !principals.is_empty() || !self.thorough {
            return principals.iter().flat_map(named).collect();
        }
        let once = Cancel::default();
        once.cancel();
        let asked = self.desired_for(&self.named, &Silent, &once).await;
        asked.iter().flat_map(|(_, principals)| principals).flat_map(named).collect()
    }

    fn platform_id(&self) -> &str {
        &self.platform.tenancy().kind
    }

    /// What the platform must be told of principals, with what the cloud chose for them.
    pub(in crate::engine) fn delivered(
        &self,
        intents: &Intents,
        principals: Vec<Principal>,
        outputs: &Outputs,
    ) -> Result<Desired> {
        let principals: Vec<_> = principals.into_iter().map(|principal| principal.with(outputs)).collect();
        let mut delivered = self.platform.deliver(&principals)?;
        let platform = self.platform_id();
        check_delivered(platform, self.platform.as_ref(), &delivered)?;
        for object in &mut delivered.objects {
            object.resolve(outputs);
            if let Some(handoff) = &mut object.handoff {
                handoff.how = std::mem::take(&mut handoff.how).with(HowAsked::PLATFORM, platform);
            }
        }
        let of_platform = |HandedOff { object, how }| HandedOff { object, how: how.with(HowAsked::PLATFORM, platform) };
        delivered.takes_over = std::mem::take(&mut delivered.takes_over).into_iter().map(of_platform).collect();
        check_answer(platform, intents.bindings.iter().map(|binding| &**binding), &delivered)?;
        delivered.objects = diff::merge(platform, delivered.objects)?;
        Ok(delivered)
    }

    /// What should be there in the cloud, and the principals that the platform is to be told of.
    pub(in crate::engine) async fn desired_for(
        &self,
        intents: &Intents,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<(Desired, Vec<Principal>)> {
        watch.event(Event::Asking);
        let takes_away = self.baseline.is_some() || self.thorough;
        if let Some(refusal) = self.provider.refusal(intents).filter(|_| !takes_away) {
            return Err(refusal);
        }
        let Intents { grants, registries, bindings, is_part: _ } = intents;
        let (provider, settings) = (&self.provider, &self.settings);
        // Whose principals carry what is told once it is known what that is. A registry needs neither.
        let granted_and_bound = async {
            let grant = || provider.grant_task_access(grants);
            let permissions = retry::reading(settings, watch, cancel, grant).await;
            let bound = match &permissions {
                Ok(permissions) => {
                    let bind = || provider.bind_scope(bindings, permissions);
                    retry::reading(settings, watch, cancel, bind).await
                }
                Err(_) => Ok(Bound::default()),
            };
            (permissions, bound)
        };
        let enabled = retry::reading(settings, watch, cancel, || provider.enable_registry(registries));
        let ((permissions, bound), enabled) = tokio::join!(granted_and_bound, enabled);
        let ((permissions, enabled), bound) = Error::both(Error::both(permissions, enabled), bound)?;
        check_permissions(self.id, grants, &permissions)?;
        check_answer(self.id, registries.iter().map(|registry| &**registry), &enabled)?;
        check_answer(self.id, bindings.iter().map(|binding| &**binding), &bound.desired)?;
        check_principals(self.id, bindings, &bound.principals)?;
        let mut desired = permissions.desired;
        for desired in [&desired, &enabled, &bound.desired] {
            check_kinds(self.id, self.platform.as_ref(), desired.objects.iter().map(|object| &object.id))?;
        }
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

/// Holds what a cloud says against the platform's kinds: whoever has an object is told by its kind.
fn check_kinds<'a>(provider: &str, platform: &dyn Platform, mut ids: impl Iterator<Item = &'a ObjectId>) -> Result<()> {
    let kinds = platform.kinds();
    match ids.find(|id| kinds.contains(&id.kind)) {
        Some(id) => Err(Error::provider_bug(provider, format!("{id} is of a kind of the platform's"))),
        None => Ok(()),
    }
}

/// Holds what a platform says against its contract: its kinds are its own, and where it has no backend, everything is left to
/// people.
fn check_delivered(id: &str, platform: &dyn Platform, delivered: &Desired) -> Result<()> {
    let kinds = platform.kinds();
    if let Some(object) = delivered.objects.iter().find(|object| !kinds.contains(&object.id.kind)) {
        return Err(Error::provider_bug(id, format!("{} is of a kind that isn't its own", object.id)));
    }
    let has_backend = platform.backend().is_some();
    match delivered.objects.iter().find(|object| object.handoff.is_none() && !has_backend) {
        Some(object) => Err(Error::provider_bug(id, format!("nobody is to make {}: it has no backend", object.id))),
        None => Ok(()),
    }
}
