//! Limited administrators: what the conditions of the caller's own role assignments refuse is told while planning.
//!
//! Source: Azure documentation, "Delegate Azure role assignment management to others with conditions".

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, ErrorKind, Note, ObjectId, Observed, Result, matches};

use crate::client::Arm;
use crate::client::arm::RoleAssignment;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::objects::role_assignment::{self, RoleAssignment as Attributes};
use crate::observe::managed_identity::Principals;
use crate::observe::scopes::{Lies, lies};
use crate::policy::delegation::{Action, Asked, Delegation};
use crate::resources::built_in_roles::Verdict;
use crate::resources::known_roles;
use crate::resources::locator::is_guid;

/// A role assignment that is to be made, changed or taken away.
struct Deed {
    id: ObjectId,
    action: Action,
    scope: ResourceId,
    role: String,
    /// `None` where its identity isn't there yet.
    principal: Option<String>,
}

/// What is said together: of which of the caller's roles, what for, and whether it is certain.
type Reason = (String, Action, bool);

/// Warns of each role assignment that the caller may not write or delete by the conditions of its own roles. It costs a
/// request for each subscription in which somebody's right to assign roles has a condition, and none where nobody's has.
pub(crate) async fn notes(
    client: &Arm,
    desired: &Desired,
    snapshot: &Snapshot,
    principals: &Principals,
    observed: &Observed,
) -> Result<Vec<Note>> {
    let deeds = deeds(desired, observed, principals)?;
    let Some(caller) = client.caller().filter(|_| !deeds.is_empty()) else { return Ok(Vec::new()) };
    let subscriptions: BTreeSet<_> = deeds.iter().map(|deed| deed.scope.subscription()).collect();
    let mut told: BTreeMap<Reason, Vec<&Deed>> = BTreeMap::new();
    for subscription in subscriptions {
        let all = match snapshot.assignments(&subscription).await {
            // It wasn't searched, which is told.
            Err(error) if is_final(&error) => continue,
            all => all?,
        };
        if !all.iter().any(is_limited) {
            continue;
        }
        let (mine, with_groups) = administrates(client, snapshot, &subscription, &caller.principal, &all).await?;
        for deed in deeds.iter().filter(|deed| deed.scope.subscription() == subscription) {
            if let Some((by, certain)) = refused(deed, &mine) {
                // A group's role may let what the caller's own ones don't.
                told.entry((by, deed.action, certain && with_groups)).or_default().push(deed);
            }
        }
    }
    Ok(told.into_iter().map(|((by, action, certain), deeds)| note(&by, action, certain, &deeds)).collect())
}

/// Whether a condition may be one on assigning roles.
fn is_limited(assignment: &RoleAssignment) -> bool {
    let about = |condition: &str| condition.to_ascii_lowercase().contains("microsoft.authorization/roleassignments");
    assignment.condition.as_deref().is_some_and(about)
}

fn deeds(desired: &Desired, observed: &Observed, principals: &Principals) -> Result<Vec<Deed>> {
    let of = |id: &ObjectId, assignment: &Attributes<'_>, action, scope| {
        // Of an identity that is gone, only its principal is known.
        let known = principals.of(&assignment.principal).map(ToOwned::to_owned);
        let principal = known.or_else(|| is_guid(&assignment.principal).then(|| assignment.principal.to_string()));
        Deed { id: id.clone(), action, scope, role: assignment.role_id.to_string(), principal }
    };
    let (mut deeds, mut kept) = (Vec::new(), BTreeSet::new());
    for assignment in role_assignment::among(&desired.objects) {
        let (object, assignment) = assignment?;
        if object.handoff.is_some() {
            continue;
        }
        kept.insert(&object.id);
        let found = observed.objects.get(&object.id);
        if !found.is_some_and(|found| !found.owned || found.attributes == object.attributes) {
            deeds.push(of(&object.id, &assignment, Action::Give, assignment.scope_id()?));
        }
    }
    let owned = observed.objects.iter().filter(|(id, found)| id.kind == role_assignment::KIND && found.owned);
    for (id, found) in owned.filter(|(id, _)| !kept.contains(id)) {
        let assignment = Attributes::of(&found.attributes)?;
        deeds.push(of(id, &assignment, Action::Take, assignment.scope_id()?));
    }
    Ok(deeds)
}

/// A right to assign roles that the caller has.
struct Right {
    /// For people.
    named: String,
    scope: String,
    actions: Vec<Action>,
    condition: Option<Delegation>,
}

