//! What a plan for the grants that stay is reduced with; the steps are in `reduce.rs`.

use std::collections::{BTreeSet, HashMap};

use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::engine::taking_away::facts::{ObjectFacts, WholeManifest};
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::taking_away::unapplied::unapplied;
use crate::plan::Plan;
use crate::vocabulary::intent::IntentId;

/// Reduces the plan for what stays to what is taken away: what an apply of the whole manifest would do as well is left out.
pub(super) struct Reducer<'a> {
    pub(super) facts: &'a ObjectFacts,
    pub(super) whole: &'a WholeManifest<'a>,
    pub(super) sharing: &'a Sharing<'a>,
    /// The changes that would make the whole manifest come true.
    pub(super) changes: HashMap<&'a ObjectId, &'a Change>,
    /// The grants that stay and aren't there as the manifest has them.
    pub(super) unapplied: BTreeSet<&'a IntentId>,
}

impl<'a> Reducer<'a> {
    /// `plan` is that for what stays.
    pub(super) fn new(
        plan: &Plan,
        facts: &'a ObjectFacts,
        whole: &'a WholeManifest<'a>,
        sharing: &'a Sharing<'a>,
    ) -> Self {
        let changes = whole.plan.into_iter().flat_map(|whole| &whole.changes);
        let changes = changes.map(|change| (&change.id, change)).collect();
        let unapplied = whole.plan.map(|all| unapplied(all, plan, facts, whole.kept, sharing));
        Self { facts, whole, sharing, changes, unapplied: unapplied.unwrap_or_default() }
    }

    /// Those of the grants that stay of which nothing is there.
    pub(super) fn absent(&self) -> BTreeSet<&'a IntentId> {
        let Self { facts, unapplied, .. } = self;
        let is_absent = |intent: &&&IntentId| match facts.less_revoked.is_empty() {
            true => !facts.present.contains(**intent),
            false => facts.absent.contains(**intent),
        };
        unapplied.iter().filter(is_absent).copied().collect()
    }
}

/// Brings the changes into the order of what is done with them.
pub(super) fn in_order(plan: &mut Plan) {
    plan.changes.sort_by_key(|change| match change.action {
        Action::Create | Action::Update => 0,
        Action::Delete => 1,
        Action::Handoff => 2,
    });
}
