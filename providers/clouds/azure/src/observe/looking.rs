//! What an observation looks with.

use cloudgrant_core::Platform;

use crate::client::Arm;
use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::names::Names;

/// What an observation looks with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looking<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) client: &'a Arm,
    pub(crate) inventory: &'a Inventory,
    pub(crate) platform: &'a dyn Platform,
}
