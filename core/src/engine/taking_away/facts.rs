//! What is known before anything is taken away: of the objects, and of the manifest as a whole.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::change::Action;
use crate::contract::object::observed::{Stays, Unmakeable};
use crate::plan::Plan;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::names::GrantName;
use crate::vocabulary::scope::Scope;

/// What the provider and the platform say of their objects for whoever takes something away.
#[derive(Debug, Default)]
pub(in crate::engine) struct ObjectFacts {
    /// [`Desired::replaces`](crate::Desired::replaces)
    pub(in crate::engine) replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// [`Desired::less_revoked`](crate::Desired::less_revoked)
    pub(in crate::engine) less_revoked: BTreeSet<ObjectId>,
    /// [`Desired::unasked`](crate::Desired::unasked)
    pub(in crate::engine) unasked: BTreeSet<ObjectId>,
    /// [`Desired::unapplied`](crate::Desired::unapplied)
    pub(in crate::engine) unapplied: BTreeSet<IntentId>,
    /// [`Desired::absent`](crate::Desired::absent)
    pub(in crate::engine) absent: BTreeSet<IntentId>,
    /// The intents for which objects are there that give access.
    pub(in crate::engine) present: BTreeSet<IntentId>,
    /// [`Observed::unmakeable`](crate::Observed::unmakeable), and what would be beyond the limits.
    pub(in crate::engine) unmakeable: Vec<Unmakeable>,
    /// [`Observed::relied_on`](crate::Observed::relied_on)
    pub(in crate::engine) relied_on: BTreeMap<ObjectId, BTreeSet<Stays>>,
    /// The objects that task code runs as: [`Principal::depends_on`](crate::Principal::depends_on).
    pub(in crate::engine) principals: BTreeSet<ObjectId>,
    /// Of which scope each object is: of a principal, and of what is on it, that of the task code that runs as it.
    pub(in crate::engine) scopes: BTreeMap<ObjectId, Scope>,
    /// What is there and isn't the stack's, such as a role assignment that somebody else made.
    pub(in crate::engine) theirs: BTreeSet<ObjectId>,
    /// What a platform is told of principals, by itself or by a handoff.
    pub(in crate::engine) of_platform: BTreeSet<ObjectId>,
    /// What somebody else is asked for, but for what a platform is told of principals that are deleted here.
    pub(in crate::engine) handed_off: BTreeSet<ObjectId>,
    /// The scopes of the principals that a platform is told of, but for those that its vendor is asked for.
    pub(in crate::engine) told: BTreeSet<Scope>,
    /// The places on platforms that the stack's marks name and that aren't reached.
    pub(in crate::engine) unreached: BTreeSet<String>,
    /// What goes with a principal and with nothing else: [`Observed::names`](crate::Observed::names) and
    /// [`Observed::with_principals`](crate::Observed::with_principals).
    pub(in crate::engine) with_principals: BTreeSet<ObjectId>,
    /// Which principals those that name one name now, whatever they are to name.
    pub(in crate::engine) named_now: BTreeMap<ObjectId, Vec<ObjectId>>,
}

/// What the manifest asks for as a whole, and what of that stays.
pub(in crate::engine) struct WholeManifest<'a> {
    /// The plan for all of it; `None` where that can't be planned.
    pub(in crate::engine) plan: Option<&'a Plan>,
    pub(in crate::engine) principals: &'a BTreeSet<ObjectId>,
    /// [`ObjectFacts::theirs`], of all that the manifest asks for.
    pub(in crate::engine) theirs: &'a BTreeSet<ObjectId>,
    /// The intents that stay.
    pub(in crate::engine) kept: &'a HashSet<IntentId>,
    /// Whether grants are taken away, and not registries alone.
    pub(in crate::engine) takes_grants: bool,
    /// Whether a grant that stays gives some of what is revoked, to whomever.
    pub(in crate::engine) overlaps: &'a (dyn Fn(&GrantName) -> bool + Sync + 'a),
}

/// What a plan deletes.
pub(in crate::engine) fn deleted(plan: &Plan) -> impl Iterator<Item = &ObjectId> {
    plan.changes.iter().filter(|change| change.action == Action::Delete).map(|change| &change.id)
}
