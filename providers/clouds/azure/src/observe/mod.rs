//! `observe`: what is there, in the form in which the verbs say what should be.

mod ahead;
mod compute_identity;
mod custom_role;
mod endpoint_identity;
mod federated_credential;
pub(crate) mod findings;
pub(crate) mod looking;
mod managed_identity;
mod role_assignment;
mod scopes;
pub(crate) mod search;
mod units;
mod workspace;

use cloudgrant_core::{Desired, Observed, Result};

use crate::marks::{confirmations, platform_places};
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::{
    caller, contents, datastores, denials, edited, goes_on, limited, missing, renamed, role_scopes, trust,
    workload_identity, workspaces,
};
use crate::observe::looking::Looking;
use crate::resources::kinds::registered::reached_by;

pub(crate) async fn observed(looking: Looking<'_>, desired: &Desired) -> Result<Observed> {
    let Looking { config, names, client, inventory, .. } = looking;
    // Nothing was asked for where everything is to go: then nothing was read yet either, whatever the manifest names.
    let snapshot = inventory.snapshot().await;
    tokio::try_join!(inventory.warm(reached_by(&desired.baseline)), ahead::read(config, names, desired, &snapshot))?;
    let identities = goes_on::Identities::of(looking, desired).await?;
    let snapshot = inventory.used_up_snapshot().await;
    let mut observed = Observed::default();
    let mut others = OtherHomes::default();
    let principals = managed_identity::add(looking, desired, &snapshot, &mut observed, &mut others).await?;
    let images = compute_identity::add(looking, desired, &snapshot, &principals, &mut observed).await?;
    endpoint_identity::add(looking, desired, &snapshot, &mut observed).await?;
    let needed = workspace::add(looking, desired, &snapshot, &mut observed).await?;
    custom_role::add(looking, desired, &snapshot, &mut observed, &mut others).await?;
    let subscriptions = search::searched(config, names, desired, &snapshot, &mut observed).await?;
    role_scopes::keep(names, desired, &snapshot, &subscriptions, &mut observed).await?;
    let homes = (&mut observed, &mut others);
    role_assignment::add(
        looking,
        desired,
        &snapshot,
        &subscriptions,
        (&principals, &identities, &images, &needed),
        homes,
    )
    .await?;
    observed.notes.extend(workspaces::notes(looking, desired, &snapshot, &principals).await?);
    observed.notes.extend(datastores::notes(looking, desired, &snapshot).await?);
    let renamed = renamed::note(names, desired, &snapshot, &subscriptions, &observed).await?;
    observed.notes.extend(renamed);
    observed.platform_places = platform_places::marked(names, &snapshot).await?;
    observed.confirmed = confirmations::marked(names, &snapshot).await?;
    observed.unique_ids = confirmations::unique_ids(names, &snapshot).await?;
    observed.notes.extend(others.note(names.stack()));
    // None of these needs another's answer.
    let (contents, denied, (unmakeable, refused), limited, trust) = tokio::try_join!(
        contents::read(client, inventory, desired, &snapshot, &observed),
        denials::read(looking, desired, &snapshot, &principals, &observed),
        caller::may_assign(config, desired, &snapshot, &observed),
        limited::notes(client, desired, &snapshot, &principals, &observed),
        trust::notes(looking, desired, &snapshot, &principals),
    )?;
    missing::read(names, desired, &snapshot, &mut observed)?;
    edited::widened(inventory, desired, &mut observed)?;
    observed.unmakeable.extend(unmakeable);
    observed.broken.extend(contents.broken.into_iter().chain(denied.broken));
    observed.unread.extend(contents.unread);
    observed.notes.extend(contents.notes.into_iter().chain(denied.notes).chain(refused).chain(limited).chain(trust));
    observed.notes.extend(workload_identity::notes(config, inventory, desired, &snapshot).await?);
    Ok(observed)
}
