//! What grants come to for each principal, and what of that is there: for whoever takes grants away one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::vocabulary::names::GrantName;

/// One thing that a principal may do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entitlement {
    /// Who may do it: the role, the managed identity.
    pub principal: Arc<str>,
    /// What: the same bytes for the same permission on the same resources. Nobody is shown it.
    pub permission: Arc<[u8]>,
    /// For which grant it was given, where the cloud says so: then it is that grant's alone. Empty where it doesn't.
    pub whose: Arc<str>,
}

/// What grants come to for each principal, and what of that is there.
///
/// A manifest lists grants of which the cloud has nothing, as they were revoked and are still written down: without this, core
/// takes what these ask for as something that stays.
#[derive(Debug, Clone, Default)]
pub struct Entitlements {
    /// What each of the grants comes to.
    pub asked: BTreeMap<GrantName, BTreeSet<Entitlement>>,
    /// All that the stack gives to principals now, whatever it was given for: also to those that none of the grants has, as one
    /// may have had them before it was edited.
    pub there: BTreeSet<Entitlement>,
}
