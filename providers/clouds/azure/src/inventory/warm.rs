//! What a plan will need, read before anybody asks: all of it side by side.

use std::collections::BTreeSet;

use cloudgrant_core::{ErrorKind, ResourceKind, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::{CREDENTIALS_AT_A_TIME, Snapshot};
use crate::names::resource_id::ResourceId;
use crate::resources::kinds::child_kind::Holder;
use crate::resources::kinds::registered::IN_HOLDER;

impl Inventory {
    /// Reads what a plan of these kinds of resources will need, all of it side by side: what the verbs ask for is there already then.
    pub(crate) async fn warm(&self, kinds: impl IntoIterator<Item = ResourceKind>) -> Result<()> {
        let kinds: BTreeSet<_> = kinds.into_iter().collect();
        let snapshot = self.snapshot().await;
        let here = self.config.subscription.as_str();
        let needs = |kind| kinds.contains(&kind);
        let holds = |holder| IN_HOLDER.iter().any(|kind| kind.holder == holder && kinds.contains(&kind.kind()));
        let (storage, vaults) = (
            needs(ResourceKind::OBJECT_STORE) || holds(Holder::StorageAccount),
            needs(ResourceKind::SECRET) || holds(Holder::Vault),
        );
        tokio::try_join!(
            async { early(self.credentials_of_ours(&snapshot).await) },
            async { snapshot.assignments(here).await.map(drop) },
            async { snapshot.custom_roles().await.map(drop) },
            async { snapshot.clusters(self.cluster_group()).await.map(drop) },
            async { if storage { early(snapshot.storage(here).await) } else { Ok(()) } },
            async { if vaults { early(snapshot.vaults(here).await) } else { Ok(()) } },
            async { if needs(ResourceKind::REGISTRY) { early(self.read_registries(&snapshot).await) } else { Ok(()) } },
        )?;
        Ok(())
    }

    /// Whom the identities that the stack has made trust.
    async fn credentials_of_ours(&self, snapshot: &Snapshot) -> Result<()> {
        let identities = snapshot.identities().await?;
        let mut ours = Vec::new();
        for identity in identities.iter() {
            if let Ok(id) = ResourceId::parse(&identity.id)
                && self.names.marks(&id, &identity.tags)
                && !self.names.is_place(&id)
            {
                ours.push(id);
            }
        }
        let read = ours.into_iter().map(|id| async move { snapshot.credentials(&id).await.map(drop) });
        stream::iter(read).buffer_unordered(CREDENTIALS_AT_A_TIME).try_collect().await
    }
}

/// What was read before anybody needs it. Where it is denied, whoever needs it asks again: not every locator does.
fn early<T>(read: Result<T>) -> Result<()> {
    match read {
        Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(()),
        read => read.map(drop),
    }
}
