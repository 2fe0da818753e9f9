//! Which grants that stay aren't there as the manifest has them.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::engine::taking_away::facts::ObjectFacts;
use crate::engine::taking_away::sharing::Sharing;
use crate::plan::Plan;
use crate::vocabulary::intent::IntentId;

/// Those grants. `whole` is the plan for all of the manifest, `plan` that for what stays.
pub(super) fn unapplied<'a>(
    whole: &'a Plan,
    plan: &Plan,
    facts: &'a ObjectFacts,
    kept: &HashSet<IntentId>,
    sharing: &Sharing<'_>,
) -> BTreeSet<&'a IntentId> {
    let changes: HashMap<&ObjectId, &Change> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let is_lacking = |wanted: &Change| {
        if facts.less_revoked.contains(&wanted.id) {
            return false;
        }
        if wanted.action == Action::Create {
            return true;
        }
        match changes.get(&wanted.id).map(|change| (&change.before, &change.after)) {
            Some((Some(there), Some(asked))) => sharing.lacks(&wanted.id, there, asked),
            Some(_) => true,
            // It is as they ask.
            None => false,
        }
    };
    let wanted = whole.changes.iter().filter(|change| is_wanted(change) && is_for_kept(change, kept));
    let lacking = wanted.filter(|change| is_lacking(change)).flat_map(|change| &change.because);
    let asking = lacking.filter(|intent| kept.contains(*intent));
    // A provider that says itself what is less the revoked knows better than the objects which grants aren't there.
    let is_told = !facts.less_revoked.is_empty();
    let asking = asking.filter(|_| !is_told).chain(&facts.unapplied);
    asking.filter(|intent| matches!(intent, IntentId::Grant(_))).collect()
}

fn is_wanted(change: &Change) -> bool {
    matches!(change.action, Action::Create | Action::Update)
}

/// Whether a change is for a grant that stays. A binding carries whatever is granted: what is for a grant is edited with that.
fn is_for_kept(change: &Change, kept: &HashSet<IntentId>) -> bool {
    let is_binding = |id: &&IntentId| matches!(id, IntentId::Binding(_));
    let mut asks: Vec<_> = change.because.iter().filter(|id| !is_binding(id)).collect();
    if asks.is_empty() {
        asks = change.because.iter().collect();
    }
    asks.is_empty() || asks.into_iter().any(|id| kept.contains(id))
}
