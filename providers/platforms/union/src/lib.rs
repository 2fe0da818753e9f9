//! Union: a control plane that its vendor runs, and data planes in the accounts of its customers.
//!
//! A program that links this crate (`use cloudgrant_union as _;`) can be told `platform.kind: union`.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod conventions;
mod delivery;
mod execute;
mod keys;

use std::sync::Arc;

use cloudgrant_core::{
    Backend, ClientCode, ConnectPlatform, Conventions, DeliveryFile, Desired, ExecutePermission, HandedOff, Handoff,
    HowAsked, Intents, Naming, ObjectId, Pair, PermissionDocument, Platform, PlatformContext, Principal, Purpose,
    Reach, Result, Scope, Snippet, Stack, Tenancy, WayTo, register_platform,
};
use cloudgrant_platform_kit::{KINDS, PlatformDelivery, task_code};

pub use keys::UnionKeys;

/// Union.
#[derive(Debug)]
pub struct Union {
    tenancy: Arc<Tenancy>,
    platform_delivery: PlatformDelivery,
    low_privilege: bool,
}

impl Union {
    /// The SDKs of its versions: which version there is, only a delivery tells: the settings service is the second one's.
    fn sdks(&self) -> task_code::Sdks {
        task_code::Sdks {
            flytekit: Some("Union 1 (flytekit)").filter(|_| !self.platform_delivery.is_second_version()),
            flyte: Some("Union 2 (flyte)"),
        }
    }
}

impl Platform for Union {
    fn name(&self) -> &'static str {
        "Union"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn conventions(&self, cloud: &str) -> Conventions {
        conventions::on(cloud, &self.tenancy.organization)
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        if self.low_privilege {
            keys::one_namespace(&self.tenancy.naming)?;
        }
        delivery::of(&self.platform_delivery, &self.tenancy, principals)
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
        delivery::taken_back(&self.tenancy, kind, name, how)
    }

    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        Some(HandedOff { object: delivery::asked_for(scope), how: delivery::asked_of_vendor() })
    }

    fn execute_permission(&self) -> ExecutePermission {
        execute::permission()
    }

    fn execute_handoff(&self, stack: &Stack, pairs: &[Pair]) -> Option<Handoff> {
        Some(execute::handoff(&self.tenancy.organization, stack, pairs))
    }

    fn secrets(&self) -> Option<&'static str> {
        Some("Union has a secrets manager of its own (`union create secret`)")
    }

    fn snippets(&self, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
        task_code::snippets(self.sdks(), reach, names)
    }

    fn snippets_of_client(&self, reach: &Reach, code: &ClientCode) -> Vec<Snippet> {
        task_code::snippets_of_client(self.sdks(), reach, code)
    }
}

impl ConnectPlatform for Union {
    const ID: &'static str = "union";
    const SUMMARY: &'static str = "Union: a managed control plane, and data planes with names by convention";

    type Config = UnionKeys;

    fn naming(keys: &UnionKeys) -> Naming {
        keys.naming()
    }

    fn connect(context: PlatformContext, keys: UnionKeys) -> Self {
        let low_privilege = keys.low_privilege;
        Self {
            platform_delivery: PlatformDelivery::new(keys.into(), &context),
            tenancy: context.tenancy,
            low_privilege,
        }
    }
}

register_platform!(Union);
