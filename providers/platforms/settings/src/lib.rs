//! What platforms share that are told by the settings service of Flyte 2 and Union 2: under which Kubernetes service account task pods
//! run is a setting of each project and domain, and cloudgrant writes that over Connect.
//!
//! [`SettingsRecords`] is the backend, [`objects`] are what it writes. A setting names an account, and knows no owner. So there is an
//! annotation for pods among the settings beside it, which names the stack, its home, the account that was written and the principal
//! for which: that is the only mark of what is the stack's. Pods that start there carry it, and nothing reads it from them.
//!
//! The service replaces the settings of a project and domain as a whole, and each such record has a version. So what others have in it
//! is read, kept and written again, with the version that was read: where somebody was quicker, nothing is written, and all is read
//! anew. Nothing of theirs is ever lost.
//!
//! A setting says nothing of roles: the account must be there in each namespace, and name its principal, which is for whoever
//! administers the cluster.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod backend;
mod mark;
mod names;
mod object;
mod observe;
mod permissions;
mod record;
mod records;
mod stacks;
mod write;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Desired, Marked, Object, ObjectId, Observed, Outcome, PlatformPlace, Remainder, Result, Shares,
    Stack,
};
pub use cloudgrant_platform_control_plane::Environment;

pub use crate::backend::SettingsRecords;
use crate::mark::Mark;
pub use crate::names::{KINDS, SERVICE_ACCOUNT_SETTING, SETTING};
pub use crate::object::objects;

#[async_trait]
impl Backend for SettingsRecords {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observe(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        write::change(self, change.change()).await
    }

    fn place(&self) -> String {
        self.service.way.place()
    }

    fn is_in_sandbox(&self) -> bool {
        self.service.way.is_in_sandbox()
    }

    fn remainder(&self, _: &ObjectId, shares: &Shares<'_>) -> Remainder {
        object::remainder(shares)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        object::commands(&self.mark, object)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let name = format!("{PLACE}{}", self.service.way.reached().await?);
        Ok(vec![PlatformPlace { name, kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        stacks::marked(&self.service).await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        Mark::of(stack, home).name().to_owned()
    }

    fn requests(&self) -> Option<u64> {
        Some(self.service.way.requests())
    }
}

/// How the names of places begin.
const PLACE: &str = "settings of ";

/// Whether a [place](Backend::reached) is a deployment whose settings are told.
pub fn is_place(place: &str) -> bool {
    place.starts_with(PLACE)
}
