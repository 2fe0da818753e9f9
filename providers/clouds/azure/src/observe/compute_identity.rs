//! On which computes the stack's identities are.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Action, Desired, Error, Found, ObjectId, Observed, Obstacle, Result, Stays, Unmakeable};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::names::{UNIT_TAG, tag_of};
use crate::objects::compute_identity::{self, ComputeIdentity, missing, refusal};
use crate::objects::managed_identity;
use crate::observe::looking::Looking;

/// How many computes are read at a time.
const AT_A_TIME: usize = 8;

/// Looks at the computes that are wanted, and at those that the tags of the stack's own identities name.
///
/// # Errors
/// Azure doesn't answer, or may not be asked for a compute that something is wanted of.
pub(super) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<()> {
    let mut identities: BTreeMap<ResourceId, BTreeSet<ResourceId>> = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    for object in compute_identity::among(&desired.objects) {
        let (object, on) = object?;
        wanted.entry(on.compute_id()?).or_insert_with(BTreeSet::new).insert(object.id.clone());
        identities.entry(on.compute_id()?).or_default().insert(on.identity_id()?);
    }
    for identity in snapshot.identities().await?.iter() {
        let Ok(id) = ResourceId::parse(&identity.id) else { continue };
        let unit = tag_of(&identity.tags, UNIT_TAG).filter(|_| looking.names.marks(&id, &identity.tags));
        if let Some(compute) = unit.and_then(|unit| ResourceId::parse(unit).ok()) {
            identities.entry(compute).or_default().insert(id);
        }
    }
    let read = stream::iter(identities).map(|(compute, identities)| async move {
        let there = looking.client.compute(compute.as_str()).await;
        Ok::<_, Error>((compute, identities, there))
    });
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await?;
    for (compute, identities, there) in read {
        let is_wanted = wanted.contains_key(&compute);
        let there = match there {
            // It may be on there still: it stays, so that no task of the compute is left with an identity that is gone.
            Err(error) if !is_wanted && is_final(&error) => {
                let message = format!("it is on compute {}, which can't be read: {}", compute.name(), error.message());
                keep(looking, &identities, &message, observed);
                continue;
            }
            there => there?,
        };
        let Some(there) = there else {
            observed.unmakeable.extend(wanted.remove(&compute).map(|objects| unmakeable(missing(&compute), objects)));
            continue;
        };
        for identity in identities {
            let object = compute_identity::id(&compute, &identity);
            let on = ComputeIdentity { compute: compute.as_str().into(), identity: identity.as_str().into() };
            if on.is_on(&there) {
                let found = Found {
                    attributes: on.attributes(),
                    owned: true,
                    depends_on: vec![managed_identity::id(&identity, looking.names.group())],
                    if_deleted: Some(
                        "its tasks no longer run under the identity, and those that name it fail".to_owned(),
                    ),
                    touches: vec![compute.name().to_owned()],
                };
                observed.objects.insert(object, found);
            } else if let Some(refused) = refusal(&compute, &there, identity.as_str()).filter(|_| is_wanted) {
                observed.unmakeable.push(unmakeable(refused, BTreeSet::from([object])));
            }
        }
    }
    Ok(())
}

fn unmakeable(why: Error, objects: BTreeSet<ObjectId>) -> Unmakeable {
    Unmakeable { why, actions: &[Action::Create, Action::Update], objects, obstacle: Obstacle::PerhapsHidden }
}

/// Keeps identities that nothing wants any more as they are.
fn keep(looking: Looking<'_>, identities: &BTreeSet<ResourceId>, why: &str, observed: &mut Observed) {
    for identity in identities {
        let object = managed_identity::id(identity, looking.names.group());
        if observed.objects.remove(&object).is_some() {
            let reason = format!(
                "{why}. It goes once the compute can be read; or take it off the compute, and delete it by hand"
            );
            observed.stays.push(Stays { object, reason, is_empty: false });
        }
    }
}