/// The caller's rights to assign roles in a subscription, those of its groups among them, and whether these could be read.
async fn administrates(
    client: &Arm,
    snapshot: &Snapshot,
    subscription: &str,
    caller: &str,
    all: &[RoleAssignment],
) -> Result<(Vec<Right>, bool)> {
    let mut with_groups = true;
    let mut mine: BTreeMap<_, _> = all
        .iter()
        .filter(|assignment| assignment.principal_id.eq_ignore_ascii_case(caller))
        .map(|assignment| (assignment.id.to_ascii_lowercase(), assignment.clone()))
        .collect();
    match client.role_assignments_to(subscription, caller).await {
        Ok(more) => mine.extend(more.into_iter().map(|one| (one.id.to_ascii_lowercase(), one))),
        // Who is in which group isn't everybody's to know.
        Err(error) if matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::Unexpected) => {
            tracing::debug!(%error, "the role assignments of the caller's groups can't be read");
            with_groups = false;
        }
        Err(error) => return Err(error),
    }
    let custom = snapshot.custom_roles_of(subscription).await?;
    let rights = mine.into_values().filter_map(|assignment| {
        let role = assignment.role();
        let defined = custom.iter().find(|defined| defined.name.eq_ignore_ascii_case(&role));
        let known = known_roles::known(&role);
        let may = |action: &Action| match (defined, known) {
            // What one permission set takes away, another one may give.
            (Some(role), _) => role.permissions.iter().any(|set| {
                let any = |patterns: &[String]| patterns.iter().any(|it| matches(it, action.name()));
                any(&set.actions) && !any(&set.not_actions)
            }),
            (None, Some(role)) => matches!(role.verdict, Verdict::Assigns(_)),
            // Other ready-made roles assign a few roles at most, which their own definitions say.
            (None, None) => false,
        };
        let actions: Vec<_> = [Action::Give, Action::Take].into_iter().filter(may).collect();
        let name = defined.map(|role| role.role_name.as_str()).or_else(|| known.map(|role| role.name)).unwrap_or(&role);
        (!actions.is_empty()).then(|| Right {
            named: format!("{name} on {}", assignment.scope),
            scope: assignment.scope,
            actions,
            condition: assignment.condition.as_deref().map(Delegation::read),
        })
    });
    Ok((rights.collect(), with_groups))
}

/// Which of the caller's rights have conditions that refuse something, and whether that is certain. None where one of them
/// lets it, and where there is none at all, which is told elsewhere.
fn refused(deed: &Deed, mine: &[Right]) -> Option<(String, bool)> {
    let here: Vec<_> = mine
        .iter()
        .filter(|right| right.actions.contains(&deed.action) && lies(&right.scope, &deed.scope) != Lies::Elsewhere)
        .collect();
    let asked = Asked { action: deed.action, role: &deed.role, principal: deed.principal.as_deref() };
    let verdicts: Vec<_> =
        here.iter().map(|right| right.condition.as_ref().map_or(Some(true), |it| it.lets(asked))).collect();
    if verdicts.is_empty() || verdicts.contains(&Some(true)) {
        return None;
    }
    let named: Vec<_> = here.iter().map(|right| right.named.as_str()).collect();
    Some((named.join(", "), verdicts.iter().all(|verdict| *verdict == Some(false))))
}

fn note(by: &str, action: Action, certain: bool, deeds: &[&Deed]) -> Note {
    let names: Vec<_> = deeds
        .iter()
        .map(|deed| {
            let principal = deed.principal.as_deref().unwrap_or("a principal that isn't there yet");
            format!("{} (role {}, {principal})", deed.id.name, deed.role)
        })
        .collect();
    let verb = if action == Action::Give { "write" } else { "delete" };
    let what = match certain {
        true => format!("has a condition, by which Azure will refuse to {verb}"),
        false => format!("has a condition, and whether by that Azure will refuse to {verb} these can't be told"),
    };
    let message = format!(
        "its role {by} {what}: {}; whoever gave it can add these roles and principals to the condition, or apply",
        names.join("; ")
    );
    Note::warning("the caller", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::loopback::{Loopback, SUBSCRIPTION, json, refusal};
    use crate::tests::connected;

    #[tokio::test]
    async fn without_the_groups_of_the_caller_no_refusal_is_certain() {
        for readable in [true, false] {
            let cloud = Loopback::start(move |request, _| match request.query.contains("assignedTo") {
                true if !readable => refusal(403, "AuthorizationFailed"),
                _ => json(200, serde_json::json!({ "value": [] })),
            })
            .await;
            let azure = connected("flyte", cloud.config()).await;
            let snapshot = azure.inventory.snapshot().await;
            let answer = administrates(&azure.client, &snapshot, SUBSCRIPTION, "p", &[]).await.expect("an answer");
            assert_eq!(answer.1, readable);
        }
    }
}
