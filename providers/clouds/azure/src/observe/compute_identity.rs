//! On which computes the stack's identities are.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Action, Desired, Error, Found, Note, ObjectId, Observed, Obstacle, Result, Stays, Unmakeable};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::arm::RoleAssignment;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, folded, is_same};
use crate::names::{UNIT_TAG, tag_of};
use crate::objects::compute_identity::{self, ComputeIdentity, missing, refusal};
use crate::objects::managed_identity;
use crate::observe::looking::Looking;
use crate::resources::built_in_roles;

/// Said of a compute with identities of others beside the stack's. Source: the REST reference has them in a map, without an order;
/// requirement 85.
const OTHERS_ARE_ON: &str = "it has other user-assigned identities, and Azure tells nobody which is the default one: \
                             `DEFAULT_IDENTITY_CLIENT_ID` may name any of them, so that jobs have to name the client ID of this one";

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
) -> Result<Images> {
    let mut identities = tagged(looking, snapshot).await?;
    let mut wanted = BTreeMap::new();
    for object in compute_identity::among(&desired.objects) {
        let (object, on) = object?;
        wanted.entry(on.compute_id()?).or_insert_with(BTreeSet::new).insert(object.id.clone());
        identities.entry(on.compute_id()?).or_default().insert(on.identity_id()?);
    }
    let images = Images::of(looking, &identities).await?;
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
        if is_wanted && there.user_assigned().any(|on| identities.iter().all(|own| !is_same(on, own.as_str()))) {
            observed.notes.push(Note::warning(format!("compute {}", compute.name()), OTHERS_ARE_ON));
        }
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
    Ok(images)
}

/// The stack's identities by the computes that their tags name.
async fn tagged(looking: Looking<'_>, snapshot: &Snapshot) -> Result<BTreeMap<ResourceId, BTreeSet<ResourceId>>> {
    let mut identities: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for identity in snapshot.identities().await?.iter() {
        let Ok(id) = ResourceId::parse(&identity.id) else { continue };
        let unit = tag_of(&identity.tags, UNIT_TAG).filter(|_| looking.names.marks(&id, &identity.tags));
        if let Some(compute) = unit.and_then(|unit| ResourceId::parse(unit).ok()) {
            identities.entry(compute).or_default().insert(id);
        }
    }
    Ok(identities)
}

/// From where the stack's identities on computes pull the images of their jobs: Azure Machine Learning gives each the role for its
/// workspace's registry by itself (requirement 103).
#[derive(Debug, Default)]
pub(crate) struct Images(BTreeMap<ResourceId, String>);

impl Images {
    /// Of the identities that their tags put on computes.
    ///
    /// # Errors
    /// Azure doesn't answer.
    pub(crate) async fn read(looking: Looking<'_>, snapshot: &Snapshot) -> Result<Self> {
        Self::of(looking, &tagged(looking, snapshot).await?).await
    }

    async fn of(looking: Looking<'_>, computes: &BTreeMap<ResourceId, BTreeSet<ResourceId>>) -> Result<Self> {
        let workspaces: BTreeSet<_> = computes.keys().filter_map(ResourceId::outermost).collect();
        let read = stream::iter(workspaces).map(|workspace| async move {
            let registry = looking.client.registry_of_workspace(workspace.as_str()).await;
            // Whoever may not read it is told of a role that nobody can explain.
            let registry = match registry {
                Err(error) if is_final(&error) => None,
                registry => registry?,
            };
            Ok::<_, Error>((workspace, registry))
        });
        let registries: BTreeMap<_, _> = read.buffered(AT_A_TIME).try_collect().await?;
        let mut images = Self::default();
        for (compute, identities) in computes {
            let registry = compute.outermost().and_then(|workspace| registries.get(&workspace)?.clone());
            if let Some(registry) = registry {
                images.0.extend(identities.iter().map(|identity| (identity.clone(), folded(&registry))));
            }
        }
        Ok(images)
    }

    /// Whether an identity has a role for pulling the images of its own jobs.
    pub(crate) fn are_pulled_by(&self, identity: &ResourceId, assignment: &RoleAssignment) -> bool {
        let is_pull = assignment.role().eq_ignore_ascii_case(built_in_roles::ACR_PULL.id);
        is_pull && self.0.get(identity).is_some_and(|registry| *registry == folded(&assignment.scope))
    }
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
