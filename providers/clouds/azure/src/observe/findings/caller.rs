//! Requirement 107: whether the caller may assign roles and take them away, make and delete custom ones, and put identities on computes,
//! endpoints and workspaces, before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{
    Action, Attributes, Desired, Diagnostic, Error, ErrorKind, Note, ObjectId, Observed, Obstacle, Result, Unmakeable,
    matches,
};
use futures_util::future::try_join_all;

use crate::client::arm::{ASSIGN_IDENTITY, Permission, WRITE_COMPUTE, WRITE_ENDPOINT, WRITE_WORKSPACE};
use crate::config::Config;
use crate::error::is_final;
use crate::inventory::lookups::absence;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, is_within};
use crate::objects::compute_identity::{self, ComputeIdentity};
use crate::objects::custom_role::{self, CustomRole};
use crate::objects::endpoint_identity::{self, EndpointIdentity};
use crate::objects::role_assignment::{self, RoleAssignment};
use crate::objects::workspace_identity::{self, WorkspaceIdentity};
use crate::objects::workspace_setting::{self, WorkspaceSetting};
use crate::objects::{federated_credential, managed_identity};
use crate::resources::built_in_roles;

/// What the caller has to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Assign,
    Define,
    Unassign,
    Undefine,
    /// Putting an identity on something needs a right to the one and to the other.
    AssignIdentity,
    WriteCompute,
    WriteEndpoint,
    WriteWorkspace,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Assign => built_in_roles::ASSIGN,
            Self::Define => "Microsoft.Authorization/roleDefinitions/write",
            Self::Unassign => "Microsoft.Authorization/roleAssignments/delete",
            Self::Undefine => "Microsoft.Authorization/roleDefinitions/delete",
            Self::AssignIdentity => ASSIGN_IDENTITY,
            Self::WriteCompute => WRITE_COMPUTE,
            Self::WriteEndpoint => WRITE_ENDPOINT,
            Self::WriteWorkspace => WRITE_WORKSPACE,
        }
    }

    fn takes_away(self) -> bool {
        match self {
            Self::Unassign | Self::Undefine => true,
            Self::Assign
            | Self::Define
            | Self::AssignIdentity
            | Self::WriteCompute
            | Self::WriteEndpoint
            | Self::WriteWorkspace => false,
        }
    }

    /// The changes that take it.
    fn actions(self) -> &'static [Action] {
        if self.takes_away() { &[Action::Delete] } else { &[Action::Create, Action::Update] }
    }
}

/// What the caller may not make, change or delete, with a warning of what it may not delete. It costs a request for the data
/// plane's subscription, and one for each scope where that isn't enough; nothing where no role is to be changed.
pub(crate) async fn may_assign(
    config: &Config,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &Observed,
) -> Result<(Vec<Unmakeable>, Vec<Note>)> {
    let needed = needed(config, desired, observed)?;
    let (mut unmakeable, mut notes) = (Vec::new(), Vec::new());
    if needed.is_empty() {
        return Ok((unmakeable, notes));
    }
    let subscription = format!("/subscriptions/{}", config.subscription);
    let here = match snapshot.permissions(&subscription).await {
        // Each scope says by itself what is needed of it.
        Err(error) if is_final(&error) => Arc::default(),
        here => here?,
    };
    // What can't be used is in the way of everybody, and told as that.
    let unusable = snapshot.unusable().of_assignments();
    let is_unusable = |scope: &str| unusable.keys().any(|id| is_within(scope, id));
    let outside = |((operation, scope), _): &(Need, Objects)| {
        if !operation.takes_away() && is_unusable(scope) {
            return false;
        }
        let below = format!("{}/", scope.to_ascii_lowercase()).starts_with(&format!("{subscription}/"));
        !below || !allows(&here, *operation)
    };
    let ask = needed.into_iter().filter(outside).map(|((operation, scope), objects)| async move {
        let allowed = match snapshot.permissions(&scope).await {
            Ok(permissions) => Ok(allows(&permissions, operation)),
            Err(error) if is_final(&error) => Err(error),
            Err(error) => return Err(error),
        };
        Ok((operation, scope, objects, allowed))
    });
    // How many scopes are asked about at a time, the client knows.
    let answers = try_join_all(ask).await?;
    let mut refused: BTreeMap<Operation, (Vec<String>, Objects)> = BTreeMap::new();
    for (operation, scope, objects, allowed) in answers {
        match allowed {
            Ok(true) => {}
            Ok(false) => {
                let (scopes, of) = refused.entry(operation).or_default();
                scopes.push(scope);
                of.extend(objects);
            }
            // Nothing is known of that place, which the plan says; whether it can be taken away, the attempt shows.
            Err(_) if operation.takes_away() => {}
            Err(why) => match gone(&why, &scope) {
                // Nobody may do anything where nothing is, which is said of all that is in it.
                Some((resource, why)) => snapshot.is_absent(&resource, why),
                None => {
                    let obstacle = match why.kind() {
                        ErrorKind::AccessDenied => Obstacle::Caller,
                        _ => Obstacle::PerhapsHidden,
                    };
                    unmakeable.push(Unmakeable { why, actions: operation.actions(), objects, obstacle });
                }
            },
        }
    }
    for (operation, (scopes, objects)) in refused {
        notes.extend(warning(operation, &scopes).filter(|_| operation.takes_away()));
        let why = refusal(operation, &scopes);
        unmakeable.extend(why.map(|why| Unmakeable {
            why,
            actions: operation.actions(),
            objects,
            obstacle: Obstacle::Caller,
        }));
    }
    Ok((unmakeable, notes))
}

