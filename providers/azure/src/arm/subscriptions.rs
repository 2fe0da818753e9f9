//! The subscription itself.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::Call;

const VERSION: &str = "2022-12-01";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    tenant_id: String,
}

impl Arm {
    /// The tenant that a subscription trusts.
    pub(crate) async fn subscription_tenant(&self, subscription: &str) -> Result<String> {
        let path = format!("/subscriptions/{subscription}");
        let sent: Sent = self.get(&Call::new("Microsoft.Resources/subscriptions/read", &path), VERSION).await?;
        Ok(sent.tenant_id)
    }
}
