//! What no plan that takes something away may come to, whatever the rules for it made of it.

use std::collections::{BTreeMap, HashSet};

use crate::contract::error::{Error, ErrorKind};
use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::engine::taking_away::facts::{ObjectFacts, deleted};
use crate::plan::Plan;

/// What is there before such a plan, and what each of it needs.
pub(super) struct Needs(BTreeMap<ObjectId, Vec<ObjectId>>);

impl Needs {
    /// Of the plan for what stays, before anything is left out of it.
    pub(super) fn of(plan: &Plan) -> Self {
        let is_there = |change: &&Change| matches!(change.action, Action::Update | Action::Delete);
        let there = plan.changes.iter().filter(is_there);
        Self(there.map(|change| (change.id.clone(), change.depends_on.clone())).collect())
    }

    /// Why a plan must not be carried out: something that is there afterwards needs, or names, what it deletes. A cloud would refuse
    /// that halfway, or take it and leave task code with a principal that is gone.
    pub(super) fn contradiction(&self, plan: &Plan, facts: &ObjectFacts) -> Option<Error> {
        let goes: HashSet<_> = deleted(plan).collect();
        let is_changed = |id: &ObjectId| plan.work().any(|change| change.id == *id);
        let made = plan.work().filter(|change| change.action != Action::Delete);
        let made = made.map(|change| (&change.id, &change.depends_on));
        let stays = self.0.iter().filter(|(id, _)| !is_changed(id));
        let names = facts.named_now.iter().filter(|(id, _)| !is_changed(id));
        let (user, gone) = made.chain(stays).chain(names).find_map(|(id, needs)| {
            let gone = needs.iter().find(|need| goes.contains(need))?;
            Some((id, gone))
        })?;
        let message = format!("nothing is taken away: {gone} would go, and {user} needs it and would stay");
        let error = Error::new(ErrorKind::Unexpected, message);
        Some(error.hint(
            "this is a bug in cloudgrant: report it with the plan of `cloudgrant plan`; until it is mended, take the grant out of the \
             manifest and use `cloudgrant apply`",
        ))
    }
}
