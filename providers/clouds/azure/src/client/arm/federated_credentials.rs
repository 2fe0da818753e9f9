//! Federated credentials of managed identities.

use cloudgrant_core::Result;
use serde::{Deserialize, Serialize};

use crate::client::Arm;
use crate::client::arm::one_line::one_line;
use crate::error::call::Call;

const VERSION: &str = "2023-01-31";
const READ: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read";
const WRITE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write";
const DELETE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete";

/// A federated credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FederatedCredential {
    pub(crate) name: String,
    pub(crate) issuer: String,
    /// The subject, or the expression that a flexible credential has in place of one.
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    issuer: String,
    subject: Option<String>,
    claims_matching_expression: Option<Expression>,
    audiences: Vec<String>,
}

/// Source: Microsoft Entra, "Flexible federated identity credentials".
#[derive(Deserialize)]
struct Expression {
    value: String,
}

impl From<Sent> for FederatedCredential {
    fn from(Sent { name, properties }: Sent) -> Self {
        let Properties { issuer, subject, claims_matching_expression, audiences } = properties;
        let expression = claims_matching_expression.map(|expression| expression.value);
        let subject = one_line(subject.or(expression).unwrap_or_default());
        Self { name, issuer: one_line(issuer), subject, audiences: audiences.into_iter().map(one_line).collect() }
    }
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
        Ok(sent.into_iter().map(FederatedCredential::from).collect())
    }

    /// One federated credential; none if it isn't there.
    pub(crate) async fn federated_credential(&self, identity: &str, name: &str) -> Result<Option<FederatedCredential>> {
        let path = format!("{identity}/federatedIdentityCredentials/{name}");
        let found: Option<Sent> = self.get_optional(&Call::new(READ, &path), VERSION).await?;
        Ok(found.map(FederatedCredential::from))
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

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_flexible_credential_is_read_with_its_expression() {
        let read = |properties| {
            let sent: Sent = from_value(json!({ "name": "n", "properties": properties })).expect("readable");
            FederatedCredential::from(sent).subject
        };
        let expression = "claims['sub'] matches 'repo:acme/*'";
        assert_eq!(read(json!({ "issuer": "i", "subject": "s", "audiences": ["a"] })), "s");
        let flexible = json!({ "value": expression, "languageVersion": 1 });
        let properties = json!({ "issuer": "i", "audiences": ["a"], "claimsMatchingExpression": flexible });
        assert_eq!(read(properties), expression);
    }
}
