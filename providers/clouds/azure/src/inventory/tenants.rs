//! The tenants of subscriptions other than the data plane's. They don't change.

use std::collections::HashMap;

use cloudgrant_core::{Error, ErrorKind, Result};
use tokio::sync::Mutex;

use crate::client::Arm;
use crate::inventory::Inventory;

#[derive(Debug, Default)]
pub(crate) struct Tenants(Mutex<HashMap<String, String>>);

impl Tenants {
    pub(crate) async fn get_or_read(&self, arm: &Arm, subscription: &str) -> Result<String> {
        let mut known = self.0.lock().await;
        if let Some(tenant) = known.get(subscription) {
            return Ok(tenant.clone());
        }
        let tenant = arm.subscription_tenant(subscription).await?;
        known.insert(subscription.to_owned(), tenant.clone());
        Ok(tenant)
    }
}

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
