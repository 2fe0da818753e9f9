//! What platforms share that are told by Flyte admin, the control plane of Flyte 1 and of Union: which principal task code runs
//! under is a value in the cluster resource attributes of each project and domain, and cloudgrant writes that by its REST API.
//!
//! [`AdminRecords`] is the backend, [`objects`] are what it writes. Flyte admin knows no owner of a key, and replaces the record of a
//! project and domain as a whole. So each value has a key beside it, which names the stack, its home, and the value that was
//! written: that is the only mark of what is the stack's. No template of the platform's charts has such a key, so that it changes
//! nothing. What others have in a record is read, kept and written again.
//!
//! Flyte admin has no lock either. Between reading a record and writing it, one request later, what somebody else writes is
//! lost; what is written before or after isn't, and what overwrote the stack's own is seen and mended, as each write is read back.
//!
//! The way there is that of the control plane as a whole (`cloudgrant-platform-control-plane`).

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod backend;
mod mark;
mod names;
mod object;
mod observe;
mod permissions;
mod records;
mod stacks;
mod write;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Desired, Marked, Object, ObjectId, Observed, Outcome, PlatformPlace, Remainder, Result, Shares,
    Stack,
};

pub use cloudgrant_platform_control_plane::Environment;

pub use crate::backend::AdminRecords;
use crate::mark::Mark;
pub use crate::names::{CLUSTER_RESOURCE_ATTRIBUTE, KINDS};
pub use crate::object::{objects, unfit_attribute};

#[async_trait]
impl Backend for AdminRecords {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        observe::observe(self, desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        write::change(self, change.change()).await
    }

    fn place(&self) -> String {
        self.admin.way.place()
    }

    fn is_in_sandbox(&self) -> bool {
        self.admin.way.is_in_sandbox()
    }

    fn remainder(&self, _: &ObjectId, shares: &Shares<'_>) -> Remainder {
        if observe::is_edited(shares.there) {
            return observe::left_of_edited(shares);
        }
        shares.of_names("attributes")
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        object::commands(self.tool, &self.mark, object)
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let name = format!("{PLACE}{}", self.admin.way.reached().await?);
        Ok(vec![PlatformPlace { name, kinds: KINDS }])
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        stacks::marked(&self.admin).await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        Mark::of(stack, home).name().to_owned()
    }

    fn requests(&self) -> Option<u64> {
        Some(self.admin.way.requests())
    }
}

/// How the names of places begin.
const PLACE: &str = "cluster resource attributes of ";

/// Whether a [place](Backend::reached) is a deployment.
pub fn is_place(place: &str) -> bool {
    place.starts_with(PLACE)
}
