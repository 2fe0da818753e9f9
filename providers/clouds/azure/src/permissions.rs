//! What whoever runs cloudgrant needs on Azure: a custom role for reading and for what the stack makes, and the right to
//! give the manifest's roles, by a condition to those alone.
//!
//! Source: Azure documentation, "Azure permissions" for the actions; "Delegate Azure role assignment management to others
//! with conditions" and "Examples to delegate Azure role assignment management with conditions" for the condition.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudgrant_core::{
    Checked, Intents, PermissionDocument, Platform, Purpose, Reach, ResourceKind, RunsAs, Scope, TaskAccess,
};
use serde_json::json;

use crate::client::arm::{
    ASSIGN_IDENTITY, READ_COMPUTE, READ_CONTAINER, READ_DATASTORES, READ_ENDPOINT, READ_NAMESPACES, READ_SECRET,
    READ_WORKSPACE, WRITE_COMPUTE, WRITE_ENDPOINT, WRITE_WORKSPACE,
};
use crate::config::Config;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::{compute_identity, endpoint_identity};
use crate::resources::built_in_roles;
use crate::resources::kinds::child_kind::{Child, Holder};
use crate::resources::kinds::registered::{IN_HOLDER, reached_by};
use crate::resources::kinds::registry::Roles;
use crate::resources::known_roles;
use crate::resources::locator::Locator;
use crate::resources::place::Place;
use crate::resources::role_choice::{self, Choice};
use crate::resources::workspace_roles;

/// Reading what every plan looks at.
const READ: [&str; 6] = [
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
];

/// Reading more where identities of the stack's own are made.
const READ_IDENTITIES: [&str; 2] = [
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
    "Microsoft.Resources/subscriptions/read",
];

/// Making and taking away the stack's identities.
const IDENTITIES: [&str; 3] = [
    "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
];

/// Having the stack's identities trust service accounts.
const TRUST: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write";

/// What it takes to look at a unit of the cloud's on which workloads run, and to put an identity on it.
const UNITS: [(&str, &[&str], &str); 2] = [
    (compute_identity::UNIT, &[READ_COMPUTE, READ_DATASTORES, READ_WORKSPACE], WRITE_COMPUTE),
    (endpoint_identity::UNIT, &[READ_DATASTORES, READ_ENDPOINT], WRITE_ENDPOINT),
];

/// Making and taking away the stack's custom roles.
const ROLES: [&str; 2] =
    ["Microsoft.Authorization/roleDefinitions/delete", "Microsoft.Authorization/roleDefinitions/write"];

/// Said of [`ROLES`], which take no condition. Source: Azure RBAC, "What is Azure attribute-based access control": conditions
/// are of role assignments, for actions on these and on data.
const WRITES_ROLES: &str = "whoever may write role definitions can write more into a custom role that is assigned already: keep \
                            this role as carefully as an owner's, or name ready-made roles in `azure.roles`, for which it isn't \
                            needed";

/// Giving and taking roles, which the condition narrows.
const ASSIGNMENTS: [&str; 2] =
    ["Microsoft.Authorization/roleAssignments/delete", "Microsoft.Authorization/roleAssignments/write"];

/// Whether a namespace of Service Bus is named by its host.
fn names_a_namespace(intents: &Intents) -> bool {
    let is_one = |child: &Child| child.kind.holder == Holder::Namespace && matches!(child.holder, Place::Named(_));
    reaches(intents).any(|reach| matches!(Locator::of(reach), Locator::Child(child) if is_one(child)))
}

