//! How many role assignments there may be, and how large their conditions.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Limit, Observed, Result};

use crate::objects::role_assignment;
use crate::policy::condition;

/// Source: Azure documentation, "Azure RBAC limits".
const PER_SUBSCRIPTION: u64 = 4_000;

/// Adds them, with what is wanted besides what is there: `counts` are the assignments of each subscription.
///
/// # Errors
/// What is wanted isn't what this provider made: a bug of its own.
pub(super) fn add(desired: &Desired, counts: BTreeMap<&str, u64>, observed: &mut Observed) -> Result<()> {
    let mut counted: Vec<_> = counts
        .into_iter()
        .map(|(subscription, count)| (subscription, format!("/subscriptions/{subscription}"), count, BTreeSet::new()))
        .collect();
    let mut conditions = Vec::new();
    for wanted in role_assignment::among(&desired.objects) {
        let (object, wanted) = wanted?;
        if !observed.objects.contains_key(&object.id) {
            let scope = wanted.scope.to_ascii_lowercase();
            let there = counted.iter_mut().filter(|(_, prefix, ..)| scope.starts_with(prefix.as_str()));
            there.for_each(|(.., new)| _ = new.insert(object.id.clone()));
        }
        if let Some(condition) = &wanted.condition {
            conditions.push(Limit {
                what: format!("bytes in the condition of {}", object.id),
                quota: condition::LONGEST,
                needed: condition.len() as u64,
                hint: "grant fewer and wider prefixes of this container, or all of it".to_owned(),
                objects: [object.id.clone()].into(),
            });
        }
    }
    let assignments = counted.into_iter().map(|(subscription, _, count, new)| Limit {
        what: format!("role assignments in subscription {subscription}"),
        quota: PER_SUBSCRIPTION,
        needed: count + new.len() as u64,
        hint: "grant whole containers or storage accounts, use fewer domains, or take away what nobody needs; Azure \
               raises this quota for nobody"
            .to_owned(),
        objects: new,
    });
    observed.limits.extend(assignments.chain(conditions));
    Ok(())
}
