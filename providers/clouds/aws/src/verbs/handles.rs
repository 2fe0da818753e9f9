//! What the verbs work with.

use cloudgrant_core::Conventions;

use crate::client::Clients;
use crate::config::Config;
use crate::inventory::cache::Inventory;
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
