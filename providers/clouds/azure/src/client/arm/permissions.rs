//! What the caller may do.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2022-04-01";

/// A permission set: what one of the caller's roles allows at a scope, or what a role's definition does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

impl Arm {
    /// All that the caller may do at a scope.
    pub(crate) async fn permissions(&self, scope: &str) -> Result<Vec<Permission>> {
        let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
        self.list(&Call::new("Microsoft.Authorization/permissions/read", &path), VERSION).await
    }
}
