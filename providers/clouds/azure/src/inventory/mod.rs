//! What is read in whole lists: identities, role assignments, accounts, vaults and registries; what the manifest names, looked up in
//! them; and what of it can't be used.

pub(crate) mod clusters;
pub(crate) mod identities;
pub(crate) mod looks;
pub(crate) mod lookups;
pub(crate) mod principals;
pub(crate) mod registries;
pub(crate) mod snapshot;
pub(crate) mod tenants;
pub(crate) mod unusable;
mod warm;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;

use crate::client::arm::Registry;
use crate::client::{Arm, Presence};
use crate::config::Config;
use crate::inventory::looks::Looks;
use crate::inventory::principals::Principal;
use crate::inventory::tenants::Tenants;
use crate::names::Names;
use crate::names::resource_id::ResourceId;

/// What this run has read of Azure, and what it reads with.
#[derive(Debug)]
pub(crate) struct Inventory {
    client: Arc<Arm>,
    config: Arc<Config>,
    names: Arc<Names>,
    /// What the platform calls the identity of task code without one of its own.
    task_principal: Vec<String>,
    tenants: Tenants,
    looks: Mutex<Looks>,
    /// The principals of identities, as they were seen last.
    principals: Mutex<HashMap<ResourceId, Principal>>,
    /// Whether containers and secrets are there, as this run has seen them. What the stack has assigned roles on counts as
    /// there.
    pub(crate) contents: Mutex<HashMap<ResourceId, Presence>>,
    /// The registries of the data plane's subscription, as they were read last.
    registries: std::sync::Mutex<Arc<Vec<Registry>>>,
    /// Whether plans ask for what is known all the same.
    looks_again: AtomicBool,
    /// Where new identities go, once it is known.
    location: Mutex<Option<String>>,
    /// Identities that this run made: nobody else has given them credentials.
    made: Mutex<HashSet<ResourceId>>,
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
}
