//! What an observation looks with.

use cloudgrant_core::{Conventions, Object, Platform};

use crate::client::Clients;
use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::names::Names;
use crate::objects::managed_policy;

/// What is looked with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looking<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) clients: &'a Clients,
    pub(crate) inventory: &'a Inventory,
    pub(crate) platform: &'a dyn Platform,
    /// What the platform calls its own things on AWS.
    pub(crate) conventions: &'a Conventions,
}

impl Looking<'_> {
    /// Whether an object is a policy that gives something, and not one that marks a place.
    pub(in crate::observe) fn is_policy(self, object: &Object) -> bool {
        object.id.kind == managed_policy::KIND && !self.names.is_mark(&self.names.policy_arn(&object.id.name))
    }
}