/// See [`cloudgrant_core::Provider::permissions`].
pub(crate) fn permissions(
    config: &Config,
    names: &Names,
    platform: &dyn Platform,
    intents: &Intents,
    purpose: Purpose,
) -> Vec<PermissionDocument> {
    let kinds = reached_by(intents);
    let own_identities = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    let workloads = intents.bindings.iter().filter_map(|binding| binding.scope.workload());
    let kinds_of_units: BTreeSet<_> = workloads
        .filter_map(|workload| match platform.runs_as(workload) {
            Some(RunsAs::Unit(unit)) => Some(unit.kind),
            _ => None,
        })
        .collect();
    let outer = platform.outer_unit().filter(|_| !kinds_of_units.is_empty());
    let units = UNITS.into_iter().filter(|(kind, ..)| kinds_of_units.contains(kind));
    let custom_roles = choices(config, names, intents).any(|choice| matches!(choice, Choice::Own(_)));
    // What is written in another subscription is marked at home, by an identity without any right.
    let home = config.subscription.as_str();
    let marks_places = reaches(intents).filter_map(subscription).any(|subscription| subscription != home);
    let mut wanted: BTreeSet<&str> = READ.into();
    wanted.extend(READ_IDENTITIES);
    for (kind, action) in [
        (ResourceKind::OBJECT_STORE, "Microsoft.Storage/storageAccounts/read"),
        (ResourceKind::OBJECT_STORE, READ_CONTAINER),
        (ResourceKind::SECRET, "Microsoft.KeyVault/vaults/read"),
        (ResourceKind::SECRET, READ_SECRET),
        (ResourceKind::REGISTRY, "Microsoft.ContainerRegistry/registries/read"),
    ] {
        if kinds.contains(&kind) {
            wanted.insert(action);
        }
    }
    let holders = IN_HOLDER.iter().filter(|kind| kinds.contains(&kind.kind())).map(|kind| kind.holder);
    wanted.extend(holders.filter_map(|holder| match holder {
        Holder::StorageAccount => Some("Microsoft.Storage/storageAccounts/read"),
        Holder::Vault => Some("Microsoft.KeyVault/vaults/read"),
        // One that its ID names isn't looked up.
        Holder::Namespace => names_a_namespace(intents).then_some(READ_NAMESPACES),
    }));
    wanted.extend(units.clone().flat_map(|(_, read, _)| read));
    if let Some(outer) = &outer {
        wanted.insert(READ_WORKSPACE);
        // Whether its vault looks at roles.
        wanted.extend((!outer.principals.is_empty()).then_some("Microsoft.KeyVault/vaults/read"));
    }
    if own_identities {
        wanted.insert("Microsoft.Resources/subscriptions/resourceGroups/read");
    }
    if purpose == Purpose::Apply {
        if own_identities || marks_places {
            wanted.extend(IDENTITIES);
            // Whoever may write these lets any issuer's tokens be the identity: not needed where nobody is trusted by way of a token.
            if units.clone().next().is_none() {
                wanted.insert(TRUST);
            }
        }
        if custom_roles {
            wanted.extend(ROLES);
        }
        if let Some(outer) = &outer {
            wanted.insert(WRITE_WORKSPACE);
            wanted.extend((!outer.principals.is_empty()).then_some(ASSIGN_IDENTITY));
            // What is put there is marked at home.
            wanted.extend(IDENTITIES);
        }
        for (_, _, write) in units {
            wanted.extend([write, ASSIGN_IDENTITY]);
        }
    }
    let verb = if purpose == Purpose::Plan { "plans" } else { "applies" };
    let scopes: Vec<_> = subscriptions(config, intents).into_iter().map(|id| format!("/subscriptions/{id}")).collect();
    let stack = names.stack();
    let role = PermissionDocument {
        name: "role".to_owned(),
        kind: "custom role".to_owned(),
        holder: "whoever runs cloudgrant, on each of its assignable scopes".to_owned(),
        document: json!({
            "Name": format!("cloudgrant {stack} {verb}"),
            "IsCustom": true,
            "Description": format!("What cloudgrant needs for the stack {stack}"),
            "Actions": wanted,
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": scopes,
        }),
        notes: if custom_roles && purpose == Purpose::Apply { vec![WRITES_ROLES.to_owned()] } else { Vec::new() },
    };
    if purpose == Purpose::Plan {
        return vec![role];
    }
    let of_workspace = outer.is_some_and(|outer| outer.gives_roles);
    vec![role, assigner(config, names, intents, of_workspace)]
}

