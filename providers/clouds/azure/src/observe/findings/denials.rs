//! Deny assignments: what stays forbidden whatever roles say, told before anything is made.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cloudgrant_core::{Broken, Desired, Error, Note, Object, Observed, Result, matches};

use crate::client::arm::{Denied, DenyAssignment, Party, WRITE_COMPUTE, WRITE_ENDPOINT, WRITE_WORKSPACE};
use crate::config::Config;
use crate::error::is_final;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::compute_identity::{self, ComputeIdentity};
use crate::objects::custom_role::{self, CustomRole};
use crate::objects::endpoint_identity::{self, EndpointIdentity};
use crate::objects::federated_credential::{self, FederatedCredential};
use crate::objects::managed_identity;
use crate::objects::role_assignment::{self, RoleAssignment};
use crate::objects::workspace_identity::{self, WorkspaceIdentity};
use crate::objects::workspace_setting::{self, WorkspaceSetting};
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::observe::scopes::{Lies, lies};
use crate::resources::built_in_roles::{ASSIGN, Gives};
use crate::resources::known_roles;

/// What an action is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plane {
    Control,
    Data,
}

/// What deny assignments forbid.
#[derive(Debug, Default)]
pub(crate) struct Forbidden {
    /// Of what is to be made.
    pub(crate) notes: Vec<Note>,
    /// Of the roles that are there.
    pub(crate) broken: Vec<Broken>,
}

/// Warns of each deny assignment in the way of what is to be made: of the caller's own writes, as far as everybody or the
/// caller itself is denied them, and of what the roles are for. Who looks thoroughly hears also which role that is there gives
/// nothing for one. It costs a request for each subscription in which something is looked at.
pub(crate) async fn read(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    principals: &Principals,
    observed: &Observed,
) -> Result<Forbidden> {
    let mut notes = Vec::new();
    let mut broken: BTreeMap<String, Broken> = BTreeMap::new();
    let looks_again = looking.inventory.looks_again();
    let mut looked_at = Vec::new();
    for object in desired.objects.iter().filter(|object| object.handoff.is_none()) {
        let is_there = observed.objects.contains_key(&object.id);
        if is_there && !(looks_again && object.id.kind == role_assignment::KIND) {
            continue;
        }
        looked_at.push((object, write_of(looking.config, looking.names, object)?, is_there));
    }
    let caller = looking.client.caller().map(|caller| caller.principal);
    let subscriptions: BTreeSet<_> = looked_at.iter().map(|(_, write, _)| write.scope.subscription()).collect();
    let mut denials = BTreeMap::new();
    for subscription in subscriptions {
        match looking.client.deny_assignments(&subscription).await {
            Ok(list) => _ = denials.insert(subscription, list),
            Err(error) if is_final(&error) => {
                let message = "its deny assignments can't be read, which may forbid what is to be made or used";
                notes.push(Note::warning(format!("subscription {subscription}"), message));
            }
            Err(error) => return Err(error),
        }
    }
    let custom = custom_actions(desired)?;
    // Many credentials of one identity are denied together.
    let mut told_of = HashSet::new();
    for (object, write, is_there) in &looked_at {
        let Some(list) = denials.get(&write.scope.subscription()) else { continue };
        if list.is_empty() {
            continue;
        }
        let assignment = (object.id.kind == role_assignment::KIND).then(|| RoleAssignment::of(&object.attributes));
        let assignment = assignment.transpose()?;
        let principal = assignment.as_ref().and_then(|assignment| principals.of(&assignment.principal));
        let used = match &assignment {
            Some(assignment) => used(&assignment.role_id, &custom, snapshot).await,
            None => Vec::new(),
        };
        for denial in list.iter().filter(|denial| holds_at(denial, &write.scope)) {
            let key = (&denial.name, &denial.scope, write.operation, write.scope.as_str());
            let whom = [(None, "everybody whom it doesn't exclude"), (caller.as_deref(), "who runs this")];
            let whom = whom.into_iter().find(|(principal, _)| of(denial, *principal)).map(|(_, whom)| whom);
            if let (false, Some(whom), true) = (is_there, whom, denies(denial, Plane::Control, write.operation))
                && told_of.insert(key)
            {
                let message = format!("{}: it denies {} to {whom}", told(denial), write.operation);
                notes.push(Note::warning(&object.id, message));
            }
            let denied = used.iter().find(|(plane, action)| narrows(denial, *plane, action));
            if let (true, Some((_, action))) = (of(denial, principal), denied) {
                let message = format!("{}: it denies {action} to the role's holder, whatever its roles", told(denial));
                if *is_there {
                    let about = Note::warning(&object.id, &message);
                    let one = broken.entry(message).or_insert(Broken { note: about, objects: BTreeSet::new() });
                    one.objects.insert(object.id.clone());
                } else {
                    notes.push(Note::warning(&object.id, message));
                }
            }
        }
    }
    Ok(Forbidden { notes, broken: broken.into_values().collect() })
}

