//! Scopes that a custom role of the stack keeps although nothing is wanted there any more, and roles that stay for such a scope.
//! Azure takes no scope from a role that is assigned in it, and deletes no role that is assigned anywhere; whether it is isn't known
//! of a subscription that could not be searched. Sources: Azure/bicep, issue 17145; Azure RBAC, "Troubleshoot Azure RBAC".

use std::collections::{BTreeSet, HashMap};

use cloudgrant_core::{Desired, Note, ObjectId, Observed, Result, Stays};

use crate::client::arm::RoleAssignment;
use crate::client::remedies;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::names::resource_id::{ResourceId, is_within};
use crate::objects::custom_role::{self, CustomRole};

/// Leaves what can't go as it is, and says so.
pub(crate) async fn keep(
    names: &Names,
    desired: &Desired,
    snapshot: &Snapshot,
    searched: &BTreeSet<String>,
    observed: &mut Observed,
) -> Result<()> {
    let wanted = desired.objects.iter().filter(|object| object.id.kind == custom_role::KIND);
    let wanted = wanted.map(|object| Ok((&object.id, CustomRole::of(&object.attributes)?.assignable_in)));
    let wanted: HashMap<_, _> = wanted.collect::<Result<_>>()?;
    let roles = observed.objects.iter().filter(|(id, found)| id.kind == custom_role::KIND && found.owned);
    let mut held: Vec<(ObjectId, Vec<(String, String)>)> = Vec::new();
    for (id, found) in roles {
        let mut kept = Vec::new();
        let role = CustomRole::of(&found.attributes)?;
        for scope in former(&role, wanted.get(id).map_or(&[], Vec::as_slice)) {
            if let Some(why) = in_use(names, snapshot, searched, &role, &scope).await? {
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
        if let Some(found) = observed.objects.get_mut(&id) {
            let mut role = CustomRole::of(&found.attributes)?;
            role.assignable_in.retain(|scope| !kept.iter().any(|(kept, _)| kept == scope));
            found.attributes = role.attributes();
        }
        let scopes = kept.iter().map(|(scope, _)| scope.as_str()).collect::<Vec<_>>().join(", ");
        observed.notes.push(Note::warning(&id, format!("it stays assignable in {scopes}: {why}")));
    }
    Ok(())
}

fn former(role: &CustomRole<'_>, wanted: &[String]) -> Vec<String> {
    let is_wanted = |scope: &&String| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(scope));
    role.assignable_in.iter().filter(|scope| !is_wanted(scope)).cloned().collect()
}

/// Why a role can't leave a scope.
async fn in_use(
    names: &Names,
    snapshot: &Snapshot,
    searched: &BTreeSet<String>,
    role: &CustomRole<'_>,
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
    let assignments = snapshot.assignments(&subscription).await?;
    let is_theirs = |assignment: &&RoleAssignment| {
        assignment.role().eq_ignore_ascii_case(&role.id)
            && is_within(&assignment.scope, scope)
            && !assignment.is_of(names)
    };
    Ok(assignments.iter().find(is_theirs).map(|theirs| {
        format!(
            "somebody else has assigned it on {}; let that go first: `{}`",
            theirs.scope,
            remedies::delete_assignment(&theirs.id)
        )
    }))
}
