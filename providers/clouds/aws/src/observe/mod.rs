//! `observe`: what is there, in the form in which the verbs say what should be.

mod attachment;
pub(crate) mod findings;
mod iam;
mod lists;
mod pod_identity_association;
mod policy_statement;
mod policy_tags;
mod search;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use cloudgrant_core::{Desired, ObjectId, Observed, Result};

use crate::Aws;
use crate::config::region;
use crate::inventory::task_roles;
use crate::marks::confirmations;
use crate::marks::platform_places;
use crate::objects::kinds;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::{broken, copied_marks, edited, keys, missing, moved, renamed, staying};

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(
        aws.snapshot(),
        aws.quotas(),
        missing::read(aws, desired),
        policy_statement::read(aws, desired)
    );
    let reading = aws.reading().await;
    aws.used_up().await;
    let (snapshot, quotas, missing::Missing { unmakeable, unread }, shared) = read?;
    let (tags, attached_to, keys, associations) = tokio::try_join!(
        policy_tags::read(aws, &snapshot),
        task_roles::read(aws, &snapshot),
        keys::unusable(aws, desired),
        pod_identity_association::read(aws, desired, &snapshot)
    )?;
    observed.notes.extend(region::note(&aws.config.region));
    observed.unmakeable.extend(unmakeable);
    observed.unread.extend(unread);
    // Whoever takes something away would read that there is nothing.
    observed.problems.extend(moved::problem(aws, &snapshot));
    observed.notes.extend(renamed::notes(aws, desired, &snapshot));
    let mut others = OtherHomes::default();
    let looks = aws.afresh.load(Ordering::Relaxed);
    let unmarked =
        if looks { copied_marks::unmarked(aws, desired, &snapshot, &mut observed).await? } else { BTreeSet::new() };
    let of_policies = iam::OfPolicies { tags, attached_to, unmarked };
    iam::add(aws, desired, &snapshot, &of_policies, quotas, &mut others, &mut observed);
    policy_statement::add(aws, desired, shared, &mut others, &mut observed);
    pod_identity_association::add(aws, desired, associations, &mut others, &mut observed);
    let wanted = desired.objects.iter().map(|object| &object.id).collect();
    staying::trusted(staying::Wanted { names: &aws.names, objects: &wanted }, &snapshot, &mut observed);
    // A plan after an edit of the manifest says by its changes what that takes away.
    if looks {
        edited::add(aws, desired, &snapshot, &mut observed);
    }
    observed.notes.extend(others.note(aws.names.stack()));
    observed.unread.extend(broken::unread(aws, desired, &reading, &keys.unread));
    observed.notes.extend(keys.unread);
    let broken = broken::of(aws, desired, &reading, keys.unusable, &observed);
    observed.broken.extend(broken);
    observed.platform_places = platform_places::marked(&aws.names, &snapshot);
    observed.confirmed = confirmations::marked(&aws.names, &snapshot);
    observed.unique_ids = confirmations::unique_ids(&aws.names, &snapshot, desired);
    Ok(observed)
}

/// The roles that the stack is to have.
fn wanted_roles(desired: &Desired) -> BTreeSet<ObjectId> {
    desired.objects.iter().map(|object| &object.id).filter(|id| id.kind == kinds::ROLE).cloned().collect()
}