fn told(denial: &DenyAssignment) -> String {
    format!(
        "the deny assignment `{}` at {} is in the way, and only who made it can change that",
        crate::error::line(&denial.name),
        denial.scope
    )
}

/// The caller's write that makes an object, and where.
struct Write {
    operation: &'static str,
    scope: ResourceId,
}

fn write_of(config: &Config, names: &Names, object: &Object) -> Result<Write> {
    let (operation, scope) = match object.id.kind {
        role_assignment::KIND => (ASSIGN, RoleAssignment::of(&object.attributes)?.scope_id()?),
        compute_identity::KIND => (WRITE_COMPUTE, ComputeIdentity::of(&object.attributes)?.compute_id()?),
        endpoint_identity::KIND => (WRITE_ENDPOINT, EndpointIdentity::of(&object.attributes)?.endpoint_id()?),
        workspace_identity::KIND => (WRITE_WORKSPACE, WorkspaceIdentity::of(&object.attributes)?.workspace_id()?),
        workspace_setting::KIND => (WRITE_WORKSPACE, WorkspaceSetting::of(&object.attributes)?.workspace_id()?),
        managed_identity::KIND => ("Microsoft.ManagedIdentity/userAssignedIdentities/write", names.group().clone()),
        federated_credential::KIND => (
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
            FederatedCredential::of(&object.attributes)?.identity_id()?,
        ),
        custom_role::KIND => {
            let home = format!("/subscriptions/{}", config.subscription);
            let home = ResourceId::parse(&home).map_err(|why| Error::provider_bug("azure", why))?;
            ("Microsoft.Authorization/roleDefinitions/write", home)
        }
        kind => return Err(Error::provider_bug("azure", format!("it doesn't know what denies a {kind}"))),
    };
    Ok(Write { operation, scope })
}

/// The actions of the custom roles that are wanted, by the role's id.
fn custom_actions(desired: &Desired) -> Result<HashMap<String, Vec<String>>> {
    let roles = desired.objects.iter().filter(|object| object.id.kind == custom_role::KIND);
    let of_role = |role: CustomRole<'_>| (role.id.into_owned(), role.data_actions);
    roles.map(|object| CustomRole::of(&object.attributes).map(of_role)).collect()
}

/// What an assignment of a role is for, as patterns: of the custom role that is wanted, of the ready-made one, or of the one that the
/// manifest names, whose definition was read for that.
async fn used(role: &str, custom: &HashMap<String, Vec<String>>, snapshot: &Snapshot) -> Vec<(Plane, String)> {
    let on =
        |plane: Plane, actions: &[String]| actions.iter().map(|action| (plane, action.clone())).collect::<Vec<_>>();
    if let Some(actions) = custom.get(role) {
        return on(Plane::Data, actions);
    }
    if let Some(role) = known_roles::known(role) {
        let (plane, patterns) = match role.gives {
            Gives::Control(patterns) => (Plane::Control, patterns),
            Gives::Data(patterns) => (Plane::Data, patterns),
        };
        return patterns.iter().map(|pattern| (plane, (*pattern).to_owned())).collect();
    }
    let Some(role) = snapshot.role_so_far(role).await else { return Vec::new() };
    on(Plane::Data, &role.data_actions).into_iter().chain(on(Plane::Control, &role.actions)).collect()
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
    denied(denial, plane, |pattern| matches(pattern, action), action)
}

/// Whether it denies what a role gives with a pattern, or a part of that.
fn narrows(denial: &DenyAssignment, plane: Plane, given: &str) -> bool {
    let meets = |pattern: &str| matches(pattern, given) || matches(given, pattern);
    denied(denial, plane, meets, given)
}

fn denied(denial: &DenyAssignment, plane: Plane, meets: impl Fn(&str) -> bool, action: &str) -> bool {
    let meets = |patterns: &[String]| patterns.iter().any(|pattern| meets(pattern));
    let excepts = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, action));
    denial.permissions.iter().any(|permission: &Denied| match plane {
        Plane::Control => meets(&permission.actions) && !excepts(&permission.not_actions),
        Plane::Data => meets(&permission.data_actions) && !excepts(&permission.not_data_actions),
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
    fn a_role_s_pattern_is_narrowed_by_what_denies_all_or_a_part_of_it() {
        let mut one = denial("/");
        let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
        one.permissions = vec![Denied {
            data_actions: vec![format!("{blobs}/delete")],
            actions: vec!["Microsoft.MachineLearningServices/*".to_owned()],
            ..Denied::default()
        }];
        assert!(narrows(&one, Plane::Data, &format!("{blobs}/*")) && narrows(&one, Plane::Data, "*"));
        assert!(!narrows(&one, Plane::Data, &format!("{blobs}/read")));
        assert!(narrows(&one, Plane::Control, "Microsoft.MachineLearningServices/workspaces/*/action"));
        assert!(!narrows(&one, Plane::Control, "*/read"), "neither holds the other");
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
