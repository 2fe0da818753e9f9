//! What a run has read of AWS, and what it reads with.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cloudgrant_core::{Caller, Conventions, Platform};
use tokio::sync::OnceCell;

use crate::client::Clients;
use crate::config::Config;
use crate::config::eks_cluster::EksCluster;
use crate::inventory::lookups::buckets::found;
use crate::inventory::lookups::secrets;
use crate::inventory::reading::Reading;
use crate::inventory::snapshot::Quotas;
use crate::names::Names;

/// What was read since it was connected, and what it is read with.
#[derive(Debug)]
pub(crate) struct Inventory {
    pub(super) clients: Arc<Clients>,
    pub(super) config: Arc<Config>,
    pub(super) names: Arc<Names>,
    pub(super) platform: Arc<dyn Platform>,
    /// What the platform calls its own things on AWS.
    pub(super) conventions: Conventions,
    pub(crate) secrets: secrets::Lookup,
    pub(crate) buckets: found::Lookup,
    /// Whether buckets are asked although the stack's policies say what they are like.
    pub(super) looks_again: AtomicBool,
    /// Whether anything of the stack was at its home since it was connected.
    pub(super) at_home: AtomicBool,
    pub(super) identity: OnceCell<Caller>,
    pub(super) quotas: OnceCell<Quotas>,
    /// Filled by the verbs, used up by the next observation: a plan reads the account once.
    pub(super) reading: tokio::sync::Mutex<Arc<Reading>>,
    pub(super) made: Mutex<HashSet<String>>,
    pub(super) removed: Mutex<HashSet<String>>,
    pub(super) trusts: Mutex<HashSet<String>>,
    /// Associations of EKS that were others' when they were looked at: the cluster and the ID.
    pub(super) foreign_associations: Mutex<HashSet<(EksCluster, String)>>,
}

impl Inventory {
    /// One that has read nothing.
    pub(crate) fn new(
        clients: Arc<Clients>,
        config: Arc<Config>,
        names: Arc<Names>,
        platform: Arc<dyn Platform>,
        conventions: Conventions,
    ) -> Self {
        Self {
            clients,
            config,
            names,
            platform,
            conventions,
            secrets: secrets::Lookup::default(),
            buckets: found::Lookup::default(),
            looks_again: AtomicBool::default(),
            at_home: AtomicBool::default(),
            identity: OnceCell::new(),
            quotas: OnceCell::new(),
            reading: tokio::sync::Mutex::default(),
            made: Mutex::default(),
            removed: Mutex::default(),
            trusts: Mutex::default(),
            foreign_associations: Mutex::default(),
        }
    }

    /// From now on, plans ask for what the stack's policies say all the same.
    pub(crate) fn look_again(&self) {
        self.looks_again.store(true, Ordering::Relaxed);
    }

    /// Whether plans ask for what the stack's policies say all the same.
    pub(crate) fn looks_again(&self) -> bool {
        self.looks_again.load(Ordering::Relaxed)
    }

    /// Takes note that something of the stack is at its home.
    pub(crate) fn note_at_home(&self) {
        self.at_home.store(true, Ordering::Relaxed);
    }

    /// Whether anything of the stack was at its home since it was connected.
    pub(crate) fn was_at_home(&self) -> bool {
        self.at_home.load(Ordering::Relaxed)
    }

    /// The ARNs of the roles and policies that were made since it was connected: others may not know them yet.
    pub(crate) fn made(&self) -> &Mutex<HashSet<String>> {
        &self.made
    }

    /// Takes note of a role or a policy that was made, by its ARN.
    pub(crate) fn note_made(&self, arn: &str) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned());
    }

    /// Takes note that the trust policy of a role was changed, by the role's ARN.
    pub(crate) fn note_trust(&self, role: &str) {
        self.trusts.lock().unwrap_or_else(PoisonError::into_inner).insert(role.to_owned());
    }

    /// Whether a role was made, or its trust policy changed, since it was connected: others may still see what was there before.
    pub(crate) fn was_trust_written(&self, role: &str) -> bool {
        self.was_made(role) || self.trusts.lock().unwrap_or_else(PoisonError::into_inner).contains(role)
    }

    /// Takes note of what EKS was told to delete, by its ARN.
    pub(crate) fn note_removed(&self, arn: &str) {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned());
    }

    /// Whether EKS was told to delete it since it was connected: it may still be listed.
    pub(crate) fn was_removed(&self, arn: &str) -> bool {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner).contains(arn)
    }

    /// Takes note of an association of EKS that is neither the stack's nor that of the stack at another home.
    pub(crate) fn note_foreign_association(&self, cluster: &EksCluster, id: &str) {
        let foreign = (cluster.clone(), id.to_owned());
        self.foreign_associations.lock().unwrap_or_else(PoisonError::into_inner).insert(foreign);
    }

    /// Whether an association of EKS was found to be others' since it was connected. Only its tags would say otherwise by now, which
    /// nobody but its maker puts there; whoever looks again asks.
    pub(crate) fn is_foreign_association(&self, cluster: &EksCluster, id: &str) -> bool {
        let foreign = (cluster.clone(), id.to_owned());
        !self.looks_again()
            && self.foreign_associations.lock().unwrap_or_else(PoisonError::into_inner).contains(&foreign)
    }

    /// Whether a role or a policy was made since it was connected.
    pub(crate) fn was_made(&self, arn: &str) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(arn)
    }
}
