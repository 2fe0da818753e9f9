//! Which grants of the manifest aren't in the cloud as the manifest has them.

use std::collections::{HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::taking_away::{Manifest, Said};
use crate::plan::{Action, Change, Plan};
use crate::vocabulary::intent::IntentId;

/// Those of which something is missing: they were edited since the last apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edited {
    /// None.
    Nothing,
    /// Only such as are taken away.
    Revoked,
    /// Others, too.
    Others,
}

impl Edited {
    pub(super) fn of(
        anyway: &Plan,
        manifest: &Manifest<'_>,
        lacking: &HashSet<ObjectId>,
        sharing: &Sharing<'_>,
    ) -> Self {
        let lacks = |change: &Change| match (&change.before, &change.after) {
            (Some(there), Some(asked)) => sharing.lacks(&change.id, there, asked),
            _ => true,
        };
        let is_made = |change: &Change| is_wanted(&change) && (!is_kept_s(change, manifest.kept) || lacks(change));
        if manifest.are_some_gone || !lacking.is_empty() {
            Self::Others
        } else if anyway.changes.iter().any(is_made) {
            Self::Revoked
        } else if manifest.former.is_empty() {
            Self::Nothing
        } else {
            // What is there and no grant of the manifest asks for was for one that was edited, although none lacks anything.
            Self::Others
        }
    }
}

/// The objects that lack something that grants ask for which stay: these were edited since, or revoked before.
pub(super) fn lacking(
    anyway: &Plan,
    plan: &Plan,
    said: &Said,
    manifest: &Manifest<'_>,
    sharing: &Sharing<'_>,
) -> HashSet<ObjectId> {
    let kept = manifest.kept;
    let is_for_lacking = |change: &Change| {
        let of = |intent: &IntentId| matches!(intent, IntentId::Grant(name) if manifest.lacking.iter().any(|one| one.name == *name));
        change.because.iter().any(of)
    };
    let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let lacks = |other: &&Change| {
        if said.less_revoked.contains(&other.id) {
            return is_for_lacking(other);
        }
        if other.action == Action::Create {
            return true;
        }
        match changes.get(&other.id).map(|change| (&change.before, &change.after)) {
            Some((Some(there), Some(asked))) => sharing.lacks(&other.id, there, asked),
            Some(_) => true,
            // It is as they ask.
            None => false,
        }
    };
    let wanted = anyway.changes.iter().filter(|change| is_wanted(change) && is_kept_s(change, kept));
    wanted.filter(lacks).map(|change| change.id.clone()).collect()
}

fn is_wanted(change: &&Change) -> bool {
    matches!(change.action, Action::Create | Action::Update)
}

/// Whether a change is for a grant that stays. A binding carries whatever is granted: what is for a grant is edited with that.
fn is_kept_s(change: &Change, kept: &HashSet<IntentId>) -> bool {
    let is_binding = |id: &&IntentId| matches!(id, IntentId::Binding(_));
    let mut asks: Vec<_> = change.because.iter().filter(|id| !is_binding(id)).collect();
    if asks.is_empty() {
        asks = change.because.iter().collect();
    }
    asks.is_empty() || asks.into_iter().any(|id| kept.contains(id))
}
