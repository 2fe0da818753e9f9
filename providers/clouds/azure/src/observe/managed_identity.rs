//! Which managed identities are the stack's, and whom they trust.

use std::collections::{BTreeMap, HashMap, HashSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Found, Note, Observed, Result, Stays};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::remedies;
use crate::inventory::cache::Principal;
use crate::inventory::snapshot::{CREDENTIALS_AT_A_TIME, Snapshot};
use crate::marks::units::{self, Put};
use crate::names::STACK_TAG;
use crate::names::resource_id::ResourceId;
use crate::objects::managed_identity::{self, ManagedIdentity, outputs};
use crate::observe::federated_credential::{self, trusted_by_others};
use crate::observe::findings::edited;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::looking::Looking;

/// The principals of the identities that are known.
#[derive(Debug, Default)]
pub(crate) struct Principals {
    /// Those that were read now, of the subscription and of what the manifest names elsewhere.
    read: BTreeMap<ResourceId, Principal>,
    /// Those that this run has met before. The kubelet's identity isn't always among the subscription's.
    remembered: HashMap<ResourceId, Principal>,
    /// Those in the place of what is wanted that their tags make somebody else's.
    doubted: HashSet<ResourceId>,
}

impl Principals {
    /// Those in the place of what is wanted that their tags make somebody else's: whoever replaced the tags may have added
    /// something else as well.
    pub(crate) fn doubted(&self) -> &HashSet<ResourceId> {
        &self.doubted
    }

    /// Who an identity is, by its ID as an object's attributes have it; none where it isn't there yet.
    pub(crate) fn of(&self, identity: &str) -> Option<&str> {
        let id = ResourceId::parse(identity).ok()?;
        let principal = self.read.get(&id).or_else(|| self.remembered.get(&id))?;
        Some(principal.id.as_str())
    }

    /// The identities that were read now.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (&ResourceId, &Principal)> {
        self.read.iter()
    }
}

pub(crate) async fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
    others: &mut OtherHomes,
) -> Result<Principals> {
    let identities = snapshot.identities().await?;
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let mut principals = BTreeMap::new();
    let (mut ours, mut doubted) = (Vec::new(), HashSet::new());
    for identity in identities.iter() {
        let id = match ResourceId::parse(&identity.id) {
            Ok(id) => id,
            Err(why) => {
                // It may be the stack's: somebody has to look.
                let message = format!(
                    "Azure lists it with the ID `{}`, which can't be read ({why}): what it holds and whom it trusts wasn't \
                     looked at",
                    identity.id
                );
                observed.notes.push(Note::warning(format!("identity {}", identity.name), message));
                continue;
            }
        };
        let owned = looking.names.marks(&id, &identity.tags);
        let home = looking.names.home_in(&identity.tags);
        if let Some(home) = home.filter(|home| home.to_lowercase() != looking.names.home()) {
            others.add(home, format!("identity {}", id.name()), id.as_str());
        }
        looking.inventory.remember(&id, &identity.principal_id, owned).await;
        principals.insert(id.clone(), Principal { id: identity.principal_id.clone(), ours: owned });
        let object = managed_identity::id(&id, looking.names.group());
        if owned && wanted.contains(&object) {
            observed.outputs.insert(object.clone(), outputs(&identity.client_id));
        }
        let is_place = looking.names.is_place(&id);
        if !owned && wanted.contains(&object) {
            doubted.insert(id.clone());
        }
        if !owned && wanted.contains(&object) && looking.names.has_lost_its_mark(&id, &identity.tags) {
            let message = format!("{object} exists, and no tag says that it is this stack's");
            let error = Error::new(ErrorKind::Conflict, message).with("identity", id.as_str()).hint(format!(
                "if somebody has replaced the tags of the stack's identity, put them back: `{}`; if it is somebody else's, rename the \
                 stack, or remove what is in the way",
                remedies::mark(&id, looking.names.stack().as_str(), looking.names.home())
            ));
            observed.conflicts.insert(object, error);
            continue;
        }
        if !owned && !wanted.contains(&object) {
            if looking.names.has_lost_its_mark(&id, &identity.tags) {
                let reason = format!(
                    "it is called as the stack's identities are, and somebody has replaced its tags, so that nobody knows whether it \
                     is the stack's. If it is, put them back, and run this again: `{}`. If not, delete it or mark it as somebody's \
                     by a tag `{STACK_TAG}`",
                    remedies::mark(&id, looking.names.stack().as_str(), looking.names.home())
                );
                // Its role assignments are found by what their descriptions say.
                observed.stays.push(Stays { object, reason, is_empty: true });
            }
            continue;
        }
        let found = Found {
            attributes: ManagedIdentity::found(looking.names, &id, &identity.tags).attributes(),
            owned,
            depends_on: Vec::new(),
            // Nobody runs under one that only names a place.
            if_deleted: (!is_place).then(|| format!("task code that still names {} fails without it", identity.name)),
            touches: Vec::new(),
        };
        if owned && !identity.client_id.is_empty() {
            observed.principals.insert(identity.client_id.clone(), object.clone());
        }
        // Whoever looks for drift is told also whom one trusts that only names a place: nobody runs under it.
        let is_looked_at = !is_place || !wanted.contains(&object) && !looking.names.is_of_handoff(&id);
        if owned && (is_looked_at || looking.inventory.looks_again()) {
            ours.push((id, object.clone()));
        }
        observed.objects.insert(object, found);
    }
    for id in &doubted {
        ours.push((id.clone(), managed_identity::id(id, looking.names.group())));
    }
    let read = ours.into_iter().map(|(id, object)| async move {
        let credentials = snapshot.credentials(&id).await?;
        Ok::<_, Error>((id, object, credentials))
    });
    let read: Vec<_> = stream::iter(read).buffer_unordered(CREDENTIALS_AT_A_TIME).try_collect().await?;
    for (id, object, credentials) in read {
        if doubted.contains(&id) {
            observed.widened.extend(trusted_by_others(
                looking.config,
                looking.names,
                desired,
                &id,
                &object,
                &credentials,
            ));
            observed.widened.extend(edited::of_doubted(looking.inventory, looking.names, desired, &id, &credentials)?);
        } else {
            federated_credential::add(looking, desired, &wanted, &id, &object, &credentials, observed)?;
        }
    }
    let of_workspace = of_workspace(looking, snapshot).await?;
    for (id, principal) in looking.inventory.identities_elsewhere(snapshot, of_workspace, &mut observed.notes).await? {
        principals.entry(id).or_insert(Principal { id: principal, ours: false });
    }
    Ok(Principals { read: principals, remembered: looking.inventory.principals().await, doubted })
}

/// The identities that the platform wants on a workspace, and those that the stack put on one.
async fn of_workspace(looking: Looking<'_>, snapshot: &Snapshot) -> Result<Vec<ResourceId>> {
    let wanted = looking.platform.outer_unit().map(|outer| outer.principals).unwrap_or_default();
    let marks = units::marked(looking.names, snapshot).await?.units;
    let put = marks.into_values().flat_map(BTreeMap::into_values).filter_map(|put| match put {
        Put::Identity(identity) => Some(identity),
        Put::Setting { .. } => None,
    });
    Ok(wanted.into_iter().chain(put).filter_map(|id| ResourceId::parse(&id).ok()).collect())
}
