//! Objects that are for several grants: what was found of them.

use std::collections::{HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::attributes::Attributes;
use crate::vocabulary::intent::IntentId;

/// What was found of such objects.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Those that stay as they are, as nobody can tell what of them is taken away.
    pub(super) unreadable: HashSet<ObjectId>,
    /// Those in which something is by its name of what is revoked, although no grant asks for them any more, and of which grants.
    pub(super) named: HashMap<ObjectId, Vec<IntentId>>,
    /// Those that are by their names wholly of what is revoked.
    pub(super) named_wholly: HashSet<ObjectId>,
    /// What is left by their names of those that are to go, and that the manifest as a whole leaves as they are.
    pub(super) left_by_name: HashMap<ObjectId, Attributes>,
}
