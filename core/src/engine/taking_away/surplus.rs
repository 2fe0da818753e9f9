//! What is there beyond what the manifest asks for: whose it is.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::engine::taking_away::Hints;
use crate::engine::taking_away::sharing::Sharing;
use crate::plan::{Action, Change, Plan};
use crate::vocabulary::intent::IntentId;

/// Whose it is what the stack made and no grant of the manifest asks for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surplus {
    /// Of what is revoked: that was edited since the last apply, and everything else is there as the manifest has it.
    OfRevoked,
    /// Nobody can tell: it may be what a grant that stays had before it was edited, or one that was taken out.
    Unknown,
}

impl Surplus {
    /// `whole` is the plan for all of the manifest, `unapplied` what of it isn't there and stays.
    pub(super) fn of(whole: &Plan, unapplied: &Unapplied<'_>, kept: &HashSet<IntentId>, sharing: &Sharing<'_>) -> Self {
        let is_edited = |change: &Change| {
            let is_lacking = || match (&change.before, &change.after) {
                (Some(there), Some(asked)) => sharing.lacks(&change.id, there, asked),
                _ => true,
            };
            is_wanted(change) && (!is_for_kept(change, kept) || is_lacking())
        };
        match !unapplied.is_any && whole.changes.iter().any(is_edited) {
            true => Self::OfRevoked,
            false => Self::Unknown,
        }
    }
}

/// What stays and isn't there as the manifest has it.
#[derive(Debug, Default)]
pub(super) struct Unapplied<'a> {
    /// The grants, as far as it is for grants.
    pub(super) grants: BTreeSet<&'a IntentId>,
    is_any: bool,
}

/// `whole` is the plan for all of the manifest, `plan` that for what stays.
pub(super) fn unapplied<'a>(
    whole: &'a Plan,
    plan: &Plan,
    hints: &'a Hints,
    kept: &HashSet<IntentId>,
    sharing: &Sharing<'_>,
) -> Unapplied<'a> {
    let changes: HashMap<&ObjectId, &Change> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let is_lacking = |wanted: &Change| {
        if hints.less_revoked.contains(&wanted.id) {
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
    let lacking: Vec<_> = wanted.filter(|change| is_lacking(change)).collect();
    let is_any = !lacking.is_empty() || !hints.unapplied.is_empty();
    let asking = lacking.into_iter().flat_map(|change| &change.because).filter(|intent| kept.contains(*intent));
    // A provider that says itself what is less the revoked knows better than the objects which grants aren't there.
    let is_told = !hints.less_revoked.is_empty();
    let asking = asking.filter(|_| !is_told).chain(&hints.unapplied);
    let grants = asking.filter(|intent| matches!(intent, IntentId::Grant(_))).collect();
    Unapplied { grants, is_any }
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
