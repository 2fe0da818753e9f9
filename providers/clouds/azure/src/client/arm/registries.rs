//! Container registries.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;
use crate::error::line;

use crate::client::arm::closed::{NetworkRules, is_closed};

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
    pub(crate) mode: Mode,
    /// Whether it answers some networks only.
    pub(crate) closed: bool,
}

/// How a registry looks at roles (`roleAssignmentMode`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// At those for the whole registry.
    Registry,
    /// At those for repositories; AcrPull and AcrPush aren't honoured then.
    Repositories,
    /// One that isn't known here: which roles it honours nobody can say.
    Other(String),
}

impl Mode {
    fn of(sent: Option<String>) -> Self {
        match sent.as_deref() {
            // Registries from before there was a choice.
            None | Some("LegacyRegistryPermissions") => Self::Registry,
            Some("AbacRepositoryPermissions") => Self::Repositories,
            Some(other) => Self::Other(line(other)),
        }
    }
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
    public_network_access: Option<String>,
    network_rule_set: Option<NetworkRules>,
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
            closed: is_closed(properties.public_network_access.as_deref(), properties.network_rule_set.as_ref()),
            mode: Mode::of(properties.role_assignment_mode),
        };
        Ok(sent.into_iter().map(read).collect())
    }
}
