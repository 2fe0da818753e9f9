//! Federated credentials of managed identities.

use cloudgrant_core::Result;
use serde::{Deserialize, Serialize};

use crate::client::Arm;
use crate::error::Call;

const VERSION: &str = "2023-01-31";
const READ: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read";
const WRITE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write";
const DELETE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete";

/// A federated credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FederatedCredential {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
}

#[derive(Serialize)]
struct New<'a> {
    properties: NewProperties<'a>,
}

#[derive(Serialize)]
struct NewProperties<'a> {
    issuer: &'a str,
    subject: &'a str,
    audiences: &'a [String],
}

impl Arm {
    /// All federated credentials of a managed identity.
    pub(crate) async fn federated_credentials(&self, identity: &str) -> Result<Vec<FederatedCredential>> {
        let path = format!("{identity}/federatedIdentityCredentials");
        let sent: Vec<Sent> = self.list(&Call::new(READ, &path), VERSION).await?;
        let read = |Sent { name, properties: Properties { issuer, subject, audiences } }| FederatedCredential {
            name,
            issuer,
            subject,
            audiences,
        };
        Ok(sent.into_iter().map(read).collect())
    }

    /// Makes or changes a federated credential. Azure takes one write at a time for an identity.
    pub(crate) async fn put_federated_credential(
        &self,
        identity: &str,
        credential: &FederatedCredential,
    ) -> Result<()> {
        let path = format!("{identity}/federatedIdentityCredentials/{}", credential.name);
        let FederatedCredential { issuer, subject, audiences, .. } = credential;
        let new = New { properties: NewProperties { issuer, subject, audiences } };
        let _: Sent = self.put(&Call::new(WRITE, &path), VERSION, &new).await?;
        Ok(())
    }

    /// Deletes a federated credential. It is no error if there is none.
    pub(crate) async fn delete_federated_credential(&self, identity: &str, name: &str) -> Result<()> {
        let path = format!("{identity}/federatedIdentityCredentials/{name}");
        self.delete(&Call::new(DELETE, &path), VERSION).await
    }
}
