//! Federated credentials, one at a time per identity: Azure refuses writes that overlap.

use std::sync::Arc;

use cloudgrant_core::TerraformValue::{List, Text};
use cloudgrant_core::{Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::Azure;
use crate::client::arm::FederatedCredential;
use crate::names::resource_id::ResourceId;
use crate::objects::{managed_identity, named, resource, text};

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

pub(super) async fn put(azure: &Azure, name: &str, before: Option<&Value>, after: &Value) -> Result<Outcome> {
    let identity = resource(text(after, "identity"))?;
    let credential = trusting(name, after);
    let writer = azure.writer(&identity).await;
    let _turn = writer.lock().await;
    let done = named(&format!("{identity}/federatedIdentityCredentials/{}", credential.name));
    // Reading beside each write costs as much again, for nothing where the identity has been there for seconds only.
    let is_new = azure.made.lock().await.contains(&identity);
    let there = if is_new { None } else { azure.arm.federated_credential(identity.as_str(), &credential.name).await? };
    match there {
        // An earlier try was carried out, or somebody else made the same.
        Some(there) if there == credential => return Ok(done),
        Some(there) if before.is_none_or(|before| there != trusting(name, before)) => {
            return Err(not_as_planned(&identity, &there));
        }
        Some(_) | None => {}
    }
    azure.arm.put_federated_credential(identity.as_str(), &credential).await?;
    Ok(done)
}

pub(super) async fn delete(azure: &Azure, name: &str, before: &Value) -> Result<Outcome> {
    let identity = resource(text(before, "identity"))?;
    let writer = azure.writer(&identity).await;
    let _turn = writer.lock().await;
    let done = named(&format!("{identity}/federatedIdentityCredentials/{}", last(name)));
    match azure.arm.federated_credential(identity.as_str(), last(name)).await? {
        None => return Ok(done),
        Some(there) if there != trusting(name, before) => return Err(not_as_planned(&identity, &there)),
        Some(_) => {}
    }
    azure.arm.delete_federated_credential(identity.as_str(), last(name)).await?;
    Ok(done)
}

/// The block with which Terraform makes one; `None` where the identity is somebody else's. Arguments as of version 5 of the provider.
pub(super) fn terraform(azure: &Azure, object: &Object) -> Option<TerraformBlock> {
    let attributes = object.attributes.value();
    let identity = resource(text(&attributes, "identity")).ok()?;
    let (identity, looked_up) = managed_identity::in_terraform(azure, &identity, object, "id")?;
    let of = |key: &str| text(&attributes, key).to_owned();
    let arguments = vec![
        ("name", Text(last(&object.id.name).to_owned())),
        ("user_assigned_identity_id", identity),
        ("audience", List(vec![of("audience")])),
        ("issuer", Text(of("issuer"))),
        ("subject", Text(of("subject"))),
    ];
    let block = TerraformBlock::resource("azurerm_federated_identity_credential", &object.id, arguments);
    looked_up.is_none().then_some(block)
}

/// The credential that an object's attributes describe.
fn trusting(name: &str, attributes: &Value) -> FederatedCredential {
    FederatedCredential {
        name: last(name).to_owned(),
        issuer: text(attributes, "issuer").to_owned(),
        subject: text(attributes, "subject").to_owned(),
        audiences: vec![text(attributes, "audience").to_owned()],
    }
}

/// Its name alone says nothing of who wrote it last, and Azure replaces and deletes it whosever it is: what the plan didn't
/// see is somebody else's.
fn not_as_planned(identity: &ResourceId, there: &FederatedCredential) -> Error {
    let message = format!(
        "the federated credential {} of identity {} is somebody else's since the plan was made",
        there.name,
        identity.name()
    );
    Error::new(ErrorKind::Conflict, message).with("issuer", &there.issuer).with("subject", &there.subject).hint(
        "nothing was written over it; look at who made it, then plan again: the new plan shows what becomes of it",
    )
}

impl Azure {
    /// The turn of those who write an identity's credentials.
    async fn writer(&self, identity: &ResourceId) -> Arc<Mutex<()>> {
        self.writers.lock().await.entry(identity.clone()).or_default().clone()
    }
}
