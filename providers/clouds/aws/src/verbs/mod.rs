//! The verbs of the contract: which objects there should be.

pub(crate) mod bind_scope;
pub(crate) mod enable_registry;
pub(crate) mod existing_policies;
pub(crate) mod grant_task_access;
pub(crate) mod notes;
pub(crate) mod pull_through;
pub(crate) mod resource_policies;
pub(crate) mod validate;

use cloudgrant_core::Conventions;

use crate::client::Clients;
use crate::config::Config;
use crate::inventory::Inventory;
use crate::names::Names;

/// What a verb works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) clients: &'a Clients,
    pub(crate) inventory: &'a Inventory,
    /// What the platform calls its own things on AWS.
    pub(crate) conventions: &'a Conventions,
}
