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
mod backend;
mod bounds;
mod by_others;
mod client;
mod errors;
mod fields;
mod manager;
mod names;
mod observe;
mod permissions;
mod stacks;
mod write;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Desired, Marked, Object, ObjectId, Observed, Outcome, PlatformPlace, Remainder, Result, Shares,
    Stack,
};

pub use crate::account::objects;
pub use crate::backend::ServiceAccounts;
pub use crate::by_others::seen_on;
use crate::manager::manager;
pub use crate::names::{KINDS, SERVICE_ACCOUNT_ANNOTATION};

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
