//! Deny assignments, which count more than any role. Nobody can make or change them directly.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2022-04-01";

/// A deny assignment. Source: Azure documentation, "Understand Azure deny assignments".
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DenyAssignment {
    #[serde(rename = "denyAssignmentName")]
    pub(crate) name: String,
    pub(crate) scope: String,
    /// Whether it holds at its scope alone.
    pub(crate) do_not_apply_to_child_scopes: bool,
    pub(crate) permissions: Vec<Denied>,
    pub(crate) principals: Vec<Party>,
    pub(crate) exclude_principals: Vec<Party>,
}

/// What is denied, as patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Denied {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

/// A user, a group, a service principal; or everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Party {
    pub(crate) id: String,
}

impl Party {
    /// The principal that stands for everybody.
    pub(crate) fn is_everybody(&self) -> bool {
        self.id == "00000000-0000-0000-0000-000000000000"
    }
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    properties: DenyAssignment,
}

impl Arm {
    /// All deny assignments at a subscription, and above and below it.
    pub(crate) async fn deny_assignments(&self, subscription: &str) -> Result<Vec<DenyAssignment>> {
        let path = format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/denyAssignments");
        let call = Call::new("Microsoft.Authorization/denyAssignments/read", &path);
        let sent: Vec<Sent> = self.list(&call, VERSION).await?;
        Ok(sent.into_iter().map(|sent| sent.properties).collect())
    }
}
