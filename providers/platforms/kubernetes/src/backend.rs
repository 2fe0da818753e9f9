//! The backend: whose annotations, in which cluster.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cloudgrant_core::{Intents, PermissionDocument, Purpose, Stack, Subject};

use crate::client::Cluster;
use crate::manager::manager;
use crate::permissions;

/// Service accounts of a cluster, with the annotations that a stack makes.
#[derive(Debug)]
pub struct ServiceAccounts {
    pub(crate) manager: String,
    pub(crate) cluster: Cluster,
    /// Those of all projects and domains of the manifest, as `NAMESPACE/ACCOUNT`: what is read where nothing may be listed.
    pub(crate) listed: BTreeSet<String>,
    /// Whether somebody else annotates from now on.
    pub(crate) leaves: bool,
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

    pub(crate) fn seen(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
