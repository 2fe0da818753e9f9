//! The tenants of subscriptions other than the data plane's. They don't change.

use std::collections::HashMap;

use cloudgrant_core::Result;
use tokio::sync::Mutex;

use crate::client::Arm;

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
