//! `observe`: what is there, in the form in which the verbs say what should be.

mod associations;
mod beyond;
mod broken;
mod iam;
mod keys;
mod lists;
mod lost;
mod missing;
mod moved;
mod renamed;
mod search;
mod shared;
mod staying;
mod tags;
mod unbinding;
pub(crate) mod widened;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use cloudgrant_core::{Desired, Note, ObjectId, Observed, Result, Stack};

use crate::Aws;
use crate::client::region;
use crate::confirmations;
use crate::inventory::task_roles;
use crate::objects::kinds;
use crate::platform_places;

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(aws.snapshot(), aws.quotas(), missing::read(aws, desired), shared::read(aws, desired));
    let reading = aws.reading().await;
    aws.used_up().await;
    let (snapshot, quotas, missing::Missing { unmakeable, unread }, shared) = read?;
    let (tags, attached_to, keys, associations) = tokio::try_join!(
        tags::read(aws, &snapshot),
        task_roles::read(aws, &snapshot),
        keys::unusable(aws, desired),
        associations::read(aws, desired, &snapshot)
    )?;
    observed.notes.extend(region::note(&aws.config.region));
    observed.unmakeable.extend(unmakeable);
    observed.unread.extend(unread);
    // Whoever takes something away would read that there is nothing.
    observed.problems.extend(moved::problem(aws, &snapshot));
    observed.notes.extend(renamed::notes(aws, desired, &snapshot));
    let mut others = OtherHomes::default();
    let looks = aws.afresh.load(Ordering::Relaxed);
    let unmarked = if looks { iam::unmarked(aws, desired, &snapshot, &mut observed).await? } else { BTreeSet::new() };
    let of_policies = iam::OfPolicies { tags, attached_to, unmarked };
    iam::add(aws, desired, &snapshot, &of_policies, quotas, &mut others, &mut observed);
    shared::add(aws, desired, shared, &mut others, &mut observed);
    associations::add(aws, desired, associations, &mut others, &mut observed);
    let wanted = desired.objects.iter().map(|object| &object.id).collect();
    staying::trusted(staying::Wanted { names: &aws.names, objects: &wanted }, &snapshot, &mut observed);
    // A plan after an edit of the manifest says by its changes what that takes away.
    if looks {
        beyond::add(aws, desired, &snapshot, &mut observed);
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

/// What carries the stack's name and another home: somebody else's, which is told once.
#[derive(Debug, Default)]
struct OtherHomes(BTreeSet<String>);

impl OtherHomes {
    /// How many of them are named.
    const NAMED: usize = 3;

    fn add(&mut self, object: String) {
        self.0.insert(object);
    }

    fn note(&self, stack: &Stack) -> Option<Note> {
        let named: Vec<_> = self.0.iter().take(Self::NAMED).map(String::as_str).collect();
        let more = match self.0.len().checked_sub(Self::NAMED) {
            Some(more) if more > 0 => format!(" and {more} more"),
            _ => String::new(),
        };
        (!named.is_empty()).then(|| {
            let message = format!(
                "a stack of this name has another home as well, an account or a cluster. What is there is left alone, and \
                 what it gives stays given: {}{more} (`cloudgrant stacks` lists all of it). If that is this stack from \
                 before its cluster changed, name its home: `aws.home`",
                named.join(", ")
            );
            Note::of_access(format!("stack {stack}"), message)
        })
    }
}

/// The roles that the stack is to have.
fn wanted_roles(desired: &Desired) -> BTreeSet<ObjectId> {
    desired.objects.iter().map(|object| &object.id).filter(|id| id.kind == kinds::ROLE).cloned().collect()
}
