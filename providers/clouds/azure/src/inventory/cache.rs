//! What was read of Azure, and what it is read with.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudgrant_core::Result;
use tokio::sync::Mutex;

use crate::client::arm::Registry;
use crate::client::{Arm, Presence};
use crate::config::Config;
use crate::inventory::looks::Looks;
use crate::inventory::snapshot::{List, Snapshot};
use crate::inventory::tenants::Tenants;
use crate::names::Names;
use crate::names::resource_id::ResourceId;

/// Who a managed identity is to Microsoft Entra.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) id: String,
    /// Whether the stack made its identity, perhaps only just now, so that not all of Azure may know it yet.
    pub(crate) ours: bool,
}

/// What this run has read of Azure, and what it reads with.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(super) client: Arc<Arm>,
    pub(super) config: Arc<Config>,
    pub(super) names: Arc<Names>,
    /// What the platform calls the identity of task code without one of its own.
    pub(super) task_principal: Vec<String>,
    pub(super) tenants: Tenants,
    looks: Mutex<Looks>,
    /// The principals of identities, as they were seen last.
    pub(super) principals: Mutex<HashMap<ResourceId, Principal>>,
    /// Whether containers and secrets are there, as this run has seen them. What the stack has assigned roles on counts as
    /// there.
    pub(crate) contents: Mutex<HashMap<ResourceId, Presence>>,
    /// The registries of the data plane's subscription, as they were read last.
    pub(super) registries: std::sync::Mutex<Arc<Vec<Registry>>>,
    /// Whether plans ask for what is known all the same.
    looks_again: AtomicBool,
    /// Where new identities go, once it is known.
    pub(super) location: Mutex<Option<String>>,
    /// Identities that this run made: nobody else has given them credentials.
    pub(super) made: Mutex<HashSet<ResourceId>>,
}

impl Inventory {
    /// One that has read nothing. `task_principal` is how the platform calls the identity of task code.
    pub(crate) fn new(client: Arc<Arm>, config: Arc<Config>, names: Arc<Names>, task_principal: Vec<String>) -> Self {
        Self {
            client,
            config,
            names,
            task_principal,
            tenants: Tenants::default(),
            looks: Mutex::default(),
            principals: Mutex::default(),
            contents: Mutex::default(),
            registries: std::sync::Mutex::default(),
            looks_again: AtomicBool::default(),
            location: Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// From now on, plans ask for what is known all the same.
    pub(crate) fn look_again(&self) {
        self.looks_again.store(true, Ordering::Relaxed);
    }

    /// Whether plans ask for what is known all the same.
    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again.load(Ordering::Relaxed)
    }

    /// What the verbs have read, and read into.
    pub(crate) async fn snapshot(&self) -> Arc<Snapshot> {
        let new = || Snapshot::new(self.client.clone(), self.names.group().clone());
        self.looks.lock().await.current(new)
    }

    /// The same, for an observation: never the same twice.
    pub(crate) async fn used_up_snapshot(&self) -> Arc<Snapshot> {
        let snapshot = self.snapshot().await;
        self.looks.lock().await.used_up();
        snapshot
    }

    /// Whoever asks again after a failure may do so much later: what was read until then goes.
    pub(crate) async fn fresh<T>(&self, answer: Result<T>) -> Result<T> {
        if answer.is_err() {
            self.looks.lock().await.forget();
        }
        answer
    }

    /// What is in these lists is written to, with whatever success.
    pub(crate) async fn writes(&self, lists: &[List]) {
        self.looks.lock().await.writes(lists);
    }
}
