//! `observe`: what is there, in the form in which the verbs say what should be.

mod ahead;
mod custom_role;
pub(crate) mod findings;
mod managed_identity;
mod role_assignment;
mod scopes;
pub(crate) mod search;

use cloudgrant_core::{Desired, Observed, Result};

use crate::Azure;
use crate::marks::{confirmations, platform_places};
pub(crate) use crate::observe::custom_role::is_ours;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::{
    caller, contents, denials, edited, goes_on, limited, missing, renamed, role_scopes, trust, workload_identity,
};
pub(crate) use crate::observe::managed_identity::trusts_others;
use crate::verbs::validate::kinds;

pub(crate) async fn observed(azure: &Azure, desired: &Desired) -> Result<Observed> {
    // Nothing was asked for where everything is to go: then nothing was read yet either, whatever the manifest names.
    let snapshot = azure.snapshot().await;
    tokio::try_join!(azure.warm(kinds(&desired.baseline)), ahead::read(azure, desired, &snapshot))?;
    let identities = goes_on::Identities::of(azure, desired).await?;
    let snapshot = azure.used_up_snapshot().await;
    let mut observed = Observed::default();
    let mut others = OtherHomes::default();
    let principals = managed_identity::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    custom_role::add(azure, desired, &snapshot, &mut observed, &mut others).await?;
    let subscriptions = search::searched(azure, desired, &snapshot, &mut observed).await?;
    role_scopes::keep(azure, desired, &snapshot, &subscriptions, &mut observed).await?;
    let homes = (&mut observed, &mut others);
    role_assignment::add(azure, desired, &snapshot, &subscriptions, (&principals, &identities), homes).await?;
    let renamed = renamed::note(azure, desired, &snapshot, &subscriptions, &observed).await?;
    observed.notes.extend(renamed);
    observed.platform_places = platform_places::marked(azure, &snapshot).await?;
    observed.confirmed = confirmations::marked(azure, &snapshot).await?;
    observed.unique_ids = confirmations::unique_ids(azure, &snapshot).await?;
    observed.notes.extend(others.note(azure.names.stack()));
    // None of these needs another's answer.
    let (contents, denied, (unmakeable, refused), limited, trust) = tokio::try_join!(
        contents::read(azure, desired, &snapshot, &observed),
        denials::read(azure, desired, &snapshot, &principals, &observed),
        caller::may_assign(azure, desired, &snapshot, &observed),
        limited::notes(azure, desired, &snapshot, &principals, &observed),
        trust::notes(azure, desired, &snapshot, &principals),
    )?;
    missing::read(azure, desired, &snapshot, &mut observed);
    edited::widened(azure, desired, &mut observed);
    observed.unmakeable.extend(unmakeable);
    observed.broken.extend(contents.broken.into_iter().chain(denied.broken));
    observed.unread.extend(contents.unread);
    observed.notes.extend(contents.notes.into_iter().chain(denied.notes).chain(refused).chain(limited).chain(trust));
    observed.notes.extend(workload_identity::notes(azure, desired, &snapshot).await?);
    Ok(observed)
}
