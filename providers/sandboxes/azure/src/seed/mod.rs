//! What the manifest takes for granted, made once.
//!
//! What was made is remembered by name, so that what somebody deletes stays deleted. Fields that are missing or odd are
//! skipped: judging the manifest is somebody else's business.
//!
//! Roles are never made: a manifest says what a role is called, not what it allows, so that any rights given to it here would
//! be made up. Those that [`crate::authorization::built_in_roles`] doesn't hold are put by hand.

mod locators;
mod machine_learning;
mod trust;
pub(crate) mod wishes;

use cloudgrant_sandbox_kit::ids::guid_of;
use cloudgrant_sandbox_kit::store::BEGIN_ANEW;
use cloudgrant_sandbox_kit::{Result, SandboxError};
use serde_json::{Map, Value, json};

use self::locators::{Account, Thing};
use self::wishes::Wishes;
use crate::CLIENT_ID;
use crate::authorization::built_in_roles;
use crate::protocol::errors::ArmError;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::resources::{defaults, generic, identities, resource_groups};
use crate::state::model::{Assignment, Principal, Subscription, Tags};
use crate::state::{State, time};

/// The start of 2024: what is seeded was there long before, so it is known everywhere.
const LONG_AGO: time::Millis = 1_704_067_200_000;

/// Where everything is.
pub(crate) const LOCATION: &str = "westeurope";

/// The issuers of the data plane's clusters.
pub(crate) fn issuers(state: &State, wishes: &Wishes) -> Vec<String> {
    trust::issuers(state, wishes, &Id::group_of(&wishes.subscription, &wishes.group))
}

/// Refuses a manifest that has a subscription in another tenant than the one that it was begun in: it is in one alone, and whoever logs
/// in to another sees nothing of it. Other tenants, with subscriptions of their own, may be added.
pub(crate) fn check_home(state: &State, wishes: &Wishes) -> Result<()> {
    let there =
        state.subscription(&wishes.subscription).filter(|there| !there.tenant.eq_ignore_ascii_case(&wishes.tenant));
    there.map_or(Ok(()), |there| {
        Err(SandboxError::new(format!("start the sandbox of Azure for the tenant {}", wishes.tenant))
            .because(format!("its subscription {} is of the tenant {} there", there.id, there.tenant))
            .hint(BEGIN_ANEW))
    })
}

/// Makes what is not there and was not made before.
pub(crate) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    client(state)?;
    let home = Id::group_of(&wishes.subscription, &wishes.group);
    around(state, &home)?;
    for name in &wishes.identities {
        identity(state, &provided(&home, Kind::Identity, name))?;
    }
    for (at, name) in wishes.clusters().enumerate() {
        cluster(state, &name, wishes.issuers.get(at), &home)?;
    }
    // Full ids first: what a host's name means, they say where it is.
    let (ids, hosts): (Vec<_>, Vec<_>) = wishes.things.iter().partition(|thing| matches!(thing, Thing::Resource(_)));
    for thing in ids.into_iter().chain(hosts) {
        match thing {
            Thing::Account(described) => _ = account(state, &home, described)?,
            Thing::Container(described, container) => {
                let account = account(state, &home, described)?;
                resource(state, &account.child(&format!("/blobServices/default/containers/{container}")))?;
            }
            Thing::InAccount(described, path) => {
                let account = account(state, &home, described)?;
                resource(state, &account.child(path))?;
            }
            Thing::Key(vault, name) => {
                let vault = host(state, &home, Kind::Vault, vault)?;
                resource(state, &vault.child(&format!("/keys/{name}")))?;
            }
            Thing::BusQueue(namespace, name) => {
                let namespace = host(state, &home, Kind::Namespace, namespace)?;
                // As Resource Manager writes a slash in a name.
                resource(state, &namespace.child(&format!("/queues/{}", name.replace('/', "~"))))?;
            }
            Thing::Vault(name) => _ = host(state, &home, Kind::Vault, name)?,
            Thing::Secret(vault, name) => {
                let vault = host(state, &home, Kind::Vault, vault)?;
                resource(state, &vault.child(&format!("/secrets/{name}")))?;
            }
            Thing::Registry(name, label) => registry(state, &home, name, label.as_deref())?,
            Thing::Resource(text) => {
                if let Some(id) = Id::parse(text) {
                    anything(state, &id)?;
                }
            }
        }
    }
    machine_learning::seed(state, wishes, &home)?;
    trust::seed(state, wishes, &home)
}

/// The id of a resource in a group.
fn provided(group: &Id, kind: Kind, name: &str) -> Id {
    group.child(&format!("/providers/{}/{name}", kind.full_type()))
}

