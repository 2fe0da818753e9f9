//! On which computes the stack's identities are.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, Found, Note, Observed, Obstacle, Result, Unsearched};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::arm::RoleAssignment;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, folded};
use crate::objects::compute_identity::{self, ComputeIdentity, missing, refusal};
use crate::objects::managed_identity;
use crate::observe::findings::computes;
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::observe::units::{AT_A_TIME, has_own, is_own, keep, of_platform, tagged, unmakeable};
use crate::resources::built_in_roles;

/// Said of a compute with identities of others beside the stack's. Source: the REST reference has them in a map, without an order;
/// requirement 85.
const OTHERS_ARE_ON: &str = "it has other user-assigned identities, and Azure tells nobody which is the default one: \
                             `DEFAULT_IDENTITY_CLIENT_ID` may name any of them, so that jobs have to name the client ID of this one";

/// The last type in the resource ID of one.
const COMPUTES: &str = "computes";

/// Said of a compute that is to be written and may have what Azure tells nobody.
const CANNOT_REPEAT: &str = "Azure takes a compute's identities only with all the rest of it, and gives nobody the secrets that it may have: \
                             have these at hand, as the write can't repeat";

/// Looks at the computes that are wanted, at those that the tags of the stack's own identities name, and where the stack has identities, at
/// all that the platform's workloads run on: one of them may have been put on another compute, or lost its tag.
///
/// # Errors
/// Azure doesn't answer, or may not be asked for a compute that something is wanted of.
pub(super) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    principals: &Principals,
    observed: &mut Observed,
) -> Result<Images> {
    let mut identities = tagged(looking, snapshot, COMPUTES).await?;
    let mut wanted = BTreeMap::new();
    for object in compute_identity::among(&desired.objects) {
        let (object, on) = object?;
        let of_compute = wanted.entry(on.compute_id()?).or_insert_with(BTreeMap::new);
        of_compute.insert(object.id.clone(), object.attributes.clone());
        identities.entry(on.compute_id()?).or_default().insert(on.identity_id()?);
    }
    let images = Images::of(snapshot, &identities).await?;
    let expected: BTreeSet<_> = identities.keys().cloned().collect();
    if !identities.is_empty() || has_own(looking, snapshot).await? {
        for compute in of_platform(looking, compute_identity::UNIT) {
            identities.entry(compute).or_default();
        }
    }
    let read = stream::iter(identities).map(|(compute, identities)| async move {
        let there = looking.client.compute(compute.as_str()).await;
        Ok::<_, Error>((compute, identities, there))
    });
    let read: Vec<_> = read.buffered(AT_A_TIME).try_collect().await?;
    for (compute, mut identities, there) in read {
        let is_wanted = wanted.contains_key(&compute);
        let there = match there {
            Err(error) if !expected.contains(&compute) && is_final(&error) => {
                observed.unsearched.push(Unsearched {
                    place: format!("compute {}", compute.name()),
                    reason: format!("an identity of the stack's may be on it: {}", error.message()),
                });
                continue;
            }
            // It may be on there still: it stays, so that no task of the compute is left with an identity that is gone.
            Err(error) if !is_wanted && is_final(&error) => {
                let reason = format!(
                    "it is on compute {}, which can't be read: {}. It goes once the compute can be read; or take it off the compute, and \
                     delete it by hand",
                    compute.name(),
                    error.message()
                );
                keep(looking, &identities, (&reason, false), observed);
                continue;
            }
            there => there?,
        };
        let Some(there) = there else {
            let why = |objects: BTreeMap<_, _>| {
                unmakeable(missing(&compute), Obstacle::PerhapsHidden, objects.into_keys().collect())
            };
            observed.unmakeable.extend(wanted.remove(&compute).map(why));
            continue;
        };
        let (mut of_others, mut is_written) = (false, false);
        for on in there.user_assigned() {
            let Ok(on) = ResourceId::parse(on) else { continue };
            if identities.contains(&on) {
                continue;
            }
            if is_own(looking, snapshot, &on).await? {
                identities.insert(on);
            } else {
                of_others = true;
            }
        }
        if is_wanted && of_others {
            observed.notes.push(Note::warning(format!("compute {}", compute.name()), OTHERS_ARE_ON));
        }
        if is_wanted {
            let notes = computes::notes(snapshot, principals, (&compute, &there), &identities).await?;
            observed.notes.extend(notes);
        }
        for identity in identities {
            let object = compute_identity::id(&compute, &identity);
            let on = ComputeIdentity { compute: compute.as_str().into(), identity: identity.as_str().into() };
            let is_this_wanted = wanted.get(&compute).is_some_and(|wanted| wanted.contains_key(&object));
            let principal = principals.of(identity.as_str());
            let is_of_another =
                is_this_wanted && there.principal_of(identity.as_str()).is_some_and(|on| Some(on) != principal);
            if on.is_on(&there) && is_of_another && principal.is_some() {
                let message = "it has an identity that was deleted and made anew, which is another principal: it is taken off and put on again";
                observed.notes.push(Note::warning(format!("compute {}", compute.name()), message));
            }
            is_written |= is_this_wanted == (!on.is_on(&there) || is_of_another);
            if on.is_on(&there) && !is_of_another {
                // As it is wanted, where that is the same in another spelling.
                let as_wanted = wanted.get(&compute).and_then(|wanted| wanted.get(&object)).cloned();
                let found = Found {
                    attributes: as_wanted.unwrap_or_else(|| on.attributes()),
                    owned: true,
                    depends_on: vec![managed_identity::id(&identity, looking.names.group())],
                    if_deleted: Some(
                        "its tasks no longer run under the identity, and those that name it fail".to_owned(),
                    ),
                    touches: vec![compute.name().to_owned()],
                };
                observed.objects.insert(object, found);
            } else if let Some(refused) = refusal(&compute, &there, identity.as_str()).filter(|_| is_wanted) {
                observed.unmakeable.push(unmakeable(refused, Obstacle::PerhapsHidden, BTreeSet::from([object])));
                is_written = false;
            }
        }
        if let Some(secrets) = there.may_hold_secrets().filter(|_| is_written) {
            observed
                .notes
                .push(Note::warning(format!("compute {}", compute.name()), format!("{CANNOT_REPEAT} {secrets}")));
        }
    }
    Ok(images)
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
        Self::of(snapshot, &tagged(looking, snapshot, COMPUTES).await?).await
    }

    async fn of(snapshot: &Snapshot, computes: &BTreeMap<ResourceId, BTreeSet<ResourceId>>) -> Result<Self> {
        let workspaces: BTreeSet<_> = computes.keys().filter_map(ResourceId::outermost).collect();
        let read = stream::iter(workspaces).map(|workspace| async move {
            // Whoever may not read it is told of a role that nobody can explain.
            let there = match snapshot.workspace(&workspace).await {
                Err(error) if is_final(&error) => None,
                there => there?,
            };
            let registry = there.and_then(|there| there.registry().map(str::to_owned));
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
