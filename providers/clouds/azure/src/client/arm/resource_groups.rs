//! Resource groups.

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2021-04-01";

/// A resource group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ResourceGroup {
    pub(crate) location: String,
}

impl Arm {
    /// One resource group, by its name.
    pub(crate) async fn resource_group(&self, subscription: &str, name: &str) -> Result<Option<ResourceGroup>> {
        let path = format!("/subscriptions/{subscription}/resourceGroups/{name}");
        let call = Call::new("Microsoft.Resources/subscriptions/resourceGroups/read", &path);
        self.get_optional(&call, VERSION).await
    }
}
