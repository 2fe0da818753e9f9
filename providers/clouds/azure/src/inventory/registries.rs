//! Which registries look at roles for repositories, as far as that was read.

use std::sync::{Arc, PoisonError};

use cloudgrant_core::Result;

use crate::client::arm::Registry;
use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::Snapshot;

impl Inventory {
    pub(super) async fn read_registries(&self, snapshot: &Snapshot) -> Result<()> {
        let read = snapshot.registries(self.config.subscription.as_str()).await?;
        *self.registries.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// The registries of the data plane's subscription, as they were read last. Asks nothing.
    pub(crate) fn known_registries(&self) -> Arc<Vec<Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
