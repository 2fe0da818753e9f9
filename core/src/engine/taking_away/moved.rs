//! Grants that stay, were moved to another scope, and weren't applied since: some task code may have what they ask for only on a
//! principal that goes with the last grant of its own scope.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::Stays;
use crate::engine::taking_away::facts::{ObjectFacts, deleted};
use crate::engine::taking_away::sharing::Sharing;
use crate::plan::Plan;
use crate::text::listed::listed;
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::scope::Scope;

/// What grants that stay ask for and what isn't there: each with the scope whose task code it is for.
pub(super) struct Lacking<'a> {
    objects: Vec<(Scope, Change)>,
    sharing: &'a Sharing<'a>,
}

impl<'a> Lacking<'a> {
    /// Of the plan for what stays.
    pub(super) fn of(plan: &Plan, facts: &ObjectFacts, sharing: &'a Sharing<'a>) -> Self {
        let is_lacking = |change: &&Change| match (change.action, &change.before, &change.after) {
            // What is as it is now less what is revoked lacks nothing that an apply wouldn't give.
            _ if facts.less_revoked.contains(&change.id) => false,
            (Action::Create, ..) => true,
            (Action::Update, Some(there), Some(asked)) => sharing.lacks(&change.id, there, asked),
            _ => false,
        };
        let lacking = plan.changes.iter().filter(is_lacking);
        let objects = lacking.filter_map(|change| Some((facts.scopes.get(&change.id)?.clone(), change.clone())));
        Self { objects: objects.collect(), sharing }
    }

    /// Which of the grants that something serves in a scope lack that in a wider scope.
    fn of_served<'b>(&self, change: &Change, served: &'b [IntentId], wider: &Scope, plan: &Plan) -> Vec<&'b IntentId> {
        let is_same = |other: &Change| {
            let [one, other] = [(change, &change.before), (other, &other.after)];
            let values = one.1.as_ref().zip(other.1.as_ref()).map(|(one, other)| (one.value(), other.value()));
            values.is_some_and(|values| (self.sharing.give_same)((&one.0.id, &values.0), (&other.0.id, &values.1)))
        };
        let is_unmade = |other: &Change| !plan.changes.iter().any(|made| made.id == other.id);
        let lacking: Vec<_> = self
            .objects
            .iter()
            .filter(|(scope, other)| scope == wider && is_unmade(other) && is_same(other))
            .flat_map(|(_, other)| &other.because)
            .collect();
        served.iter().filter(|grant| lacking.contains(grant)).collect()
    }
}

/// Which scopes keep their principals although none of their grants stays, and what is told of each: a grant that stays gives their
/// task code something there, and it isn't there where that code would have it from then on.
///
/// `plan` is what is taken away, beside `kept`; `whole` is the plan for all of the manifest, with the scopes of its objects.
pub(super) fn needed(
    lacking: &Lacking<'_>,
    plan: &Plan,
    whole: &Plan,
    scopes: &BTreeMap<ObjectId, Scope>,
    principals: &BTreeSet<ObjectId>,
    kept: &Intents,
) -> (BTreeSet<Scope>, Vec<Stays>) {
    let bound: BTreeSet<_> = kept.bindings.iter().map(|binding| &binding.scope).collect();
    let mut grants: BTreeMap<&Scope, BTreeSet<&IntentId>> = BTreeMap::new();
    let mut given: Vec<(&ObjectId, &Scope)> = Vec::new();
    for change in plan.changes.iter().filter(|change| change.action == Action::Delete) {
        let Some(scope) = scopes.get(&change.id).filter(|scope| !bound.contains(scope)) else { continue };
        // Scopes are ordered from wide to narrow.
        let Some(wider) = bound.iter().rev().find(|other| other.contains(scope)) else { continue };
        let served = whole.served.get(&change.id).map_or(&[][..], Vec::as_slice);
        let lost = lacking.of_served(change, served, wider, plan);
        if !lost.is_empty() {
            given.push((&change.id, scope));
            grants.entry(scope).or_default().extend(lost);
        }
    }
    let is_of_one =
        |id: &&ObjectId| principals.contains(*id) && scopes.get(*id).is_some_and(|scope| grants.contains_key(scope));
    let own: Vec<_> = deleted(plan).filter(is_of_one).map(|id| (id, &scopes[id])).collect();
    let with_own: HashSet<_> = own.iter().map(|(_, scope)| *scope).collect();
    // Who runs as a principal that isn't the stack's goes on as that.
    let told = own.iter().chain(given.iter().filter(|(_, scope)| !with_own.contains(scope)));
    let stays = told.map(|(id, scope)| stays(id, scope, &grants[scope])).collect();
    (grants.into_keys().cloned().collect(), stays)
}

fn stays(object: &ObjectId, scope: &Scope, grants: &BTreeSet<&IntentId>) -> Stays {
    /// So many are named.
    const NAMED: usize = 3;
    let names = listed(grants, NAMED);
    let (isn_t, it, asks) = if grants.len() == 1 { ("isn't", "it", "asks") } else { ("aren't", "they", "ask") };
    let reason = format!(
        "{names} {isn_t} in the cloud as the manifest has it by now, and task code of {scope} has what {it} {asks} for by this alone: \
         `cloudgrant apply` gives it as the manifest says, and takes this away"
    );
    Stays { object: object.clone(), reason, is_empty: false }
}
