//! Scopes that a custom role of the stack keeps although nothing is wanted there any more, and roles that stay for such a scope.
//! Azure takes no scope from a role that is assigned in it, and deletes no role that is assigned anywhere; whether it is isn't known
//! of a subscription that could not be searched. Sources: Azure/bicep, issue 17145; Azure RBAC, "Troubleshoot Azure RBAC".

use std::collections::{BTreeSet, HashMap};

use cloudgrant_core::{Desired, Found, Note, ObjectId, Observed, Result, Stays};
use serde_json::Value;

use crate::Azure;
use crate::client::arm::RoleAssignment;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_within};
use crate::objects::kinds;
use crate::objects::remedies;

/// Leaves what can't go as it is, and says so.
pub(crate) async fn keep(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    searched: &BTreeSet<String>,
    observed: &mut Observed,
) -> Result<()> {
    let wanted: HashMap<_, _> =
        desired.objects.iter().map(|object| (&object.id, scopes(&object.attributes.value()))).collect();
    let roles = observed.objects.iter().filter(|(id, found)| id.kind == kinds::ROLE && found.owned);
    let mut held: Vec<(ObjectId, Vec<(String, String)>)> = Vec::new();
    for (id, found) in roles {
        let mut kept = Vec::new();
        for scope in former(found, wanted.get(id).map_or(&[], Vec::as_slice)) {
            if let Some(why) = in_use(azure, snapshot, searched, found, &scope).await? {
                kept.push((scope, why));
            }
        }
        if !kept.is_empty() {
            held.push((id.clone(), kept));
        }
    }
    for (id, kept) in held {
        let whys: BTreeSet<_> = kept.iter().map(|(_, why)| why.as_str()).collect();
        let why = whys.into_iter().collect::<Vec<_>>().join("; ");
        if !wanted.contains_key(&id) {
            observed.objects.remove(&id);
            observed.stays.push(Stays { object: id, reason: why, is_empty: false });
            continue;
        }
        let is_kept = |scope: &Value| kept.iter().any(|(kept, _)| scope.as_str() == Some(kept));
        let without = |attributes: &mut Value| {
            if let Some(scopes) = attributes["assignable_in"].as_array_mut() {
                scopes.retain(|scope| !is_kept(scope));
            }
        };
        if let Some(found) = observed.objects.get_mut(&id) {
            found.attributes.change(without);
        }
        let scopes = kept.iter().map(|(scope, _)| scope.as_str()).collect::<Vec<_>>().join(", ");
        observed.notes.push(Note::warning(&id, format!("it stays assignable in {scopes}: {why}")));
    }
    Ok(())
}

fn scopes(attributes: &Value) -> Vec<String> {
    let list = attributes["assignable_in"].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn former(found: &Found, wanted: &[String]) -> Vec<String> {
    let is_wanted = |scope: &String| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(scope));
    scopes(&found.attributes.value()).into_iter().filter(|scope| !is_wanted(scope)).collect()
}

/// Why a role can't leave a scope.
async fn in_use(
    azure: &Azure,
    snapshot: &Snapshot,
    searched: &BTreeSet<String>,
    role: &Found,
    scope: &str,
) -> Result<Option<String>> {
    let Ok(id) = ResourceId::parse(scope) else { return Ok(None) };
    let subscription = id.subscription();
    if !searched.contains(&subscription) {
        return Ok(Some(format!(
            "whether it is assigned in subscription {subscription} can't be seen, and Azure lets nobody take it from there while \
             it is: `{}`",
            remedies::list_assignments(&subscription)
        )));
    }
    let name = role.attributes.text("id").unwrap_or_default();
    let assignments = snapshot.assignments(&subscription).await?;
    let is_theirs = |assignment: &&RoleAssignment| {
        assignment.role().eq_ignore_ascii_case(&name)
            && is_within(&assignment.scope, scope)
            && !assignment.is_of(&azure.names)
    };
    Ok(assignments.iter().find(is_theirs).map(|theirs| {
        format!(
            "somebody else has assigned it on {}; let that go first: `{}`",
            theirs.scope,
            remedies::delete_assignment(&theirs.id)
        )
    }))
}