/// What has a host's name: where that is already, or in the group.
fn host(state: &mut State, group: &Id, kind: Kind, name: &str) -> Result<Id> {
    let id = provided(group, kind, name);
    if let Some(there) = generic::namesake(state, &id).and_then(|there| Id::parse(&there.id)) {
        return Ok(there);
    }
    resource(state, &id)?;
    Ok(id)
}

/// Whatever has this id, with what is around it. What only looks like an id is left out.
fn anything(state: &mut State, id: &Id) -> Result<()> {
    around(state, id)?;
    let Some(top) = id.top_level() else { return Ok(()) };
    let is_kind = |kind: Kind| top.resource_type().is_some_and(|full_type| Kind::of_type(&full_type) == Some(kind));
    // The blob service of an account is there by itself, and names of extension resources are no resources.
    if is_kind(Kind::Identity) {
        return identity(state, &top);
    }
    if Kind::of_type(&top.resource_type().unwrap_or_default()).is_some_and(Kind::is_extension) {
        return Ok(());
    }
    // Somebody else has the name: Azure would have no such resource either, nor anything in it.
    if generic::namesake(state, &top).is_some() {
        return Ok(());
    }
    resource(state, &top)?;
    let nested = id.resource_type().and_then(|full_type| Kind::of_type(&full_type));
    let is_nested = matches!(nested, Some(Kind::Container | Kind::Secret)) || nested.is_none() && *id != top;
    if is_nested { resource(state, id) } else { Ok(()) }
}

/// The subscription and the group that something lies in, unless they were made before.
fn around(state: &mut State, id: &Id) -> Result<()> {
    let Some(name) = id.subscription().map(str::to_owned) else { return Ok(()) };
    let what = format!("surroundings of {name} {}", id.group().unwrap_or_default()).to_ascii_lowercase();
    once(state, &what, |state| make_around(state, id))
}

/// The subscription and the group that something lies in, if they are not there. A subscription made here belongs to the
/// home tenant, and the client is its Owner.
pub(crate) fn make_around(state: &mut State, id: &Id) -> std::result::Result<(), ArmError> {
    let Some(name) = id.subscription().map(str::to_ascii_lowercase) else { return Ok(()) };
    if state.subscription(&name).is_none() {
        let tenant = state.tenant.clone();
        state.save(Subscription {
            id: name.clone(),
            tenant: tenant.clone(),
            name: "cloudgrant sandbox".to_owned(),
            state: "Enabled".to_owned(),
        })?;
        state.save(owner(&tenant, &name))?;
    }
    if let Some(group) = id.group() {
        let group = Id::group_of(&name, group);
        if !state.resources.contains_key(group.key()) {
            state.save(resource_groups::make(&group, LOCATION, Tags::new(), LONG_AGO))?;
        }
    }
    Ok(())
}

/// The object id of the sandbox's client in a tenant.
pub(crate) fn client_principal(tenant: &str) -> String {
    guid_of(&format!("client of {tenant}"))
}

fn client(state: &mut State) -> Result<()> {
    let tenant = state.tenant.clone();
    once(state, &format!("client {tenant}"), |state| {
        Ok(state.save(Principal {
            id: client_principal(&tenant),
            client: Some(CLIENT_ID.to_owned()),
            name: "cloudgrant-sandbox".to_owned(),
            kind: "ServicePrincipal".to_owned(),
            tenant: tenant.clone(),
            created: LONG_AGO,
            identity: None,
            members: Vec::new(),
            certificates: Vec::new(),
            graph_permissions: Vec::new(),
            more: Map::new(),
        })?)
    })
}

/// The client's role at a subscription.
pub(crate) fn owner(tenant: &str, subscription: &str) -> Assignment {
    let scope = Id::subscription_of(&subscription.to_ascii_lowercase());
    let principal = client_principal(tenant);
    let name = guid_of(&format!("owner of {scope} is {principal}"));
    Assignment {
        id: scope.child(&format!("/providers/Microsoft.Authorization/roleAssignments/{name}")).text().to_owned(),
        scope: scope.text().to_owned(),
        role: built_in_roles::OWNER.to_owned(),
        principal: principal.clone(),
        principal_type: "ServicePrincipal".to_owned(),
        condition: None,
        condition_version: None,
        description: None,
        delegated_identity: None,
        created: LONG_AGO,
        updated: LONG_AGO,
        created_by: principal.clone(),
        updated_by: principal,
    }
}

fn identity(state: &mut State, id: &Id) -> Result<()> {
    once(state, &format!("identity {}", id.key()), |state| {
        if state.identities.contains_key(id.key()) {
            return Ok(());
        }
        let identity = identities::make(state, id, LOCATION, LONG_AGO)?;
        Ok(state.save(identity)?)
    })
}