/// The right to give and to take the manifest's roles, and no others.
fn assigner(config: &Config, names: &Names, intents: &Intents, of_workspace: bool) -> PermissionDocument {
    let (mut roles, by_name) = roles(config, names, intents);
    let own = workspace_roles::ALL.into_iter().filter(|_| of_workspace);
    roles.extend(own.map(|role| role.id.to_owned()));
    let mut ids: Vec<_> = roles.into_iter().collect();
    if ids.is_empty() {
        // An empty list is no condition; a list without a role allows none.
        ids.push("00000000-0000-0000-0000-000000000000".to_owned());
    }
    let narrowed = |action: &str, source: &str| {
        format!(
            "((!(ActionMatches{{'{action}'}})) OR (@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
             ForAnyOfAnyValues:GuidEquals {{{}}} AND @{source}[Microsoft.Authorization/roleAssignments:PrincipalType] \
             ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}))",
            ids.join(", ")
        )
    };
    let [delete, write] = ASSIGNMENTS;
    let mut notes = vec![
        "assign it where the manifest's resources are: a resource, a resource group, a subscription".to_owned(),
        "what no grant names any more is taken away with the same right: keep its role in the condition until that is done"
            .to_owned(),
    ];
    if !by_name.is_empty() {
        notes.push(format!("add the ids of the roles that `azure.roles` names: {}", by_name.join(", ")));
    }
    let administrator = built_in_roles::RBAC_ADMINISTRATOR;
    PermissionDocument {
        name: "assignment".to_owned(),
        kind: "role assignment".to_owned(),
        holder: "whoever runs cloudgrant, where the manifest's resources are".to_owned(),
        document: json!({
            "roleName": administrator.name,
            "roleDefinitionId": administrator.id,
            "conditionVersion": "2.0",
            "condition": format!(
                "{} AND {}",
                narrowed(write, "Request"),
                narrowed(delete, "Resource"),
            ),
        }),
        notes,
    }
}

/// What each reach of the grants gets.
fn choices<'a>(config: &'a Config, names: &'a Names, intents: &'a Intents) -> impl Iterator<Item = Choice<'a>> {
    let of_grant = move |grant: &'a Arc<Checked<TaskAccess>>| {
        let choice = move |reach: &'a Reach| role_choice::role_for(config, names, grant, reach, Locator::of(reach));
        grant.reaches.iter().map(choice)
    };
    intents.grants.iter().flat_map(of_grant)
}

/// The roles that the manifest comes to: the ids that are known without asking, and names of others.
fn roles(config: &Config, names: &Names, intents: &Intents) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut by_name) = (BTreeSet::new(), BTreeSet::new());
    let registries =
        intents.registries.iter().filter_map(|registry| Roles::of(registry.access()).map(Choice::OfRegistry));
    for choice in choices(config, names, intents).chain(registries) {
        match choice {
            Choice::Named(name) => match known_roles::known(name) {
                Some(role) => drop(ids.insert(role.id.to_owned())),
                None => drop(by_name.insert(name.to_owned())),
            },
            // Its id follows from its name, in this stack at this home.
            Choice::Own(role) => drop(ids.insert(role.id)),
            Choice::ReadyMade(role) => drop(ids.insert(role.id.to_owned())),
            Choice::Several(roles) => ids.extend(roles.iter().map(|role| role.id.to_owned())),
            Choice::OfRegistry(roles) => ids.extend(roles.each().map(|role| role.id.to_owned())),
            Choice::Nothing => {}
        }
    }
    (ids, by_name.into_iter().collect())
}

fn reaches(intents: &Intents) -> impl Iterator<Item = &Reach> {
    let registries = intents.registries.iter().flat_map(|registry| &registry.reach);
    intents.grants.iter().flat_map(|grant| &grant.reaches).chain(registries)
}

/// The subscription of a resource that is named by its ID.
fn subscription(reach: &Reach) -> Option<String> {
    Locator::of(reach).id().map(ResourceId::subscription)
}

/// The data plane's subscription, and those of resources and identities that are named by their ID.
fn subscriptions(config: &Config, intents: &Intents) -> BTreeSet<String> {
    let identities = config.identities.values().chain(&config.task_identity).chain(&config.kubelet_identity);
    let identities = identities.filter_map(|name| ResourceId::parse(name).ok()).map(|id| id.subscription());
    reaches(intents).filter_map(subscription).chain(identities).chain([config.subscription.to_string()]).collect()
}
