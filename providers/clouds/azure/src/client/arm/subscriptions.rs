//! The subscription itself.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2022-12-01";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    subscription_id: String,
    tenant_id: String,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// In lower case.
    pub(crate) id: String,
    /// The tenant that it trusts.
    pub(crate) tenant: String,
}

impl Arm {
    /// All subscriptions that the caller sees.
    pub(crate) async fn subscriptions(&self) -> Result<Vec<Subscription>> {
        let sent: Vec<Sent> =
            self.list(&Call::new("Microsoft.Resources/subscriptions/read", "/subscriptions"), VERSION).await?;
        let read = |sent: Sent| Subscription { id: sent.subscription_id.to_ascii_lowercase(), tenant: sent.tenant_id };
        Ok(sent.into_iter().map(read).collect())
    }

    /// The tenant that a subscription trusts.
    pub(crate) async fn subscription_tenant(&self, subscription: &str) -> Result<String> {
        let path = format!("/subscriptions/{subscription}");
        let sent: Sent = self.get(&Call::new("Microsoft.Resources/subscriptions/read", &path), VERSION).await?;
        Ok(sent.tenant_id)
    }
}
