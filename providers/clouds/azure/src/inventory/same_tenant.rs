//! Requirements 6 and 93: an identity works in its own tenant only.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::inventory::cache::Inventory;

impl Inventory {
    /// Requirements 6 and 93: an identity works in its own tenant only.
    pub(crate) async fn same_tenant(&self, subscription: &str) -> Result<()> {
        let home = &self.config.tenant;
        if subscription == self.config.subscription.as_str() {
            return Ok(());
        }
        let hint = "a managed identity works in its own tenant only: copy the data there, or run that task elsewhere";
        let elsewhere = |tenant: &str| {
            let message = format!("subscription {subscription} belongs to {tenant}, the data plane to tenant {home}");
            Error::new(ErrorKind::WrongAccount, message).hint(hint)
        };
        match self.tenants.get_or_read(&self.client, subscription).await {
            Ok(tenant) if tenant.eq_ignore_ascii_case(home.as_str()) => Ok(()),
            Ok(tenant) => Err(elsewhere(&format!("tenant {tenant}"))),
            // Azure doesn't even answer those who come from another tenant.
            Err(error) if error.kind() == ErrorKind::WrongAccount => Err(elsewhere("another tenant").source(error)),
            Err(error) => Err(error),
        }
    }
}
