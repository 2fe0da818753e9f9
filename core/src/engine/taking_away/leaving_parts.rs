//! Objects that are for several grants: what such a plan changes of them.

use std::collections::HashSet;

use serde_json::Value;

use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::{ObjectId, Ownership};
use crate::engine::taking_away::notes;
use crate::engine::taking_away::parts::Parts;
use crate::engine::taking_away::reducer::{Reducer, in_order};
use crate::engine::taking_away::sharing::{Left, PartLeft};
use crate::plan::Plan;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::note::Note;

impl Reducer<'_> {
    /// Of an object that is for several grants, only what is taken away changes.
    pub(super) fn leave_parts(&self, plan: &mut Plan) -> Parts {
        let Self { facts, sharing, .. } = self;
        let mut parts = Parts::default();
        let mut whole = Vec::new();
        if self.whole.plan.is_none() {
            // What there was can't be planned: what can't be read isn't written over for that, and nothing is given.
            let is_told = |change: &&mut Change| !facts.less_revoked.contains(&change.id);
            for change in plan.changes.iter_mut().filter(|change| change.action == Action::Update).filter(is_told) {
                let Some((there, wanted)) = change.before.as_ref().zip(change.after.as_ref()) else { continue };
                match sharing.left_of_asked(&change.id, there, wanted) {
                    PartLeft::Unreadable => {
                        change.after.clone_from(&change.before);
                        parts.unreadable.insert(change.id.clone());
                    }
                    PartLeft::Left(Some(left)) => change.after = Some(left),
                    PartLeft::Left(None) | PartLeft::Unknown => {}
                }
            }
        }
        let named = |change: &Change| match &change.before {
            Some(there) => sharing.named_in(&change.id, there),
            None => Vec::new(),
        };
        let revoked_alone = self.of_revoked_alone(plan);
        for change in &mut plan.changes {
            if revoked_alone.contains(&change.id) {
                parts.named.insert(change.id.clone(), sharing.names.iter().cloned().map(IntentId::Grant).collect());
                parts.named_wholly.insert(change.id.clone());
                continue;
            }
            let is_deletion = change.action == Action::Delete;
            let left_by_name = change.before.as_ref().filter(|_| is_deletion);
            let left_by_name = left_by_name.map_or(PartLeft::Unknown, |there| sharing.left_by_name(&change.id, there));
            if left_by_name == PartLeft::Left(None) {
                // Whatever the manifest asks for by now, all of it is of what is revoked.
                parts.named.insert(change.id.clone(), named(change));
                parts.named_wholly.insert(change.id.clone());
                continue;
            }
            let other = self.changes.get(&change.id).filter(|_| !facts.less_revoked.contains(&change.id));
            let Some(other) = other else {
                if let Some(left) = left_by_name.left().flatten().filter(|left| change.before.as_ref() != Some(left)) {
                    parts.left_by_name.insert(change.id.clone(), left);
                }
                continue;
            };
            if other.action == Action::Delete {
                // No grant of the manifest asks for it.
                if let Some(left) = left_by_name.left() {
                    parts.named.insert(change.id.clone(), named(change));
                    becomes(change, left, other);
                }
                continue;
            }
            let Some(baseline) = other.after.as_ref().filter(|_| other.action == Action::Update) else { continue };
            let is_known = change.action == Action::Update && change.after == other.after;
            if is_known && !sharing.revoked.contains_key(&change.id) {
                // It is nothing to what is revoked.
                continue;
            }
            if matches!(change.action, Action::Update | Action::Delete) {
                let left_by_name = left_by_name.left().flatten();
                let there = left_by_name.as_ref().or(change.before.as_ref());
                let wanted = change.after.as_ref();
                match there.map(|there| sharing.left(&change.id, there, baseline, wanted)) {
                    Some(PartLeft::Left(left)) => becomes(change, left, other),
                    // It carries the stack's mark, and nothing that stays asks for it.
                    Some(PartLeft::Unreadable) if is_deletion => whole.push(change.id.clone()),
                    Some(PartLeft::Unreadable) => {
                        becomes(change, change.before.clone(), other);
                        parts.unreadable.insert(change.id.clone());
                    }
                    Some(PartLeft::Unknown) | None if left_by_name.is_some() => becomes(change, left_by_name, other),
                    Some(PartLeft::Unknown) | None => {}
                }
            }
        }
        if !whole.is_empty() {
            plan.notes.push(Note::of_access("manifest", notes::gone_as_a_whole(&whole)));
        }
        // What turned out to go comes with the rest of that, and before all that it needs.
        in_order(plan);
        parts
    }
}

impl Reducer<'_> {
    /// What names nobody and is there in a form in which nothing asks for it, with nothing but what is revoked, on principals of what is
    /// revoked alone.
    fn of_revoked_alone(&self, plan: &Plan) -> HashSet<ObjectId> {
        let is_of_revoked = |change: &&Change| {
            let is_on_its = |user: &Change| {
                user.depends_on.iter().all(|id| *id == change.id || self.sharing.revoked.contains_key(id))
            };
            let mut users = plan.changes.iter().filter(|user| user.depends_on.contains(&change.id));
            change.action == Action::Delete
                && self.changes.get(&change.id).is_some_and(|other| other.action == Action::Delete)
                && change.before.as_ref().is_some_and(|there| (self.sharing.holds_only)(&change.id, &there.value()))
                && users.all(is_on_its)
        };
        plan.changes.iter().filter(is_of_revoked).map(|change| change.id.clone()).collect()
    }
}

/// Has a change come to what is left.
fn becomes(change: &mut Change, left: Left, other: &Change) {
    if left.is_none() {
        // What else asks for it isn't there: an earlier revoke took it.
        (change.action, change.ownership) = (Action::Delete, Ownership::Exclusive);
        change.because.clear();
        change.warning = None;
    } else if change.action == Action::Delete {
        // Nothing that stays asks for it by now, and it has something that others had.
        (change.action, change.ownership) = (Action::Update, other.ownership.clone());
        change.because.clone_from(&other.because);
    }
    if let Some(tree) = left.as_ref().map(Attributes::value) {
        change.known_after_apply.retain(|it| tree.pointer(&it.pointer).is_some_and(Value::is_null));
    } else {
        change.known_after_apply.clear();
    }
    change.after = left;
}
