//! `observe`: what is there, in the form in which the verbs say what should be.

mod attachment;
pub(crate) mod findings;
mod iam;
mod lists;
pub(crate) mod looking;
mod managed_policy;
mod pod_identity_association;
mod policy_statement;
mod role;
mod search;

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, Observed, Result};

use crate::config::region;
use crate::config::without_effect;
use crate::inventory::task_roles;
use crate::marks::{confirmations, platform_places};
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::{broken, copied_marks, edited, keys, missing, moved, renamed, staying};
use crate::observe::looking::Looking;

/// `observe`.
///
/// # Errors
/// AWS doesn't answer, or refuses what nothing can be said without.
pub(crate) async fn observed(looking: Looking<'_>, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(
        looking.inventory.snapshot(),
        looking.inventory.quotas(),
        missing::read(looking, desired),
        policy_statement::read(looking, desired)
    );
    let reading = looking.inventory.reading().await;
    looking.inventory.used_up().await;
    let (snapshot, quotas, missing::Missing { unmakeable, unread }, shared) = read?;
    let (tags, attached_to, keys, associations) = tokio::try_join!(
        managed_policy::tags(looking, &snapshot),
        task_roles::read(looking.inventory, &snapshot),
        keys::unusable(looking, desired),
        pod_identity_association::read(looking, desired, &snapshot)
    )?;
    observed.notes.extend(region::note(&looking.config.region));
    observed.notes.extend(without_effect::notes(looking.config));
    observed.unmakeable.extend(unmakeable);
    observed.unread.extend(unread);
    // Whoever takes something away would read that there is nothing.
    observed.problems.extend(moved::problem(looking, &snapshot));
    observed.notes.extend(renamed::notes(looking, desired, &snapshot));
    let mut others = OtherHomes::default();
    let looks = looking.inventory.looks_again();
    let unmarked =
        if looks { copied_marks::unmarked(looking, desired, &snapshot, &mut observed).await? } else { BTreeSet::new() };
    let of_policies = iam::OfPolicies { tags, attached_to, unmarked };
    iam::add(looking, desired, &snapshot, &of_policies, quotas, &mut others, &mut observed);
    policy_statement::add(looking, desired, shared, &mut others, &mut observed);
    pod_identity_association::add(looking, desired, associations, &mut others, &mut observed);
    let wanted = desired.objects.iter().map(|object| &object.id).collect();
    staying::trusted(staying::Wanted { names: looking.names, objects: &wanted }, &snapshot, &mut observed);
    // A plan after an edit of the manifest says by its changes what that takes away.
    if looks {
        edited::add(looking, desired, &snapshot, &mut observed)?;
    }
    observed.notes.extend(others.note(looking.names.stack()));
    observed.unread.extend(broken::unread(looking, desired, &reading, &keys.unread));
    observed.notes.extend(keys.unread);
    let broken = broken::of(looking, desired, &reading, keys.unusable, &observed);
    observed.broken.extend(broken);
    observed.platform_places = platform_places::marked(looking.names, &snapshot);
    observed.confirmed = confirmations::marked(looking.names, &snapshot);
    observed.unique_ids = confirmations::unique_ids(looking.names, &snapshot, desired);
    Ok(observed)
}
