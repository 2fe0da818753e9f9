//! Access that is revoked and goes on all the same: a role assignment of somebody else's gives it as well, by the same role or a wider
//! one, on the resource itself or on a scope above it.

mod foreign;
mod gives;
mod one;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Intent, Note, Result, Scope, ScopeBinding, listed};

use crate::client::remedies::delete_assignment;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::objects::role_assignment;
pub(crate) use crate::observe::findings::goes_on::foreign::Foreign;
use crate::observe::findings::goes_on::gives::Reading;
use crate::observe::findings::goes_on::one::One;
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::resources::kinds::registry::Roles;
use crate::resources::role_choice::Choice;

/// How many grants and registries are named.
const NAMED: usize = 3;

/// What is revoked of what the manifest gives to identities that stay.
#[derive(Debug, Default)]
pub(crate) struct Given(Vec<One>);

/// The identities that aren't the stack's, and that get what the manifest gives.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    /// By the place of the binding in the manifest.
    of_bindings: BTreeMap<usize, ResourceId>,
    kubelet: Option<ResourceId>,
}

impl Identities {
    /// To be asked before the observation begins: it reads what the verbs read.
    pub(crate) async fn of(looking: Looking<'_>, desired: &Desired) -> Result<Self> {
        let mut all = Self::default();
        if !desired.thorough {
            return Ok(all);
        }
        for (at, binding) in desired.baseline.bindings.iter().enumerate() {
            let named = binding.scope.domain().and_then(|domain| looking.config.identities.get(domain));
            let identity = match (&binding.scope, named) {
                (Scope::Global, _) => looking.inventory.task_identity().await,
                (_, Some(name)) => looking.inventory.existing_identity(name, "azure.identities").await,
                // One of the stack's own goes.
                (_, None) => continue,
            };
            all.of_bindings.extend(or_unknown(identity)?.map(|identity| (at, identity)));
        }
        if !desired.baseline.registries.is_empty() {
            all.kubelet = or_unknown(looking.inventory.kubelet().await)?;
        }
        Ok(all)
    }
}

impl Given {
    /// Reads nothing: what is revoked may be gone.
    pub(crate) fn of(
        looking: Looking<'_>,
        desired: &Desired,
        principals: &Principals,
        identities: &Identities,
    ) -> Result<Self> {
        let stays: HashSet<_> = desired.objects.iter().flat_map(|object| &object.because).collect();
        let mut all = Vec::new();
        for (at, identity) in &identities.of_bindings {
            let Some(binding) = desired.baseline.bindings.get(*at) else { continue };
            let revoked = binding.grants.iter().filter(|grant| !stays.contains(&grant.id()));
            let reaches = revoked.flat_map(|grant| grant.reaches.iter().map(move |reach| (grant, reach)));
            all.extend(reaches.filter_map(|(grant, reach)| One::of_grant(looking, grant, reach, identity, principals)));
        }
        for (binding, identity) in of_stays(desired, identities)? {
            let revoked = binding.grants.iter().filter(|grant| !stays.contains(&grant.id()));
            let reaches = revoked.flat_map(|grant| grant.reaches.iter().map(move |reach| (grant, reach)));
            all.extend(
                reaches.filter_map(|(grant, reach)| One::of_grant(looking, grant, reach, &identity, principals)),
            );
        }
        if let Some(kubelet) = &identities.kubelet {
            let revoked = desired.baseline.registries.iter().filter(|registry| !stays.contains(&registry.id()));
            let reaches = revoked.flat_map(|registry| registry.reach.iter().map(move |reach| (registry.id(), reach)));
            all.extend(reaches.filter_map(|(registry, reach)| {
                let choice = Choice::OfRegistry(Roles::of(reach.access)?);
                One::of(looking, registry, reach, (kubelet, principals), &choice)
            }));
        }
        Ok(Self(all))
    }

    /// Whether something is revoked of what a principal has.
    pub(crate) fn is_had_by(&self, principal: &str) -> bool {
        self.0.iter().any(|one| one.principal.eq_ignore_ascii_case(principal))
    }

    /// What to say of somebody else's assignments, each of which gives what nothing asks for any more. `searched` are the
    /// subscriptions whose assignments were read.
    pub(crate) async fn notes(
        &self,
        looking: Looking<'_>,
        snapshot: &Snapshot,
        searched: &BTreeSet<String>,
        foreign: &[Foreign],
    ) -> Vec<Note> {
        let mut reading = Reading::new(looking, snapshot, searched);
        let mut notes = Vec::new();
        for other in foreign {
            let mut best = None;
            for one in &self.0 {
                let found = reading.gives(one, other).await.map(|gives| (gives, one));
                // What is certain before what may be.
                if found.is_some_and(|(gives, _)| best.is_none_or(|(known, _)| gives < known)) {
                    best = found;
                }
            }
            notes.extend(best.map(|(gives, one)| {
                let (asks, who) = match other.asked_by.as_slice() {
                    [] => (String::new(), "nobody else needs it"),
                    [one] => {
                        (format!("{one} asks for it as well, and revoking that leaves it. "), "neither is to have it")
                    }
                    several => (
                        format!("{} ask for it as well, and revoking these leaves it. ", listed(several, NAMED)),
                        "none of them is to have it",
                    ),
                };
                let message = format!(
                    "{} still has the role {} on {}{}: it is there {}. {asks}Take it away if {who}: `{}`",
                    one.identity,
                    other.name,
                    other.assignment.scope,
                    gives.told(&one.resource),
                    other.by,
                    delete_assignment(&other.assignment.id)
                );
                Note::of_access(&one.grant, message)
            }));
        }
        notes
    }
}

/// The bindings whose identities are the stack's own and stay: what else is given to these is asked for by what stays.
fn of_stays<'a>(desired: &'a Desired, identities: &Identities) -> Result<Vec<(&'a ScopeBinding, ResourceId)>> {
    let mut holders: BTreeMap<&Scope, BTreeSet<ResourceId>> = BTreeMap::new();
    if desired.thorough {
        for assignment in role_assignment::among(&desired.objects) {
            let (object, assignment) = assignment?;
            holders.entry(&object.scope).or_default().extend(assignment.identity());
        }
    }
    let bindings = desired.baseline.bindings.iter().enumerate();
    let own = bindings.filter(|(at, _)| !identities.of_bindings.contains_key(at));
    let of_each = own.flat_map(|(_, binding)| {
        let holders = holders.get(&binding.scope).into_iter().flatten();
        holders.map(move |identity| (&**binding, identity.clone()))
    });
    Ok(of_each.collect())
}

/// `None` for an identity that isn't there, or that nobody here may read.
fn or_unknown(identity: Result<ResourceId>) -> Result<Option<ResourceId>, Error> {
    match identity {
        Ok(identity) => Ok(Some(identity)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::AccessDenied | ErrorKind::WrongAccount => Ok(None),
            _ => Err(error),
        },
    }
}
