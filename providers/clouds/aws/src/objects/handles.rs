//! What changes are applied with.

use crate::client::Clients;
use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::names::Names;
use crate::shared_document::write::PolicyWriters;

/// What a change is applied with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) clients: &'a Clients,
    pub(crate) inventory: &'a Inventory,
    /// One writer at a time for each document that others write too.
    pub(crate) writers: &'a PolicyWriters,
}
