//! The pull-through cache rules of registries, as far as they were read.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::config::AccountId;

/// The rules of a region of an account, or why they can't be read. They are only worth a note, and so no reason for a plan to
/// fail.
pub(super) type Read = std::result::Result<Vec<String>, &'static str>;

/// The rules of each region of each account: read once a plan.
#[derive(Debug, Default)]
pub(crate) struct Rules(pub(super) Mutex<BTreeMap<(AccountId, String), Read>>);
