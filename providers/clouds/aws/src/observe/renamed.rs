//! A stack that got another name: what it made under the former one stays, and gives what it gave.

use std::collections::BTreeMap;

use cloudgrant_core::{Desired, Note, Stack};
use serde_json::Value;

use crate::Aws;
use crate::inventory::snapshot::Snapshot;
use crate::names;
use crate::objects::kinds;
use crate::observe::moved::is_used;

/// Said where nothing is there of this stack, and another one of the same home has each of the documents that this one is to
/// have. Nothing is read for it.
pub(super) fn note(aws: &Aws, desired: &Desired, snapshot: &Snapshot) -> Option<Note> {
    if is_used(&aws.names, snapshot) {
        return None;
    }
    let (_, home) = names::slug_of(&aws.names.path())?;
    let mut others: BTreeMap<Stack, Vec<Value>> = BTreeMap::new();
    for policy in snapshot.policies.values() {
        if let Some((stack, digits)) = names::slug_of(&policy.path)
            && digits == home
        {
            others.entry(stack).or_default().push(policy.document());
        }
    }
    if others.is_empty() {
        return None;
    }
    let policies = desired.objects.iter().filter(|object| object.id.kind == kinds::POLICY);
    let wanted: Vec<_> = policies.map(|object| object.attributes.value()["document"].take()).collect();
    let has_all = |(_, there): &(&Stack, &Vec<Value>)| wanted.iter().all(|document| there.contains(document));
    let (former, _) = others.iter().find(has_all).filter(|_| !wanted.is_empty())?;
    let message = format!(
        "stack {former}, at the same home, gives all that this one is to give. If that is its name from before, what it made \
         stays, and gives what it gave, until somebody takes it back: `cloudgrant revoke --all --stack {former}`, once this \
         one is applied; or before that, where what it told the platform keeps this one from being applied"
    );
    Some(Note::of_access(format!("stack {}", aws.names.stack()), message))
}
