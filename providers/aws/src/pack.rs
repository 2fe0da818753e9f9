//! Packing statements into as few managed policies as hold them.

use std::collections::HashMap;
use std::sync::Arc;

use cloudgrant_core::{Checked, Intent, IntentId, Scope, TaskAccess};
use serde_json::{Value, json};

use crate::document::{counted, document};
use crate::names::Names;
use crate::secrets::Secrets;
use crate::statements;

/// Characters of a managed policy; white space isn't counted. Not adjustable. Source: IAM user guide, "IAM and AWS
/// STS quotas".
pub(crate) const POLICY_SIZE: usize = 6_144;

/// One managed policy of a scope.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) document: Value,
    /// The grants whose statements are in it.
    pub(crate) because: Vec<IntentId>,
}

/// The policies of a scope: one, unless the statements don't fit.
pub(crate) fn policies<'a>(
    names: &Names,
    partition: &str,
    scope: &Scope,
    grants: impl IntoIterator<Item = &'a Arc<Checked<TaskAccess>>>,
    secrets: &Secrets,
) -> Vec<Policy> {
    let mut grants: Vec<_> = grants.into_iter().filter(|grant| grant.scope == *scope).collect();
    grants.sort_by(|a, b| a.name.cmp(&b.name));
    let empty = counted(&json!({ "Version": crate::document::VERSION, "Statement": [] }));
    let mut bins: Vec<(usize, Vec<(IntentId, Value)>)> = Vec::new();
    for (intent, statement) in distinct(&grants, partition, secrets) {
        for statement in split(statement, POLICY_SIZE - empty) {
            // One character for the comma.
            let size = counted(&statement) + 1;
            let entry = (intent.clone(), statement);
            match bins.iter_mut().find(|(used, _)| used + size <= POLICY_SIZE) {
                Some((used, entries)) => {
                    *used += size;
                    entries.push(entry);
                }
                None => bins.push((empty + size, vec![entry])),
            }
        }
    }
    bins.into_iter()
        .enumerate()
        .map(|(index, (_, entries))| {
            let mut because: Vec<_> = entries.iter().map(|(intent, _)| intent.clone()).collect();
            because.dedup();
            Policy {
                name: names.policy(scope, index),
                document: document(entries.into_iter().map(|(_, statement)| statement).collect()),
                because,
            }
        })
        .collect()
}

/// The statements of all grants, with Sids that differ: IAM wants them unique within a document, and two names
/// may come to one Sid.
fn distinct(grants: &[&Arc<Checked<TaskAccess>>], partition: &str, secrets: &Secrets) -> Vec<(IntentId, Value)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut all = Vec::new();
    for grant in grants {
        for mut statement in statements::of_grant(grant, partition, secrets) {
            let sid = statement["Sid"].as_str().unwrap_or_default().to_owned();
            let count = seen.entry(sid.clone()).and_modify(|count| *count += 1).or_insert(1);
            if *count > 1 {
                statement["Sid"] = format!("{sid}{count}").into();
            }
            all.push((grant.id(), statement));
        }
    }
    all
}

/// Halves a statement by its resources until each part fits.
fn split(statement: Value, room: usize) -> Vec<Value> {
    let resources = statement["Resource"].as_array().cloned().unwrap_or_default();
    if counted(&statement) < room || resources.len() < 2 {
        return vec![statement];
    }
    let (left, right) = resources.split_at(resources.len() / 2);
    let sid = statement["Sid"].as_str().unwrap_or_default().to_owned();
    let half = |resources: &[Value], part: &str| {
        let mut half = statement.clone();
        half["Resource"] = resources.into();
        half["Sid"] = format!("{sid}{part}").into();
        split(half, room)
    };
    let mut parts = half(left, "A");
    parts.extend(half(right, "B"));
    parts
}