/// An operation, and where.
type Need = (Operation, String);

/// For which objects.
type Objects = BTreeSet<ObjectId>;

/// What is to be made, changed and deleted, and where.
fn needed(config: &Config, desired: &Desired, observed: &Observed) -> Result<BTreeMap<Need, Objects>> {
    let mut needed: BTreeMap<Need, Objects> = BTreeMap::new();
    let wanted: BTreeSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    for object in desired.objects.iter().filter(|object| object.handoff.is_none()) {
        let is_there = |attributes: &Attributes| {
            observed.objects.get(&object.id).is_some_and(|found| !found.owned || found.attributes == *attributes)
        };
        if !is_there(&object.attributes) {
            for need in writes(config, object.id.kind, &object.attributes)? {
                needed.entry(need).or_default().insert(object.id.clone());
            }
        }
    }
    for (id, found) in observed.objects.iter().filter(|(id, found)| found.owned && !wanted.contains(id)) {
        for (operation, scope) in writes(config, id.kind, &found.attributes)? {
            let operation = match operation {
                Operation::Assign | Operation::Unassign => Operation::Unassign,
                Operation::Define | Operation::Undefine => Operation::Undefine,
                // Whether an identity can be taken off something, the attempt shows.
                Operation::AssignIdentity
                | Operation::WriteCompute
                | Operation::WriteEndpoint
                | Operation::WriteWorkspace => continue,
            };
            needed.entry((operation, scope)).or_default().insert(id.clone());
        }
    }
    Ok(needed)
}

/// Writing an object of a kind, and the scopes in which the caller has to be allowed that. Whoever writes a definition needs
/// it in each of the scopes that it can be assigned in. Source: Azure documentation, "Azure custom roles", who can create,
/// delete, update or view a custom role.
fn writes(config: &Config, kind: &str, attributes: &Attributes) -> Result<Vec<(Operation, String)>> {
    let put_on = |operation, unit: &str, identity: &str| {
        vec![(operation, unit.to_owned()), (Operation::AssignIdentity, scope_of(config, identity))]
    };
    Ok(match kind {
        role_assignment::KIND => vec![(Operation::Assign, RoleAssignment::of(attributes)?.scope.into_owned())],
        custom_role::KIND => {
            let scopes = CustomRole::of(attributes)?.assignable_in;
            scopes.into_iter().map(|scope| (Operation::Define, scope)).collect()
        }
        compute_identity::KIND => {
            let ComputeIdentity { compute, identity } = ComputeIdentity::of(attributes)?;
            put_on(Operation::WriteCompute, &compute, &identity)
        }
        endpoint_identity::KIND => {
            let EndpointIdentity { endpoint, identity } = EndpointIdentity::of(attributes)?;
            put_on(Operation::WriteEndpoint, &endpoint, &identity)
        }
        workspace_identity::KIND => {
            let WorkspaceIdentity { workspace, identity } = WorkspaceIdentity::of(attributes)?;
            put_on(Operation::WriteWorkspace, &workspace, &identity)
        }
        workspace_setting::KIND => {
            vec![(Operation::WriteWorkspace, WorkspaceSetting::of(attributes)?.workspace.into_owned())]
        }
        // Of these, nothing is asked ahead.
        managed_identity::KIND | federated_credential::KIND => Vec::new(),
        kind => return Err(Error::provider_bug("azure", format!("it doesn't know what it takes to write a {kind}"))),
    })
}

