//! Online endpoints of Azure Machine Learning workspaces.

use azure_core::http::Method;
use cloudgrant_core::Result;
use serde_json::{Map, Value, json};

use crate::client::Arm;
use crate::client::arm::unit_identity;
use crate::error::call::Call;

/// That of computes.
const VERSION: &str = "2026-05-01";
pub(crate) const READ_ENDPOINT: &str = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/read";
pub(crate) const WRITE_ENDPOINT: &str = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write";

/// An online endpoint, as far as it is read.
#[derive(Debug, Clone)]
pub(crate) struct OnlineEndpoint(Map<String, Value>);

impl OnlineEndpoint {
    fn property(&self, key: &str) -> Option<&str> {
        self.0.get("properties")?.get(key)?.as_str()
    }

    /// Whether the service itself runs it, and not a compute that is attached. Source: REST reference, online endpoints, `compute`.
    pub(crate) fn is_managed(&self) -> bool {
        self.property("compute").is_none_or(str::is_empty)
    }

    /// Whether Azure is at work on it.
    pub(crate) fn is_changing(&self) -> bool {
        let state = self.property("provisioningState").unwrap_or_default();
        ["Creating", "Updating", "Deleting"].iter().any(|busy| state.eq_ignore_ascii_case(busy))
    }

    /// Whether it has a system-assigned identity.
    pub(crate) fn has_system_assigned(&self) -> bool {
        unit_identity::has_system_assigned(&self.0)
    }

    /// Its user-assigned identities, as Azure writes their resource IDs.
    pub(crate) fn user_assigned(&self) -> impl Iterator<Item = &str> {
        unit_identity::user_assigned(&self.0)
    }
}

impl Arm {
    /// An online endpoint, by its resource ID.
    pub(crate) async fn online_endpoint(&self, id: &str) -> Result<Option<OnlineEndpoint>> {
        let sent: Option<Map<String, Value>> = self.get_optional(&Call::new(READ_ENDPOINT, id), VERSION).await?;
        Ok(sent.map(OnlineEndpoint))
    }

    /// Gives an online endpoint these user-assigned identities and no others, and waits until that is carried out. Nothing else of it is
    /// sent.
    pub(crate) async fn put_endpoint_identities<'a>(
        &self,
        id: &str,
        identities: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let body = json!({ "identity": unit_identity::written(false, identities) });
        self.write_and_wait(&Call::new(WRITE_ENDPOINT, id), VERSION, Method::Patch, &body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_endpoint_says_of_itself() {
        let endpoint = |value: Value| OnlineEndpoint(value.as_object().expect("an object").clone());
        let managed = endpoint(json!({ "properties": { "provisioningState": "Updating" } }));
        assert!(managed.is_managed() && managed.is_changing() && !managed.has_system_assigned());
        let kubernetes = endpoint(json!({
            "identity": { "type": "UserAssigned", "userAssignedIdentities": { "/A": {} } },
            "properties": { "compute": "/c", "provisioningState": "Succeeded" },
        }));
        assert!(!kubernetes.is_managed() && !kubernetes.is_changing());
        assert_eq!(kubernetes.user_assigned().collect::<Vec<_>>(), ["/A"]);
    }
}
