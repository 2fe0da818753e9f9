//! Flyte, as people run it by themselves.
//!
//! A program that links this crate (`use cloudgrant_flyte as _;`) can be told `platform.kind: flyte`.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod conventions;
mod delivery;
mod execute;

use std::sync::Arc;

use cloudgrant_core::{
    ConnectPlatform, Conventions, DeliveryFile, Desired, ExecutePermission, Platform, Principal, Reach, Result,
    Snippet, Tenancy, register_platform,
};
use cloudgrant_platform_kit::{KINDS, task_code};

/// Flyte.
#[derive(Debug)]
pub struct Flyte {
    tenancy: Arc<Tenancy>,
}

impl Platform for Flyte {
    fn name(&self) -> &'static str {
        "Flyte"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn conventions(&self, cloud: &str) -> Conventions {
        conventions::on(cloud)
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        delivery::of(principals)
    }

    fn kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        delivery::DELIVERY.files(principals)
    }

    fn unbinding(&self, bound: &[String]) -> String {
        delivery::DELIVERY.attributes.unbinding(bound)
    }

    fn execute_permission(&self) -> ExecutePermission {
        execute::permission()
    }

    fn secrets(&self) -> Option<&'static str> {
        Some("Flyte mounts Kubernetes secrets of the task's namespace")
    }

    fn snippets(&self, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
        // The manifest doesn't say which version there is.
        task_code::snippets("Flyte 1 (flytekit)", "Flyte 2 (flyte)", reach, names)
    }
}

impl ConnectPlatform for Flyte {
    const ID: &'static str = "flyte";
    const SUMMARY: &'static str = "Flyte, run by oneself: the manifest names what it uses on the cloud";

    fn connect(tenancy: Arc<Tenancy>) -> Self {
        Self { tenancy }
    }
}

register_platform!(Flyte);
