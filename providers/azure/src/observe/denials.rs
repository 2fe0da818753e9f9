//! Deny assignments: what stays forbidden whatever roles say, told before anything is made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudgrant_core::{Desired, ErrorKind, Note, Object, Observed, Result};

use super::identities::Principals;
use super::scopes::{Lies, lies};
use crate::Azure;
use crate::actions::{self, Deed};
use crate::arm::{Denied, DenyAssignment, Party};
use crate::kinds;
use crate::resource_id::ResourceId;

const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";
const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/write";

/// What an action is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    Control,
    Data,
}

/// Warns of each deny assignment in the way of what is to be made: of the caller's own writes, as far as everybody is
/// denied them, and of what the roles are for. It costs a request for each subscription in which something is to be made.
pub(super) async fn add(
    azure: &Azure,
    desired: &Desired,
    principals: &Principals,
    observed: &mut Observed,
) -> Result<()> {
    let new: Vec<_> = desired
        .objects
        .iter()
        .filter(|object| object.handoff.is_none() && !observed.objects.contains_key(&object.id))
        .filter_map(|object| Some((object, scope_of(azure, object)?)))
        .collect();
    let subscriptions: BTreeSet<_> = new.iter().map(|(_, scope)| scope.subscription()).collect();
    let mut denials = BTreeMap::new();
    for subscription in subscriptions {
        match azure.arm.deny_assignments(&subscription).await {
            Ok(list) => _ = denials.insert(subscription, list),
            Err(error) if matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NotFound) => {
                let message = "its deny assignments can't be read, which may forbid what is to be made or used";
                observed.notes.push(Note::warning(format!("subscription {subscription}"), message));
            }
            Err(error) => return Err(error),
        }
    }
    let custom = custom_actions(desired);
    for (object, scope) in new {
        let Some(list) = denials.get(&scope.subscription()) else { continue };
        let holder = object.attributes.text("principal");
        let principal = holder.as_deref().and_then(|identity| principals.of(identity));
        let used = used(object, &custom);
        for denial in list.iter().filter(|denial| holds_at(denial, &scope)) {
            let write = if object.id.kind == kinds::IDENTITY { IDENTITY } else { ASSIGN };
            if of(denial, None) && denies(denial, Plane::Control, write) {
                let message = format!("{}: it denies {write} to everybody whom it doesn't exclude", told(denial));
                observed.notes.push(Note::warning(&object.id, message));
            }
            let denied = used.iter().find(|(plane, action)| denies(denial, *plane, action));
            if let (true, Some((_, action))) = (of(denial, principal), denied) {
                let message = format!("{}: it denies {action} to the role's holder, whatever its roles", told(denial));
                observed.notes.push(Note::warning(&object.id, message));
            }
        }
    }
    Ok(())
}

fn told(denial: &DenyAssignment) -> String {
    format!(
        "the deny assignment `{}` at {} is in the way, and only who made it can change that",
        crate::error::line(&denial.name),
        denial.scope
    )
}

/// Where an object is made.
fn scope_of(azure: &Azure, object: &Object) -> Option<ResourceId> {
    match object.id.kind {
        kinds::ASSIGNMENT => ResourceId::parse(&object.attributes.text("scope")?).ok(),
        kinds::IDENTITY => Some(azure.names.group().clone()),
        _ => None,
    }
}

/// The actions of the custom roles that are wanted, by the role's id.
fn custom_actions(desired: &Desired) -> HashMap<String, Vec<String>> {
    let roles = desired.objects.iter().filter(|object| object.id.kind == kinds::ROLE);
    roles
        .map(|object| {
            let attributes = object.attributes.value();
            let list = attributes["data_actions"].as_array().into_iter().flatten();
            let actions = list.filter_map(|action| action.as_str().map(ToOwned::to_owned)).collect();
            (object.attributes.text("id").unwrap_or_default(), actions)
        })
        .collect()
}

