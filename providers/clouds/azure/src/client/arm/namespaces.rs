//! Namespaces of Service Bus.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::client::arm::closed::is_closed;
use crate::error::call::Call;

const VERSION: &str = "2021-11-01";

/// Listing them. Source: REST reference, "Namespaces - List" of Service Bus.
pub(crate) const READ_NAMESPACES: &str = "Microsoft.ServiceBus/namespaces/read";

/// A namespace of Service Bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) id: String,
    /// What its host begins with, too.
    pub(crate) name: String,
    /// Whether it answers some networks only, as far as this list says it.
    pub(crate) closed: bool,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    name: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    public_network_access: Option<String>,
}

impl Arm {
    /// Those of a subscription.
    pub(crate) async fn namespaces(&self, subscription: &str) -> Result<Vec<Namespace>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.ServiceBus/namespaces");
        let sent: Vec<Sent> = self.list(&Call::new(READ_NAMESPACES, &path), VERSION).await?;
        let read = |Sent { id, name, properties }| Namespace {
            id,
            name,
            closed: is_closed(properties.public_network_access.as_deref(), None),
        };
        Ok(sent.into_iter().map(read).collect())
    }
}
