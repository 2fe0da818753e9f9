//! What platforms share: the ways in which a platform is told of a principal.
//!
//! * [`Delivery`]: which of the two ways below a principal goes.
//! * [`ClusterResourceAttributes`]: the platform keeps a map of values for each project and domain, of which it makes the
//!   annotations of service accounts. Flyte 1 and Union have that.
//! * [`service_accounts`]: somebody annotates the service accounts in the cluster. Every platform whose tasks run in pods can be
//!   told so.
//! * service accounts by the settings service, where cloudgrant leaves these to somebody else: Flyte 2 and Union 2 have them in place of
//!   such maps.
//! * [`PlatformDelivery`]: whether somebody else does that, or cloudgrant itself, in the cluster, by Flyte admin or by the settings service, as
//!   the manifest says ([`Keys`]).
//! * [`task_code`]: the lines with which task code uses what it is granted, for flytekit and for the flyte SDK.
//!
//! Each of them also makes the files of its own kind, for those who deliver from a repository.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod cluster_resource_attributes;
mod delivery;
pub mod helm;
mod platform_delivery;
mod service_account_settings;
pub mod service_accounts;
pub mod task_code;
mod yaml_document;

pub use cluster_resource_attributes::ClusterResourceAttributes;
pub use delivery::Delivery;
pub use platform_delivery::{
    Attribute, ControlPlane, Deliveries, DeliveryMethod, Host, Keys, PlatformDelivery, Who, written,
};

use std::collections::HashMap;

use cloudgrant_core::{Annotation, Identifier, Identity, Principal, Scope};
use cloudgrant_platform_admin::CLUSTER_RESOURCE_ATTRIBUTE;
use cloudgrant_platform_kubernetes::SERVICE_ACCOUNT_ANNOTATION;
use cloudgrant_platform_settings::SERVICE_ACCOUNT_SETTING;

/// The kind of object that says which principal a project's or a domain's task code uses.
pub const PLATFORM_BINDING: &str = "platform-binding";

/// By what it is remembered in which form a binding was asked for ([`HowAsked`](cloudgrant_core::HowAsked)).
pub const FORM: &str = "form";

/// Who is asked to tell a platform.
pub(crate) const ADMINISTRATOR: &str = "whoever administers the platform";

/// The kinds of all objects that are made here.
pub const KINDS: &[&str] =
    &[PLATFORM_BINDING, SERVICE_ACCOUNT_ANNOTATION, CLUSTER_RESOURCE_ATTRIBUTE, SERVICE_ACCOUNT_SETTING];

/// The principals of each scope, in the order in which the scopes come first.
pub fn by_scope(principals: &[Principal]) -> Vec<(&Scope, Vec<&Principal>)> {
    let mut scopes: Vec<(&Scope, Vec<&Principal>)> = Vec::new();
    let mut places: HashMap<&Scope, usize> = HashMap::new();
    for principal in principals {
        let at = *places.entry(&principal.scope).or_insert(scopes.len());
        match scopes.get_mut(at) {
            Some((_, same)) => same.push(principal),
            None => scopes.push((&principal.scope, vec![principal])),
        }
    }
    scopes
}

/// The annotation of a principal that is there or that the plan makes; `None` for one that the cloud binds by itself or that
/// somebody has to make.
pub fn annotation(principal: &Principal) -> Option<&Annotation> {
    match &principal.identity {
        Identity::Known { annotation, .. } => Some(annotation),
        Identity::BoundByCloud { .. } | Identity::Presented { .. } | Identity::Asked(_) => None,
    }
}

/// The same with its value, where that is known by now.
pub fn known(principal: &Principal) -> Option<(&Annotation, &str)> {
    let annotation = annotation(principal)?;
    match &annotation.value {
        Identifier::Known(value) => Some((annotation, value)),
        Identifier::Chosen { .. } => None,
    }
}

/// A text as YAML has it: in double quotes, which take everything that JSON's take.
pub fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
