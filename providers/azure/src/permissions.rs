//! What whoever runs cloudgrant needs on Azure: a custom role for reading and for what the stack makes, and the right to
//! give the manifest's roles, by a condition to those alone.
//!
//! Source: Azure documentation, "Azure permissions" for the actions; "Delegate Azure role assignment management to others
//! with conditions" and "Examples to delegate Azure role assignment management with conditions" for the condition.

use std::collections::BTreeSet;

use cloudgrant_core::{Access, Intents, Permissions, Purpose, Reach, ResourceKind, Scope, TaskAccess};
use serde_json::json;

use crate::Azure;
use crate::actions::{self, Role};
use crate::grant;
use crate::locator::Locator;
use crate::resource_id::ResourceId;
use crate::validate::kinds;

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
const IDENTITIES: [&str; 4] = [
    "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
];

/// Making and taking away the stack's custom roles.
const ROLES: [&str; 2] =
    ["Microsoft.Authorization/roleDefinitions/delete", "Microsoft.Authorization/roleDefinitions/write"];

/// Giving and taking roles, which the condition narrows.
const ASSIGNMENTS: [&str; 2] =
    ["Microsoft.Authorization/roleAssignments/delete", "Microsoft.Authorization/roleAssignments/write"];

/// See [`cloudgrant_core::Provider::permissions`].
pub(crate) fn permissions(azure: &Azure, intents: &Intents, purpose: Purpose) -> Vec<Permissions> {
    let kinds = kinds(intents);
    let own_identities = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    let custom_roles = intents.grants.iter().any(|grant| own(azure, grant).next().is_some());
    // What is written in another subscription is marked at home, by an identity without any right.
    let home = azure.config.subscription.as_str();
    let marks_places = reaches(intents).filter_map(subscription).any(|subscription| subscription != home);
    let mut wanted: BTreeSet<&str> = READ.into();
    wanted.extend(READ_IDENTITIES);
    for (kind, action) in [
        (ResourceKind::ObjectStore, "Microsoft.Storage/storageAccounts/read"),
        (ResourceKind::Secret, "Microsoft.KeyVault/vaults/read"),
        (ResourceKind::Registry, "Microsoft.ContainerRegistry/registries/read"),
    ] {
        if kinds.contains(&kind) {
            wanted.insert(action);
        }
    }
    if own_identities {
        wanted.insert("Microsoft.Resources/subscriptions/resourceGroups/read");
    }
    if purpose == Purpose::Apply {
        if own_identities || marks_places {
            wanted.extend(IDENTITIES);
        }
        if custom_roles {
            wanted.extend(ROLES);
        }
    }
    let verb = if purpose == Purpose::Plan { "plans" } else { "applies" };
    let scopes: Vec<_> = subscriptions(azure, intents).into_iter().map(|id| format!("/subscriptions/{id}")).collect();
    let stack = azure.names.stack();
    let role = Permissions {
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
        notes: Vec::new(),
    };
    if purpose == Purpose::Plan {
        return vec![role];
    }
    vec![role, assigner(azure, intents)]
}

/// The right to give and to take the manifest's roles, and no others.
fn assigner(azure: &Azure, intents: &Intents) -> Permissions {
    let (roles, by_name) = roles(azure, intents);
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
    let administrator = actions::RBAC_ADMINISTRATOR;
    Permissions {
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

/// The roles that the manifest comes to: the ids that are known without asking, and names of others.
fn roles(azure: &Azure, intents: &Intents) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    // The ids of the stack's own roles follow from their names.
    ids.extend(intents.grants.iter().flat_map(|grant| own(azure, grant)));
    let ready_made_for = intents
        .grants
        .iter()
        .flat_map(|grant| grant.reaches.iter().filter(|reach| own_role(azure, grant, reach).is_none()));
    let registries = intents.registries.iter().flat_map(|registry| &registry.reach);
    for reach in ready_made_for.chain(registries) {
        let access = reach.access;
        if let Some(named) = azure.config.role(&reach.resource.name, access) {
            match actions::known(named) {
                Some(role) => drop(ids.insert(role.id.to_owned())),
                None => drop(names.insert(named.to_owned())),
            }
            continue;
        }
        ids.extend(ready_made(reach.resource.kind, access).into_iter().map(|role| role.id.to_owned()));
    }
    (ids, names.into_iter().collect())
}

/// The id of the role that a grant has made for a resource, if it does.
fn own_role(azure: &Azure, grant: &TaskAccess, reach: &Reach) -> Option<String> {
    let locator = Locator::parse(&reach.resource.locator).ok()?;
    Some(grant::custom_role(azure, grant, reach, &locator)?.id)
}

fn own<'a>(azure: &'a Azure, grant: &'a TaskAccess) -> impl Iterator<Item = String> + 'a {
    grant.reaches.iter().filter_map(move |reach| own_role(azure, grant, reach))
}

fn ready_made(kind: ResourceKind, access: Access) -> Vec<Role> {
    match kind {
        ResourceKind::ObjectStore => vec![actions::object_role(access).0],
        ResourceKind::Secret => vec![actions::SECRETS_USER],
        // Which of the two counts, the registry's own setting says.
        ResourceKind::Registry => [false, true].map(|abac| actions::registry_role(access, abac)).into(),
        ResourceKind::Other => Vec::new(),
    }
}

fn reaches(intents: &Intents) -> impl Iterator<Item = &Reach> {
    let registries = intents.registries.iter().flat_map(|registry| &registry.reach);
    intents.grants.iter().flat_map(|grant| &grant.reaches).chain(registries)
}

/// The subscription of a resource that is named by its ID.
fn subscription(reach: &Reach) -> Option<String> {
    Locator::parse(&reach.resource.locator).ok()?.id().map(ResourceId::subscription)
}

/// The data plane's subscription, and those of resources and identities that are named by their ID.
fn subscriptions(azure: &Azure, intents: &Intents) -> BTreeSet<String> {
    let config = &azure.config;
    let identities = config.identities.values().chain(&config.task_identity).chain(&config.kubelet_identity);
    let identities = identities.filter_map(|name| ResourceId::parse(name).ok()).map(|id| id.subscription());
    reaches(intents).filter_map(subscription).chain(identities).chain([config.subscription.to_string()]).collect()
}
