//! Objects that are for several grants: what such a plan changes of them.

use serde_json::Value;

use crate::contract::attributes::Attributes;
use crate::contract::object::Ownership;
use crate::engine::taking_away::edited::Edited;
use crate::engine::taking_away::notes;
use crate::engine::taking_away::only::{Baseline, Parts, in_order};
use crate::engine::taking_away::sharing::{Left, Told};
use crate::plan::{Action, Change, Plan};
use crate::vocabulary::note::Note;

impl Baseline<'_> {
    /// Of an object that is for several grants, only what is taken away changes.
    pub(super) fn leave_parts(&self, plan: &mut Plan) -> Parts {
        let Self { said, sharing, edited, .. } = self;
        let left_of = |change: &Change, baseline: &Attributes| {
            let wanted = change.after.as_ref();
            let there = change.before.as_ref();
            there.map(|there| sharing.left(&change.id, there, baseline, wanted, self.are_others_edited(&change.id)))
        };
        let mut parts = Parts::default();
        let mut whole = Vec::new();
        if edited.is_none() {
            // What there was can't be planned: what can't be read isn't written over for that.
            for change in plan.changes.iter_mut().filter(|change| change.action == Action::Update) {
                let Some((there, wanted)) = change.before.as_ref().zip(change.after.as_ref()) else { continue };
                if sharing.left_of_asked(&change.id, there, wanted) == Told::Unreadable {
                    change.after.clone_from(&change.before);
                    parts.unreadable.insert(change.id.clone());
                }
            }
        }
        for change in plan.changes.iter_mut().filter(|change| !said.less_revoked.contains(&change.id)) {
            let Some(other) = self.changes.get(&change.id).filter(|other| other.action == Action::Update) else {
                continue;
            };
            let Some(baseline) = &other.after else { continue };
            let is_known = change.action == Action::Update && change.after == other.after;
            let there = change.before.as_ref().filter(|_| is_known && !sharing.revoked.contains_key(&change.id));
            if let Some(left) = there.and_then(|there| sharing.without_surplus(&change.id, there, baseline)) {
                parts.surplus.insert(change.id.clone());
                if *edited == Some(Edited::Revoked) {
                    becomes(change, left, other);
                }
            } else if matches!(change.action, Action::Update | Action::Delete) {
                match left_of(change, baseline) {
                    Some(Told::Left(left)) => becomes(change, left, other),
                    // It carries the stack's mark, and nothing that stays asks for it.
                    Some(Told::Unreadable) if change.action == Action::Delete => {
                        whole.extend(self.are_others_edited(&change.id).then(|| change.id.clone()));
                    }
                    Some(Told::Unreadable) => {
                        becomes(change, change.before.clone(), other);
                        parts.unreadable.insert(change.id.clone());
                    }
                    Some(Told::Nothing) | None => {}
                }
            }
        }
        if !whole.is_empty() {
            plan.notes.push(Note::warning("manifest", notes::gone_as_a_whole(&whole)));
        }
        // What turned out to go comes with the rest of that, and before all that it needs.
        in_order(plan);
        parts
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
