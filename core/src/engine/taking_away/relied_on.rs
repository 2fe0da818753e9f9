//! What would go and can't be deleted, as somebody else came to rely on it: what is revoked goes from it all the same.

use std::collections::HashSet;

use crate::contract::object::ObjectId;
use crate::contract::object::change::Action;
use crate::contract::object::observed::Stays;
use crate::engine::taking_away::needs;
use crate::engine::taking_away::parts::Parts;
use crate::engine::taking_away::reducer::Reducer;
use crate::plan::Plan;

impl Reducer<'_> {
    /// Has such objects stay that a plan would delete, less what says itself that it is of what is revoked; and tells them, and such of
    /// which a part goes. Answers with what is told so.
    pub(super) fn leave_relied_on(&self, plan: &mut Plan, parts: &Parts) -> HashSet<ObjectId> {
        let mut told = HashSet::new();
        for (id, stays) in &self.facts.relied_on {
            let at = plan.changes.iter().position(|change| change.id == *id);
            let loses_some = match at {
                Some(at) if plan.changes[at].action != Action::Delete => true,
                Some(at) => match parts.left_by_name.get(id) {
                    Some(left) => {
                        needs::becomes(&mut plan.changes[at], left);
                        true
                    }
                    None => {
                        plan.changes.remove(at);
                        false
                    }
                },
                // It has nothing to do with what is revoked, or stays for others as well.
                None if self.is_unwanted_by_all(id) || self.whole.principals.contains(id) => continue,
                None => false,
            };
            let reason = |one: &Stays| match loses_some {
                true => format!("{}. What is revoked goes from it, and from whoever has it", one.reason),
                false => one.reason.clone(),
            };
            plan.stays.extend(stays.iter().map(|one| Stays { reason: reason(one), ..one.clone() }));
            told.insert(id.clone());
        }
        plan.stays.sort();
        plan.stays.dedup();
        told
    }

    /// Whether the manifest as a whole doesn't ask for it either.
    fn is_unwanted_by_all(&self, id: &ObjectId) -> bool {
        self.changes.get(id).is_some_and(|change| change.action == Action::Delete)
    }
}