/// What an assignment is for.
fn used(object: &Object, custom: &HashMap<String, Vec<String>>) -> Vec<(Plane, String)> {
    let role = object.attributes.text("role_id").unwrap_or_default();
    if let Some(actions) = custom.get(&role) {
        return actions.iter().map(|action| (Plane::Data, action.clone())).collect();
    }
    let data = |action: &str| vec![(Plane::Data, action.to_owned())];
    let deeds =
        |deeds: &[Deed]| deeds.iter().flat_map(|deed| deed.data_actions()).map(|it| (Plane::Data, it)).collect();
    match actions::known(&role) {
        Some(actions::BLOB_READER) => deeds(&[Deed::Read]),
        Some(actions::BLOB_CONTRIBUTOR) => deeds(&Deed::ALL),
        Some(actions::SECRETS_USER) => data("Microsoft.KeyVault/vaults/secrets/getSecret/action"),
        Some(actions::ACR_PULL) => {
            vec![(Plane::Control, "Microsoft.ContainerRegistry/registries/pull/read".to_owned())]
        }
        Some(actions::ACR_PUSH) => {
            vec![(Plane::Control, "Microsoft.ContainerRegistry/registries/push/write".to_owned())]
        }
        Some(actions::REPOSITORY_READER) => data("Microsoft.ContainerRegistry/registries/repositories/content/read"),
        Some(actions::REPOSITORY_WRITER) => data("Microsoft.ContainerRegistry/registries/repositories/content/write"),
        _ => Vec::new(),
    }
}

fn holds_at(denial: &DenyAssignment, scope: &ResourceId) -> bool {
    match lies(&denial.scope, scope) {
        Lies::Same => true,
        Lies::Above => !denial.do_not_apply_to_child_scopes,
        Lies::Elsewhere => false,
    }
}

/// Whether it is about a principal, or about everybody.
fn of(denial: &DenyAssignment, principal: Option<&str>) -> bool {
    let is = |party: &Party| principal.is_some_and(|principal| party.id.eq_ignore_ascii_case(principal));
    denial.principals.iter().any(|party| party.is_everybody() || is(party)) && !denial.exclude_principals.iter().any(is)
}

fn denies(denial: &DenyAssignment, plane: Plane, action: &str) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| actions::matches(pattern, action));
    denial.permissions.iter().any(|permission: &Denied| match plane {
        Plane::Control => any(&permission.actions) && !any(&permission.not_actions),
        Plane::Data => any(&permission.data_actions) && !any(&permission.not_data_actions),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(scope: &str) -> DenyAssignment {
        let everybody = Party { id: "00000000-0000-0000-0000-000000000000".to_owned() };
        DenyAssignment { scope: scope.to_owned(), principals: vec![everybody], ..DenyAssignment::default() }
    }

    #[test]
    fn a_deny_assignment_holds_at_its_scope_and_below() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/Acme";
        let id = |text: &str| ResourceId::parse(text).expect("an id");
        assert!(holds_at(&denial(&group.to_uppercase()), &id(group)) && holds_at(&denial("/"), &id(group)));
        assert!(!holds_at(&denial(group), &id(&format!("{group}-2"))));
        assert!(holds_at(&denial("/providers/Microsoft.Management/managementGroups/acme"), &id(group)));
        let only = DenyAssignment { do_not_apply_to_child_scopes: true, ..denial(&id(group).as_str()[..52]) };
        assert!(!holds_at(&only, &id(group)));
    }

    #[test]
    fn whom_and_what_it_denies() {
        let mut one = denial("/");
        one.permissions =
            vec![Denied { actions: vec!["*".to_owned()], not_actions: vec!["*/read".to_owned()], ..Denied::default() }];
        assert!(denies(&one, Plane::Control, ASSIGN) && !denies(&one, Plane::Control, "a/read"));
        assert!(!denies(&one, Plane::Data, ASSIGN));
        assert!(of(&one, None) && of(&one, Some("p")));
        one.exclude_principals = vec![Party { id: "P".to_owned() }];
        assert!(of(&one, None) && !of(&one, Some("p")));
        one.principals = vec![Party { id: "q".to_owned() }];
        assert!(!of(&one, None) && of(&one, Some("Q")));
    }
}