/// Where somebody needs a right to an identity: one of the stack's own may not be there yet, and its resource group is.
fn scope_of(config: &Config, identity: &str) -> String {
    let group = format!("/subscriptions/{}/resourceGroups/{}", config.subscription, config.resource_group);
    if is_within(identity, &group) { group } else { identity.to_owned() }
}

/// The resource of a scope of which Azure says that it isn't there.
fn gone(error: &Error, scope: &str) -> Option<(ResourceId, Diagnostic)> {
    absence::of_scope(&ResourceId::parse(scope).ok()?).filter(|_| absence::is_told_by(error))
}

fn refusal(operation: Operation, scopes: &[String]) -> Option<Error> {
    let (what, hint) = match operation {
        Operation::Define => (
            "make custom roles in",
            "have an owner give you `User Access Administrator` there, or a role with this operation, or let them apply; \
             or name a ready-made role, which reaches further: `azure: { roles: { RESOURCE: { LEVEL: Storage Blob Data \
             Contributor } } }`",
        ),
        Operation::Assign => (
            "assign roles on",
            "have an owner give you `Role Based Access Control Administrator` there (it can be limited to the roles that \
             `cloudgrant explain` lists), or let them apply",
        ),
        Operation::Unassign => (
            "delete role assignments on",
            "have an owner give you `Role Based Access Control Administrator` there (it can be limited to the roles that \
             `cloudgrant explain` lists), or let them take this away",
        ),
        Operation::AssignIdentity => {
            ("assign identities of", "have an owner give you `Managed Identity Operator` there, or let them apply")
        }
        Operation::WriteCompute => (
            "put identities on",
            "have an owner give you `AzureML Compute Operator` there, or a role with this operation, or let them apply",
        ),
        Operation::WriteEndpoint => (
            "put identities on",
            "have an owner give you `AzureML Data Scientist` there, or a role with this operation, or let them apply",
        ),
        Operation::WriteWorkspace => (
            "change",
            "have an owner give you a role with this operation there, or let them apply; or leave `platform.workspace_identity` out",
        ),
        Operation::Undefine => (
            "delete custom roles of",
            "have an owner give you `User Access Administrator` there, or a role with this operation, or let them take this away",
        ),
    };
    let message = format!("the caller may not {what} {}", named(scopes)?);
    Some(Error::new(ErrorKind::AccessDenied, message).with("operation", operation.name()).hint(hint))
}

fn warning(operation: Operation, scopes: &[String]) -> Option<Note> {
    let what = match operation {
        Operation::Assign | Operation::Unassign => "delete role assignments on",
        Operation::Define | Operation::Undefine => "delete custom roles of",
        // What is only ever put on isn't warned of here.
        Operation::AssignIdentity | Operation::WriteCompute | Operation::WriteEndpoint | Operation::WriteWorkspace => {
            return None;
        }
    };
    let message = format!(
        "it may not {what} {}, so that Azure will refuse that: it lacks {}; have an owner give it a role with that, or apply",
        named(scopes)?,
        operation.name()
    );
    Some(Note::warning("the caller", message))
}

fn named(scopes: &[String]) -> Option<String> {
    match scopes {
        [] => None,
        [one] => Some(one.clone()),
        [first, ..] => Some(format!("{} resources, such as {first}", scopes.len())),
    }
}

fn allows(permissions: &[Permission], operation: Operation) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, operation.name()));
    permissions.iter().any(|permission| any(&permission.actions) && !any(&permission.not_actions))
}
