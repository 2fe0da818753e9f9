//! What the verbs look at.

use cloudgrant_core::{Conventions, Platform};

use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::names::Names;

/// What the verbs look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) inventory: &'a Inventory,
    pub(crate) platform: &'a dyn Platform,
    /// What the platform calls its own things on Azure.
    pub(crate) conventions: &'a Conventions,
}