/// A cluster with workload identity, and the identity that its nodes pull images with.
fn cluster(state: &mut State, name: &str, issued: Option<&String>, home: &Id) -> Result<()> {
    let kubelet = provided(home, Kind::Identity, &format!("{name}-agentpool"));
    identity(state, &kubelet)?;
    let id = provided(home, Kind::Cluster, name);
    once(state, &format!("cluster {}", id.key()), |state| {
        if state.resources.contains_key(id.key()) {
            return Ok(());
        }
        let mut cluster = defaults::resource(state.cloud, &id, LOCATION, &state.tenant, LONG_AGO);
        cluster.properties.insert("securityProfile".to_owned(), json!({"workloadIdentity": {"enabled": true}}));
        // The identity may have been deleted since.
        if let Some(identity) = state.identities.get(kubelet.key()) {
            let kubelet = json!({
                "resourceId": identity.id,
                "clientId": identity.client,
                "objectId": identity.principal,
            });
            cluster.properties.insert("identityProfile".to_owned(), json!({"kubeletidentity": kubelet}));
        }
        Ok(state.save(cluster)?)
    })?;
    issuer(state, issued, &id)
}

/// The cluster's issuer: the manifest's, or one as AKS makes it. A manifest that names one later names that one till then
/// made up; what a manifest named stays, and what somebody switched off stays off.
fn issuer(state: &mut State, named: Option<&String>, cluster: &Id) -> Result<()> {
    const PROFILE: &str = "oidcIssuerProfile";
    let profile = |issuer: &str| json!({"enabled": true, "issuerURL": issuer});
    let guid = guid_of(&format!("issuer of {}", cluster.key()));
    let made_up = profile(&format!("https://{LOCATION}.oic.{}/{}/{guid}/", state.cloud.clusters, state.tenant));
    let Some(current) = state.resources.get(cluster.key()).map(|found| found.properties.get(PROFILE).cloned()) else {
        return Ok(());
    };
    let never_on = current == Some(json!({"enabled": false}));
    let marker = format!("issuer of {}", cluster.key());
    let (marker, wanted) = match named {
        Some(named) if current == Some(made_up.clone()) || never_on && !state.history.is_seeded(&marker) => {
            (format!("named {marker}"), profile(named))
        }
        None if never_on => (marker, made_up),
        _ => return Ok(()),
    };
    once(state, &marker, |state| {
        let Some(mut cluster) = state.resources.get(cluster.key()).cloned() else { return Ok(()) };
        cluster.properties.insert(PROFILE.to_owned(), wanted);
        Ok(state.save(cluster)?)
    })
}

fn account(state: &mut State, home: &Id, described: &Account) -> Result<Id> {
    let id = host(state, home, Kind::StorageAccount, &described.name)?;
    // A locator says what the account is like, also if another locator made it.
    if described.hns {
        property(state, &id, "isHnsEnabled", json!(true))?;
    }
    if let Some(zone) = &described.zone {
        let endpoints = defaults::endpoints(&format!("{}.{zone}", described.name), state.cloud.zones);
        property(state, &id, "primaryEndpoints", endpoints)?;
    }
    Ok(id)
}

fn registry(state: &mut State, home: &Id, name: &str, label: Option<&str>) -> Result<()> {
    let id = host(state, home, Kind::Registry, name)?;
    let Some(label) = label else { return Ok(()) };
    let server = format!("{}-{label}.{}", id.name().to_ascii_lowercase(), state.cloud.registry);
    property(state, &id, "loginServer", json!(server))
}

/// Sets a property of a resource that was seeded, once.
fn property(state: &mut State, id: &Id, name: &str, value: Value) -> Result<()> {
    once(state, &format!("{name} of {}", id.key()), |state| {
        let Some(mut resource) = state.resources.get(id.key()).cloned() else { return Ok(()) };
        resource.properties.insert(name.to_owned(), value);
        Ok(state.save(resource)?)
    })
}

/// A resource as the portal would make it.
fn resource(state: &mut State, id: &Id) -> Result<()> {
    once(state, &format!("resource {}", id.key()), |state| {
        if state.resources.contains_key(id.key()) {
            return Ok(());
        }
        let tenant = state.tenant_of(id).to_owned();
        Ok(state.save(defaults::resource(state.cloud, id, LOCATION, &tenant, LONG_AGO))?)
    })
}

fn once(
    state: &mut State,
    what: &str,
    make: impl FnOnce(&mut State) -> std::result::Result<(), ArmError>,
) -> Result<()> {
    if state.history.is_seeded(what) {
        return Ok(());
    }
    make(state).map_err(|error| SandboxError::new(format!("make the {what}")).because(error.message))?;
    state.mark_seeded(what.to_owned())
}
