//! The stack's identities on units of the cloud's, such as computes: where their tags say that they are.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Action, Error, ObjectId, Observed, Obstacle, Result, RunsAs, Stays, Unmakeable};

use crate::client::arm::Identity;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::names::{UNIT_TAG, tag_of};
use crate::objects::managed_identity;
use crate::observe::looking::Looking;

/// How many units are read at a time.
pub(super) const AT_A_TIME: usize = 8;

/// The stack's identities by the units of a type that their tags name. The type is the last one of a resource ID: `computes`.
pub(super) async fn tagged(
    looking: Looking<'_>,
    snapshot: &Snapshot,
    of_type: &str,
) -> Result<BTreeMap<ResourceId, BTreeSet<ResourceId>>> {
    let mut identities: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for identity in snapshot.identities().await?.iter() {
        let Ok(id) = ResourceId::parse(&identity.id) else { continue };
        let unit = tag_of(&identity.tags, UNIT_TAG).filter(|_| looking.names.marks(&id, &identity.tags));
        if let Some(unit) = unit.and_then(|unit| ResourceId::parse(unit).ok()).filter(|unit| unit.is_of_type(of_type)) {
            identities.entry(unit).or_default().insert(id);
        }
    }
    Ok(identities)
}

/// The units of a kind on which the platform's workloads run, whatever is granted to these.
pub(super) fn of_platform(looking: Looking<'_>, kind: &str) -> BTreeSet<ResourceId> {
    let workloads = looking.platform.tenancy().workloads.iter().flatten();
    let unit = |workload| match looking.platform.runs_as(workload) {
        Some(RunsAs::Unit(unit)) if unit.kind == kind => ResourceId::parse(&unit.id).ok(),
        _ => None,
    };
    workloads.filter_map(unit).collect()
}

/// Whether the stack has any identity.
pub(super) async fn has_own(looking: Looking<'_>, snapshot: &Snapshot) -> Result<bool> {
    let identities = snapshot.identities().await?;
    let is_own =
        |identity: &Identity| ResourceId::parse(&identity.id).is_ok_and(|id| looking.names.marks(&id, &identity.tags));
    Ok(identities.iter().any(is_own))
}

/// Whether an identity that is on something is the stack's: it carries the stack's mark, or it is gone and was called as the stack calls
/// its own, where these are.
pub(super) async fn is_own(looking: Looking<'_>, snapshot: &Snapshot, id: &ResourceId) -> Result<bool> {
    if !looking.names.calls(id) {
        return Ok(false);
    }
    let there = snapshot.identity(id).await?;
    Ok(there.is_none_or(|identity| looking.names.marks(id, &identity.tags)))
}

pub(super) fn unmakeable(why: Error, obstacle: Obstacle, objects: BTreeSet<ObjectId>) -> Unmakeable {
    Unmakeable { why, actions: &[Action::Create, Action::Update], objects, obstacle }
}

/// Keeps identities that nothing wants any more as they are. What they may reach goes by itself; whether all does, where the unit can't be
/// read, nobody knows.
pub(super) fn keep(
    looking: Looking<'_>,
    identities: &BTreeSet<ResourceId>,
    (reason, is_empty): (&str, bool),
    observed: &mut Observed,
) {
    for identity in identities {
        let object = managed_identity::id(identity, looking.names.group());
        if observed.objects.remove(&object).is_some() {
            observed.stays.push(Stays { object, reason: reason.to_owned(), is_empty });
        }
    }
}
