//! What the identities of computes lack that no grant gives: to stop an instance that nobody uses (requirement 99), and to pull the images
//! of their own jobs (requirements 102 to 104).

use std::collections::BTreeSet;

use cloudgrant_core::{Note, Result, quoted};

use crate::client::arm::Compute;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_same, is_within};
use crate::objects::compute_identity::is_on;
use crate::observe::managed_identity::Principals;
use crate::resources::built_in_roles;
use crate::resources::workspace_roles::CONTRIBUTOR;

/// Requirement 99. Source: Azure Machine Learning, "Set up service authentication", 2024-08-28.
const IDLE: &str = "it is to shut down when nobody uses it, and with an identity on it does so only where that has Contributor on the \
                    workspace, which no grant gives, as code on the instance could then change all of that: stop it by a schedule instead, \
                    or take the idle shutdown out";

/// Requirements 102 and 103.
const NO_REGISTRY: &str = "it has no container registry yet. Azure makes one when the first image is built, and lets those computes pull from \
                           it that get their identity later: attach one before (`az ml workspace update --container-registry ID \
                           --update-dependent-resources`)";

/// What is told of a compute on which the stack's identities are to be.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn notes(
    snapshot: &Snapshot,
    principals: &Principals,
    (id, compute): (&ResourceId, &Compute),
    identities: &BTreeSet<ResourceId>,
) -> Result<Vec<Note>> {
    let Some(workspace) = id.outermost() else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    if compute.stops_when_idle() && !have(snapshot, principals, identities, CONTRIBUTOR.id, &workspace).await? {
        notes.push(Note::warning(format!("compute {}", id.name()), IDLE));
    }
    let there = match snapshot.workspace(&workspace).await {
        // Whoever may not read it isn't told.
        Err(error) if is_final(&error) => return Ok(notes),
        there => there?,
    };
    let Some(there) = there else { return Ok(notes) };
    let Some(registry) = there.registry().and_then(|registry| ResourceId::parse(registry).ok()) else {
        notes.push(Note::info(format!("workspace {}", workspace.name()), NO_REGISTRY));
        return Ok(notes);
    };
    let on: BTreeSet<_> = identities.iter().filter(|identity| is_on(compute, identity.as_str())).cloned().collect();
    for identity in on {
        let Some(principal) = principals.of(identity.as_str()) else { continue };
        let this = BTreeSet::from([identity.clone()]);
        if have(snapshot, principals, &this, built_in_roles::ACR_PULL.id, &registry).await? {
            continue;
        }
        let message = format!(
            "its identity {} may not pull from the registry {} of the workspace: Azure lets it by itself only where the registry was there \
             first. Its jobs need that for images of the workspace's own: `az role assignment create --assignee-object-id {} \
             --assignee-principal-type ServicePrincipal --role AcrPull --scope {}`",
            identity.name(),
            registry.name(),
            quoted(principal),
            quoted(registry.as_str())
        );
        notes.push(Note::warning(format!("compute {}", id.name()), message));
    }
    Ok(notes)
}

/// Whether one of these identities has a role on something, as far as can be seen.
async fn have(
    snapshot: &Snapshot,
    principals: &Principals,
    identities: &BTreeSet<ResourceId>,
    role: &str,
    on: &ResourceId,
) -> Result<bool> {
    let assignments = match snapshot.assignments(&on.subscription()).await {
        Err(error) if is_final(&error) => return Ok(true),
        assignments => assignments?,
    };
    let is_one = |principal: &str| {
        identities.iter().any(|identity| principals.of(identity.as_str()).is_some_and(|own| is_same(own, principal)))
    };
    Ok(assignments
        .iter()
        .any(|one| is_same(&one.role(), role) && is_within(on.as_str(), &one.scope) && is_one(&one.principal_id)))
}
