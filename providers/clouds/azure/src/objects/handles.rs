//! What objects are changed and written down with.

use crate::client::Arm;
use crate::config::Config;
use crate::inventory::cache::Inventory;
use crate::names::Names;
use crate::objects::writers::Writers;

/// What a kind of objects works with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    pub(crate) client: &'a Arm,
    pub(crate) inventory: &'a Inventory,
    pub(crate) writers: &'a Writers,
}
