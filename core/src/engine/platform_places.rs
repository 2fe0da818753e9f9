//! Places on a platform: a cluster, a deployment. Nothing but the platform remembers what it was told there, and a manifest can forget
//! which one it was. So the cloud keeps a mark for each, which comes before the first write there and goes after the last.
//!
//! A mark leads nowhere. Which place is reached, and with which credentials, whoever runs this says; a mark is only held against it.

use std::collections::BTreeMap;

use crate::contract::backend::Backend;
use crate::contract::error::{Error, Result};
use crate::contract::object::{Desired, ObjectId};
use crate::contract::observed::Observed;
use crate::contract::stacks::not_reached;
use crate::engine::cancel::Cancel;
use crate::engine::watch::Watch;
use crate::engine::{Engine, retry};
use crate::plan::diff;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::scope::Scope;

/// The place that a run reaches, and the mark that names it.
#[derive(Debug, Default)]
pub(super) struct Reached {
    mark: Option<ObjectId>,
    /// Why nobody knows which one it is. What is there can't be looked at then either.
    unknown: Option<Error>,
}

impl Reached {
    /// Has what is told need the mark, so that it comes after it.
    pub(super) fn bind(&self, told: &mut Desired) {
        let made = told.objects.iter_mut().filter(|object| object.handoff.is_none());
        made.for_each(|object| object.depends_on.extend(self.mark.clone()));
    }

    /// Why nothing may be written: the place has no name, and so no mark.
    ///
    /// # Errors
    /// That.
    pub(super) fn known(&mut self) -> Result<()> {
        self.unknown.take().map_or(Ok(()), Err)
    }
}

impl Engine {
    /// Asks which place is reached, and wants the mark of it where something is to be told there.
    pub(super) async fn reach(
        &self,
        platform: &dyn Backend,
        told: &Desired,
        desired: &mut Desired,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Reached> {
        let place = match retry::reading(&self.settings, watch, cancel, || platform.reached()).await {
            Ok(Some(place)) => place,
            Ok(None) => return Ok(Reached::default()),
            Err(error) => return Ok(Reached { unknown: Some(error), mark: None }),
        };
        let mut because: BTreeMap<&Scope, Vec<IntentId>> = BTreeMap::new();
        for object in told.objects.iter().filter(|object| object.handoff.is_none()) {
            let all = because.entry(&object.scope).or_default();
            let new: Vec<_> = object.because.iter().filter(|intent| !all.contains(intent)).cloned().collect();
            all.extend(new);
        }
        let mark = |(scope, because)| self.provider.platform_place(&place, scope, because);
        desired.objects.extend(because.into_iter().filter_map(mark));
        desired.objects = diff::merge(self.id, std::mem::take(&mut desired.objects))?;
        let mark = self.provider.platform_place(&place, &Scope::Global, Vec::new()).map(|object| object.id);
        Ok(Reached { mark, unknown: None })
    }

    /// Lets a mark go after all that is at its place, and keeps it where something may be left there: what nobody looked at, and
    /// what no run takes away.
    pub(super) fn keep_places(
        &self,
        reached: &Reached,
        desired: &Desired,
        on_platform: &mut Observed,
        observed: &mut Observed,
    ) {
        let is_wanted = |mark: &ObjectId| desired.objects.iter().any(|object| object.id == *mark);
        for (mark, place) in std::mem::take(&mut observed.platform_places) {
            if reached.mark.as_ref() != Some(&mark) {
                observed.objects.remove(&mark);
                // It may be told already, by who knows more of it.
                if !on_platform.unsearched.iter().any(|known| known.place == place) {
                    let why = format!(
                        "this stack told a platform there which principals are its own, as {mark} says; if the place is gone for \
                         good, delete that"
                    );
                    observed.unsearched.push(not_reached(&place, &why, self.platform.way_to(&place)));
                }
                continue;
            }
            for found in on_platform.objects.values_mut().filter(|found| found.owned) {
                found.depends_on.push(mark.clone());
            }
            let stays = |object: &ObjectId| !on_platform.objects.contains_key(object);
            // Whoever takes single grants away leaves to `apply` what else is at the place.
            let is_kept = self.baseline.is_some() || on_platform.stays.iter().any(|one| stays(&one.object));
            if is_kept && !is_wanted(&mark) {
                observed.objects.remove(&mark);
            }
        }
    }
}
