//! What changes that are applied side by side have to know of each other.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use cloudgrant_core::Result;
use tokio::sync::{Mutex, OnceCell};

use crate::client::Arm;
use crate::client::arm::Identity;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::custom_role::definition::CustomRole;

/// What changes that are applied side by side have to know of each other.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    /// Azure refuses federated credentials that are written side by side.
    pub(super) credentials: Turns,
    /// A compute is written whole, and so are the identities of an online endpoint.
    pub(super) units: Turns,
    pub(super) former_scopes: FormerScopes,
    pub(super) deletions: Deletions,
}

/// One writer of a resource at a time.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<ResourceId, Arc<Mutex<()>>>>);

impl Turns {
    /// The turn of those who write a resource.
    pub(super) async fn of(&self, resource: &ResourceId) -> Arc<Mutex<()>> {
        self.0.lock().await.entry(resource.clone()).or_default().clone()
    }
}

/// Custom roles that keep former scopes until their assignments there are gone, by id.
#[derive(Debug, Default)]
pub(super) struct FormerScopes(pub(super) Mutex<HashMap<String, RoleWithFormerScopes>>);

/// A role that keeps former scopes for now.
#[derive(Debug, Clone)]
pub(super) struct RoleWithFormerScopes {
    pub(super) name: String,
    /// The role as it should be.
    pub(super) wanted: CustomRole<'static>,
    pub(super) former: Vec<String>,
    /// The stack's assignments of it that this run has deleted: lists show them for a while.
    pub(super) gone: BTreeSet<String>,
}

/// One look at a subscription's identities for all that are about to be deleted at the same time.
#[derive(Debug, Default)]
pub(super) struct Deletions(Mutex<HashMap<String, Weak<OnceCell<Vec<Identity>>>>>);

impl Deletions {
    /// An identity as it is there now; none if it isn't. Whoever asks while a look is under way takes its answer, and nobody later.
    ///
    /// # Errors
    /// Azure doesn't answer.
    pub(super) async fn look(&self, client: &Arm, id: &ResourceId) -> Result<Option<Identity>> {
        let subscription = id.subscription();
        let look = {
            let mut looks = self.0.lock().await;
            let under_way = looks.get(&subscription).and_then(Weak::upgrade).filter(|look| !look.initialized());
            under_way.unwrap_or_else(|| {
                let look = Arc::default();
                looks.insert(subscription.clone(), Arc::downgrade(&look));
                look
            })
        };
        let all = look.get_or_try_init(|| client.identities(&subscription)).await?;
        Ok(all.iter().find(|identity| is_same(&identity.id, id.as_str())).cloned())
    }
}
