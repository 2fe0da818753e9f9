//! Flyte, as people run it by themselves.
//!
//! A program that links this crate (`use cloudgrant_flyte as _;`) can be told `platform.kind: flyte`.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod conventions;
mod delivery;
mod execute;

use std::sync::Arc;

use cloudgrant_core::{
    Backend, ClientCode, ConnectPlatform, Conventions, DeliveryFile, Desired, ExecutePermission, Handoff, HowAsked,
    Intents, Note, ObjectId, PermissionDocument, Platform, PlatformContext, Principal, Purpose, Reach, Result, Snippet,
    Tenancy, WayTo, register_platform,
};
use cloudgrant_platform_kit::{KINDS, Keys, PlatformDelivery, task_code};

/// Flyte.
#[derive(Debug)]
pub struct Flyte {
    tenancy: Arc<Tenancy>,
    platform_delivery: PlatformDelivery,
}

impl Flyte {
    /// The SDKs of its versions: which version there is, only a delivery tells: the first one has Flyte admin, the second one the settings service.
    fn sdks(&self) -> task_code::Sdks {
        task_code::Sdks {
            flytekit: Some("Flyte 1 (flytekit)").filter(|_| !self.platform_delivery.is_second_version()),
            flyte: Some("Flyte 2 (flyte)").filter(|_| !self.platform_delivery.tells_admin()),
        }
    }
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
        let mut desired = delivery::of(&self.platform_delivery, principals)?;
        if !self.tenancy.organization.is_empty() {
            let message = "it has no effect on what is made: it is Union's name for a customer, and nothing of Flyte's is called by it";
            desired.notes.push(Note::warning("platform.organization", message));
        }
        Ok(desired)
    }

    fn kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.platform_delivery.backend()
    }

    fn way_to(&self, place: &str) -> Option<WayTo> {
        self.platform_delivery.way_to(place)
    }

    fn sandboxes(&self) -> Vec<&'static str> {
        self.platform_delivery.sandboxes()
    }

    fn permissions(&self, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
        self.platform_delivery.permissions(intents, purpose)
    }

    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        delivery::DELIVERY.files(&self.tenancy, principals)
    }

    fn unbinding(&self, bound: &[String]) -> String {
        self.platform_delivery.unbinding(&delivery::DELIVERY, bound)
    }

    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        delivery::DELIVERY.taken_back(&self.tenancy, kind, name, how)
    }

    fn execute_permission(&self) -> ExecutePermission {
        execute::permission()
    }

    fn secrets(&self) -> Option<&'static str> {
        Some("Flyte mounts Kubernetes secrets of the task's namespace")
    }

    fn snippets(&self, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
        task_code::snippets(self.sdks(), reach, names)
    }

    fn snippets_of_client(&self, reach: &Reach, code: &ClientCode) -> Vec<Snippet> {
        task_code::snippets_of_client(self.sdks(), reach, code)
    }
}

impl ConnectPlatform for Flyte {
    const ID: &'static str = "flyte";
    const SUMMARY: &'static str = "Flyte, run by oneself: the manifest names what it uses on the cloud";

    type Config = Keys;

    fn connect(context: PlatformContext, keys: Keys) -> Self {
        Self { platform_delivery: PlatformDelivery::new(keys, &context), tenancy: context.tenancy }
    }
}

register_platform!(Flyte);
