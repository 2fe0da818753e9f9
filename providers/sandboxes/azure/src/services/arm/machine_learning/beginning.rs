//! A workspace as somebody has it who begins: two clusters and three datastores, one of which is read with a key.

use serde_json::{Map, Value, json};

use super::body::system_data;
use super::identity::{self, Identities};
use super::{computes, datastores, defaults, workspaces};
use crate::CLIENT_ID;
use crate::protocol::errors::Answer;
use crate::services::arm::request::id::Id;
use crate::state::State;
use crate::state::model::{Principal, Resource, Tags};
use crate::state::time::Millis;

/// What a workspace is put on.
pub(crate) struct Around<'a> {
    pub(crate) account: &'a Id,
    pub(crate) vault: &'a Id,
    pub(crate) registry: &'a Id,
    /// Who the first cluster runs as; without one, it has an identity of its own as the second one.
    pub(crate) user: Option<&'a Id>,
    /// The computes that somebody made besides: clusters without an identity.
    pub(crate) computes: &'a [String],
    pub(crate) location: &'a str,
    pub(crate) created: Millis,
}

/// Makes it. What it names is there already.
pub(crate) fn make(state: &mut State, id: &Id, around: &Around<'_>) -> Answer<()> {
    let tenant = state.tenant_of(id).to_owned();
    let mut properties = defaults::workspace(state.cloud, id, around.location, &tenant, around.created);
    for (name, linked) in
        [("storageAccount", around.account), ("keyVault", around.vault), ("containerRegistry", around.registry)]
    {
        properties.insert(name.to_owned(), json!(linked.text()));
    }
    properties.insert(workspaces::DATASTORES_MODE.to_owned(), json!("Identity"));
    let more = json!({"kind": "Default", "sku": {"name": "Basic", "tier": "Basic"}});
    let mut workspace = resource(id, around, object(more), properties);
    let own = Identities { system: true, users: Vec::new() };
    assign(state, &mut workspace, &own, id.name())?;
    datastores::make_own(state, id, CLIENT_ID, &workspace)?;
    state.save(workspace)?;
    labels(state, id, around)?;
    let run_as = around.user.map(|user| Identities { system: false, users: vec![user.clone()] });
    for (name, size, identities) in [
        ("cpu-cluster", "STANDARD_DS3_V2", run_as.unwrap_or_else(|| own.clone())),
        ("gpu-cluster", "STANDARD_NC4AS_T4_V3", own),
    ] {
        cluster(state, &id.child(&format!("/computes/{name}")), size, &identities, around)?;
    }
    for name in around.computes {
        let id = id.child(&format!("/computes/{name}"));
        if !state.resources.contains_key(id.key()) {
            cluster(state, &id, "STANDARD_DS3_V2", &Identities { system: false, users: Vec::new() }, around)?;
        }
    }
    Ok(())
}

/// A datastore that somebody made with the account's key.
fn labels(state: &mut State, id: &Id, around: &Around<'_>) -> Answer<()> {
    let properties = json!({
        "datastoreType": "AzureBlob",
        "accountName": around.account.name(),
        "containerName": "labels",
        "credentials": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey"}},
    });
    let secrets = json!({"secretsType": "AccountKey", "key": datastores::account_key(around.account)});
    datastores::make_container(state, around.account, "labels")?;
    let id = id.child("/datastores/labels");
    let made = datastores::made(&id, object(properties), object(secrets), system_data(CLIENT_ID, None), None);
    Ok(state.save(made)?)
}

fn cluster(state: &mut State, id: &Id, size: &str, identities: &Identities, around: &Around<'_>) -> Answer<()> {
    let mut settings = defaults::compute("AmlCompute", id.name(), around.location, around.created);
    let scale = json!({"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"});
    settings.insert("vmSize".to_owned(), json!(size));
    settings.insert("scaleSettings".to_owned(), scale);
    let created = crate::state::time::iso(around.created);
    let properties = json!({
        "computeType": "AmlCompute",
        "computeLocation": around.location,
        "createdOn": created,
        "modifiedOn": created,
        "provisioningState": "Succeeded",
        "provisioningErrors": null,
        "isAttachedCompute": false,
        "disableLocalAuth": true,
        "properties": settings,
    });
    let mut cluster = resource(id, around, Map::new(), object(properties));
    assign(state, &mut cluster, identities, &computes::principal_name(id))?;
    computes::let_in(state, id, &cluster)?;
    Ok(state.save(cluster)?)
}

/// Gives identities whose principals are known everywhere.
fn assign(state: &mut State, resource: &mut Resource, identities: &Identities, name: &str) -> Answer<()> {
    identity::assign(state, resource, identities, name)?;
    let principal =
        identity::principal(resource).and_then(|id| state.principals.get(&id.to_ascii_lowercase()).cloned());
    match principal {
        Some(principal) => Ok(state.save(Principal { created: 0, ..principal })?),
        None => Ok(()),
    }
}

fn resource(id: &Id, around: &Around<'_>, more: Map<String, Value>, properties: Map<String, Value>) -> Resource {
    Resource {
        id: id.text().to_owned(),
        location: Some(around.location.to_owned()),
        tags: Tags::new(),
        created: around.created,
        more,
        properties,
        secrets: Map::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
