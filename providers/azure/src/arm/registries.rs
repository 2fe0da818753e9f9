//! Container registries.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::Call;

/// The first stable version that says who decides about repositories (`roleAssignmentMode`).
const VERSION: &str = "2025-11-01";

/// A container registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) login_server: String,
    /// Whether it takes a user's name and password.
    pub(crate) admin_user: bool,
    /// Whether permissions are by repository; AcrPull and AcrPush aren't honoured then.
    pub(crate) abac: bool,
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
    login_server: Option<String>,
    admin_user_enabled: Option<bool>,
    role_assignment_mode: Option<String>,
}

impl Arm {
    /// All container registries of a subscription.
    pub(crate) async fn registries(&self, subscription: &str) -> Result<Vec<Registry>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/registries");
        let call = Call::new("Microsoft.ContainerRegistry/registries/read", &path);
        let sent: Vec<Sent> = self.list(&call, VERSION).await?;
        let read = |Sent { id, name, properties }| Registry {
            id,
            name,
            login_server: properties.login_server.unwrap_or_default(),
            admin_user: properties.admin_user_enabled.unwrap_or(false),
            abac: properties.role_assignment_mode.as_deref() == Some("AbacRepositoryPermissions"),
        };
        Ok(sent.into_iter().map(read).collect())
    }
}
