//! Federated credentials, one at a time per identity: Azure refuses writes that overlap.

use std::sync::Arc;

use cloudgrant_core::{Outcome, Result};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{named, resource, text};
use crate::Azure;
use crate::arm::FederatedCredential;
use crate::resource_id::ResourceId;

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

pub(super) async fn put(azure: &Azure, name: &str, after: &Value) -> Result<Outcome> {
    let identity = resource(text(after, "identity"))?;
    let credential = FederatedCredential {
        name: last(name).to_owned(),
        issuer: text(after, "issuer").to_owned(),
        subject: text(after, "subject").to_owned(),
        audiences: vec![text(after, "audience").to_owned()],
    };
    let writer = azure.writer(&identity).await;
    let _turn = writer.lock().await;
    azure.arm.put_federated_credential(identity.as_str(), &credential).await?;
    Ok(named(&format!("{identity}/federatedIdentityCredentials/{}", credential.name)))
}

pub(super) async fn delete(azure: &Azure, name: &str, before: &Value) -> Result<Outcome> {
    let identity = resource(text(before, "identity"))?;
    let writer = azure.writer(&identity).await;
    let _turn = writer.lock().await;
    azure.arm.delete_federated_credential(identity.as_str(), last(name)).await?;
    Ok(named(&format!("{identity}/federatedIdentityCredentials/{}", last(name))))
}

impl Azure {
    /// The turn of those who write an identity's credentials.
    async fn writer(&self, identity: &ResourceId) -> Arc<Mutex<()>> {
        self.writers.lock().await.entry(identity.clone()).or_default().clone()
    }
}
