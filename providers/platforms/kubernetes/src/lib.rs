//! What platforms share that are told by Kubernetes: which principal task code runs under is an annotation of its service account,
//! and cloudgrant writes that by server-side apply.
//!
//! [`ServiceAccounts`] is the backend, [`objects`] are what it writes. A service account has one owner for each of its fields, by
//! name, and the cluster itself keeps these names (`metadata.managedFields`): cloudgrant's own, of one stack at one home, is the
//! only mark of what is the stack's. So nothing of others is ever changed, nothing is taken over, and no service account is
//! deleted.
//!
//! The cluster and the credentials are those of `kubectl`: `KUBECONFIG`, `~/.kube/config`, or the pod's own. A kubeconfig may run
//! commands, so no manifest names one. The manifest says which cluster it means all the same: one whose issuer of service account
//! tokens is one that the principals trust.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod account;
mod client;
mod errors;
mod fields;
mod observe;
mod permissions;
mod stacks;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use cloudgrant_core::digest::{digest_of, shortened};
use cloudgrant_core::{
    Approved, Backend, Desired, Intents, Marked, Object, ObjectId, Observed, Outcome, PermissionDocument,
    PlatformPlace, Purpose, Remainder, Result, Shares, Stack, Subject,
};

pub use crate::account::objects;
use crate::client::Cluster;

/// The kind of object that is an annotation of a service account. Its name is `NAMESPACE/ACCOUNT`.
pub const SERVICE_ACCOUNT_ANNOTATION: &str = "service-account-annotation";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[SERVICE_ACCOUNT_ANNOTATION];

/// The longest name that a field manager may have. Source: Kubernetes, `ValidateFieldManager` of apimachinery.
const LONGEST_MANAGER: usize = 128;

/// What every manager of a stack begins with.
const MANAGER: &str = "cloudgrant.";

/// As whom a stack at a home owns annotations.
fn manager(stack: &Stack, home: &str) -> String {
    shortened(format!("{MANAGER}{stack}.{}", digest_of(home, 8)), LONGEST_MANAGER)
}

/// Service accounts of a cluster, with the annotations that a stack makes.
#[derive(Debug)]
pub struct ServiceAccounts {
    manager: String,
    cluster: Cluster,
    /// Those of all projects and domains of the manifest, as `NAMESPACE/ACCOUNT`: what is read where nothing may be listed.
    listed: BTreeSet<String>,
    /// Whether somebody else annotates from now on.
    leaves: bool,
    /// The service accounts as they were seen last, by their uids. Which one an annotation was planned for, no plan says.
    seen: Mutex<HashMap<String, String>>,
}

impl ServiceAccounts {
    /// Those of a stack at a home, in the cluster that `kubectl` would reach. Nothing is read yet, and nothing sent.
    pub fn new(stack: &Stack, home: &str) -> Self {
        Self {
            manager: manager(stack, home),
            cluster: Cluster::default(),
            listed: BTreeSet::new(),
            leaves: false,
            seen: Mutex::default(),
        }
    }

    /// The same where task code of some projects and domains runs under these subjects: where no service accounts may be listed, these
    /// are read by their names, also where no grant is for them any more.
    #[must_use]
    pub fn of(self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        let name = |subject: Subject| format!("{}/{}", subject.namespace(), subject.service_account());
        Self { listed: subjects.into_iter().map(name).collect(), ..self }
    }

    /// The same where somebody else annotates from now on: what of an annotation is theirs by then is to stay.
    #[must_use]
    pub fn leaving(self) -> Self {
        Self { leaves: true, ..self }
    }

    /// The same in the cluster of a sandbox, by the kubeconfig that it wrote.
    #[must_use]
    pub fn in_sandbox(self, kubeconfig: PathBuf) -> Self {
        Self { cluster: Cluster::of(kubeconfig), ..self }
    }

    /// The same where the cloud is a sandbox's: no other cluster than one of a sandbox may be told of what is there.
    #[must_use]
    pub fn only_in_sandbox(self) -> Self {
        Self { cluster: Cluster::only_of_sandbox(), ..self }
    }

    /// As whom the stack owns annotations.
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// What whoever runs cloudgrant must be allowed in the cluster, and no more. No request is sent.
    pub fn permissions(&self, intents: &Intents, purpose: Purpose) -> PermissionDocument {
        permissions::document(&self.manager, intents, purpose)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Backend for ServiceAccounts {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observe(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        write::write(self, change.change()).await
    }

    fn place(&self) -> String {
        self.cluster.place()
    }

    fn is_in_sandbox(&self) -> bool {
        self.cluster.is_in_sandbox()
    }

    fn remainder(&self, _: &ObjectId, shares: &Shares<'_>) -> Remainder {
        shares.of_names("annotations")
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        account::commands(&self.manager, object)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        Ok(vec![PlatformPlace { name: observe::reached(self).await?, kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        stacks::marked(self).await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        manager(stack, home)
    }

    fn requests(&self) -> Option<u64> {
        Some(self.cluster.requests())
    }
}

/// Whether a [place](Backend::reached) is a cluster.
pub fn is_place(place: &str) -> bool {
    place.starts_with(observe::PLACE)
}

fn id(name: &str) -> ObjectId {
    ObjectId::new(SERVICE_ACCOUNT_ANNOTATION, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_of_one_stack_at_one_home_and_never_too_long() {
        let of = |stack: &str, home: &str| {
            ServiceAccounts::new(&Stack::parse(stack).expect("a stack"), home).manager().to_owned()
        };
        let home = "oidc.example/id/1".repeat(20);
        let manager = of("acme-ml", &home);
        assert!(manager.starts_with("cloudgrant.acme-ml.") && manager.len() == 19 + 16, "{manager}");
        assert_eq!(manager, of("acme-ml", &home));
        assert_ne!(manager, of("acme-ml", "elsewhere"));
        assert_ne!(manager, of("acme", &home));
    }
}
