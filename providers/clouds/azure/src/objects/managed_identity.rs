//! Managed identities.

use std::collections::BTreeMap;

use cloudgrant_core::TerraformValue::{Map, Text};
use cloudgrant_core::{Error, ErrorKind, Object, Outcome, Result, TerraformBlock, TerraformValue};
use serde_json::Value;

use crate::Azure;
use crate::names::resource_id::ResourceId;
use crate::names::tag_of;
use crate::objects::{kinds, named, not_ours, text};
use crate::observe::trusts_others;

/// By its name in the stack's resource group, elsewhere by its ID.
fn id_of(azure: &Azure, name: &str) -> Result<ResourceId> {
    if name.starts_with('/') { crate::objects::resource(name) } else { Ok(azure.names.identity_id(name)) }
}

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "azurerm_user_assigned_identity";

/// The blocks with which Terraform makes one: where the manifest doesn't say where it goes, beside its resource group.
pub(super) fn terraform(azure: &Azure, object: &Object) -> Vec<TerraformBlock> {
    let attributes = object.attributes.value();
    let group = text(&attributes, "resource_group");
    let mut blocks = Vec::new();
    let location = match &azure.config.location {
        Some(location) => Text(location.clone()),
        None => {
            let group = TerraformBlock::data("azurerm_resource_group", group, vec![("name", Text(group.to_owned()))]);
            let location = group.attribute("location");
            blocks.push(group);
            location
        }
    };
    let tags = attributes["tags"].as_object().into_iter().flatten();
    let tags = tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
    let name = object.id.name.rsplit('/').next().unwrap_or_default();
    let arguments = vec![
        ("name", Text(name.to_owned())),
        ("resource_group_name", Text(group.to_owned())),
        ("location", location),
        ("tags", Map(tags.collect())),
    ];
    blocks.push(TerraformBlock::resource(TERRAFORM, &object.id, arguments));
    blocks
}

/// How another object's blocks call an attribute of an identity, whether the stack makes it or somebody else did; then with the block
/// that looks it up. `None` for one of another subscription: the provider would look in its own, where another may have that name.
pub(super) fn in_terraform(
    azure: &Azure,
    identity: &ResourceId,
    object: &Object,
    attribute: &str,
) -> Option<(TerraformValue, Option<TerraformBlock>)> {
    let own = kinds::identity(identity, azure.names.group());
    if object.depends_on.contains(&own) {
        return Some((TerraformBlock::attribute_of(TERRAFORM, &own.name, attribute), None));
    }
    if identity.subscription() != azure.names.group().subscription() {
        return None;
    }
    let arguments = vec![
        ("name", Text(identity.name().to_owned())),
        ("resource_group_name", Text(identity.resource_group().unwrap_or_default().to_owned())),
    ];
    let block = TerraformBlock::data(TERRAFORM, &own.name, arguments);
    Some((block.attribute(attribute), Some(block)))
}

/// Makes it, or gives it our tags. Writing it replaces all tags: those of others are kept.
pub(super) async fn put(azure: &Azure, name: &str, after: &Value) -> Result<Outcome> {
    let id = id_of(azure, name)?;
    let there = azure.arm.identity(id.as_str()).await?;
    if there.as_ref().is_some_and(|identity| !azure.names.marks(&id, &identity.tags)) {
        return Err(not_ours("managed identity", name));
    }
    let ours = after["tags"].as_object().into_iter().flatten();
    let ours = ours.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
    let mut tags: BTreeMap<_, _> = there.iter().flat_map(|identity| identity.tags.clone()).collect();
    for (key, value) in ours {
        // Azure takes no two names that differ only in their case. What says the same stays as it is written.
        if tag_of(&tags, &key) == Some(value.as_str()) {
            continue;
        }
        tags.retain(|name, _| name.to_lowercase() != key.to_lowercase());
        tags.insert(key, value);
    }
    let is_new = there.is_none();
    let location = match there {
        Some(identity) => identity.location,
        None => azure.location().await?,
    };
    let identity = azure.arm.put_identity(id.as_str(), &location, &tags).await?;
    if is_new {
        azure.made.lock().await.insert(id.clone());
    }
    azure.remember(&id, &identity.principal_id, true).await;
    if identity.client_id.is_empty() {
        let message = format!("Azure hasn't given the managed identity {} a client ID yet", id.name());
        return Err(Error::new(ErrorKind::NotYet, message));
    }
    Ok(Outcome { outputs: outputs(&identity.client_id), ..named(&identity.id) })
}

/// The output that is its client ID: Azure chooses it, and pods name the identity by it.
pub(crate) const CLIENT_ID: &str = "clientId";

/// What Azure chose for it; nothing where it hasn't yet.
pub(crate) fn outputs(client_id: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from_iter((!client_id.is_empty()).then(|| (CLIENT_ID, client_id.to_owned())))
}

pub(super) async fn delete(azure: &Azure, name: &str) -> Result<Outcome> {
    let id = id_of(azure, name)?;
    // They go with it, and somebody may have added one since the plan was made. Azure has no way of deleting an identity only
    // if it has none.
    let (identity, credentials) =
        tokio::join!(azure.arm.identity(id.as_str()), azure.arm.federated_credentials(id.as_str()));
    match identity? {
        None => {}
        Some(identity) if !azure.names.marks(&id, &identity.tags) => return Err(not_ours("managed identity", name)),
        Some(_) => {
            let credentials = credentials?;
            let mark = azure.names.credential_mark();
            let foreign = credentials.iter().map(|credential| credential.name.as_str());
            let foreign: Vec<_> = foreign.filter(|name| !name.starts_with(&mark)).collect();
            if !foreign.is_empty() {
                return Err(trusts_others(&id, foreign));
            }
            azure.arm.delete_identity(id.as_str()).await?;
        }
    }
    azure.forget(&id).await;
    Ok(named(id.as_str()))
}

impl Azure {
    /// Where new identities go: where the manifest says, where the cluster is, or where the resource group is.
    async fn location(&self) -> Result<String> {
        let mut known = self.location.lock().await;
        if let Some(location) = &*known {
            return Ok(location.clone());
        }
        let location = match &self.config.location {
            Some(location) => location.clone(),
            None => self.found_location().await?,
        };
        Ok(known.insert(location).clone())
    }
}
