//! What of the plan for the grants that stay takes something away: the steps, in their order.

use std::collections::{HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::Stays;
use crate::engine::planning::platform_places::with_the_last;
use crate::engine::taking_away::former::Former;
use crate::engine::taking_away::parts::Parts;
use crate::engine::taking_away::reducer::{Reducer, in_order};
use crate::engine::taking_away::unasked::{self, Differing, ToldUnasked};
use crate::engine::taking_away::{needs, notes};
use crate::plan::{Plan, left_alone};
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::note::Note;

/// What is known of such a plan once the rest is left out.
pub(super) struct Reduced {
    /// Whether it is told that other grants give what is revoked as well.
    pub(super) are_givers_told: bool,
    /// Which of the revoked grants something in an object is of, where that itself says so.
    pub(super) named: HashMap<ObjectId, Vec<IntentId>>,
    /// What would go and is told to stay, as others rely on it.
    pub(super) relied_on: HashSet<ObjectId>,
}

impl<'a> Reducer<'a> {
    /// Leaves out of a plan what the whole manifest's plan has as well, and what would be made. But what takes the place of something
    /// that goes stays, with all that it needs: else who keeps a grant would lose it together with the one that is taken away.
    ///
    /// What nothing that stays asks for, and what isn't taken away all the same, is told ([`Plan::stays`]).
    pub(super) fn reduce(&self, plan: &mut Plan) -> Reduced {
        let differing = unasked::differing(plan);
        let told_unasked = unasked::told_unasked(plan, &self.facts.unasked);
        let parts = self.leave_parts(plan);
        let known = self.known(plan, &parts);
        let is_change =
            |(known, change): (&bool, &Change)| !known && change.action != Action::Create && is_to_be_done(change);
        let mut is_planned: Vec<_> = known.iter().zip(&plan.changes).map(is_change).collect();
        self.stand_in(plan, &known, &mut is_planned);
        self.settle(plan, is_planned, &differing, &parts);
        self.leave_known(plan);
        let relied_on = self.leave_relied_on(plan, &parts);
        let are_givers_told = self.tell(plan, differing, &told_unasked, &parts, &relied_on);
        Reduced { are_givers_told, named: parts.named, relied_on }
    }

    /// Which of the changes the manifest's own plan has as well: they are for an apply to make.
    fn known(&self, plan: &Plan, parts: &Parts) -> Vec<bool> {
        // Whether it is to go for another reason than its principal is for `apply`.
        let is_with_principal =
            |change: &Change| change.action == Action::Delete && self.facts.with_principals.contains(&change.id);
        let is_known = |change: &Change| {
            let other = self.changes.get(&change.id).filter(|_| !self.facts.less_revoked.contains(&change.id));
            other.is_some_and(|other| (other.action, &other.after) == (change.action, &change.after))
                || self.whole.plan.is_none() && is_with_principal(change)
        };
        plan.changes.iter().map(|change| is_known(change) && !parts.named.contains_key(&change.id)).collect()
    }

    /// Has what takes the place of something that goes be made, with all that it needs.
    fn stand_in(&self, plan: &Plan, known: &[bool], is_planned: &mut [bool]) {
        let places: HashMap<_, _> = plan.changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
        let is_made = |at: &usize| plan.changes[*at].action == Action::Create;
        let goes = |at: &usize| {
            let change = &plan.changes[*at];
            matches!(change.action, Action::Update | Action::Delete) && is_to_be_done(change)
        };
        for (at, change) in plan.changes.iter().enumerate().filter(|(at, _)| is_made(at)) {
            let old = self.facts.replaces.get(&change.id).into_iter().flatten();
            let old: Vec<_> = old.filter_map(|id| places.get(id).copied()).filter(&goes).collect();
            if old.is_empty() {
                continue;
            }
            let made = needs::with_needs(at, |at| {
                let needs = plan.changes[at].depends_on.iter().filter_map(|id| places.get(id).copied());
                needs.filter(&is_made).collect()
            });
            // What would take the same place in the same form anyway is no part of this.
            if old.iter().chain(&made).any(|at| !known[*at]) {
                made.into_iter().chain(old).for_each(|at| is_planned[at] = true);
            }
        }
    }

    /// Leaves the changes that are planned, with what they take along and without what has to stay.
    fn settle(&self, plan: &mut Plan, mut is_planned: Vec<bool>, differing: &[Differing], parts: &Parts) {
        if self.whole.plan.is_some() {
            let (revoked, principals) = (self.sharing.revoked, self.whole.principals);
            needs::keep(plan, &mut is_planned, differing, self.facts, parts, revoked, principals);
        }
        needs::take_along(plan, &mut is_planned, differing, self.facts, self.whole.principals);
        with_the_last(plan, &mut is_planned, &self.facts.with_principals);
        let mut is_planned = is_planned.into_iter();
        plan.changes.retain(|_| is_planned.next().unwrap_or_default());
        in_order(plan);
    }

    /// Leaves out what the manifest's own plan says beside its changes.
    fn leave_known(&self, plan: &mut Plan) {
        let (stayed, notes) = self.whole.plan.map_or((&[][..], &[][..]), |whole| (&whole.stays, &whole.notes));
        let changes = &plan.changes;
        plan.stays.retain(|stays| match self.facts.with_principals.contains(&stays.object) {
            true => changes.iter().any(|change| change.id == stays.object),
            false => !stayed.contains(stays),
        });
        // Whoever takes something away is told where access stays, whoever else would be.
        plan.notes.retain(|note| note.is_of_access || !notes.contains(note));
        // Whether this is another stack from before shows in all that the manifest asks for, and not in what is left of that.
        let about = format!("stack {}", plan.stack);
        let of_stack = notes.iter().filter(|note| note.is_of_access && note.about == about);
        let missing: Vec<_> = of_stack.filter(|note| !plan.notes.contains(note)).cloned().collect();
        plan.notes.extend(missing);
    }

    /// Says what isn't taken away although nothing that stays asks for it. Answers with whether it is told that others give it.
    fn tell(
        &self,
        plan: &mut Plan,
        mut differing: Vec<Differing>,
        told_unasked: &[ToldUnasked],
        parts: &Parts,
        relied_on: &HashSet<ObjectId>,
    ) -> bool {
        let Some(whole) = self.whole.plan else {
            plan.stays
                .extend(differing.iter().filter_map(|one| unasked::unreadable(one, parts, &self.facts.of_platform)));
            plan.stays.sort();
            return false;
        };
        // What an annotation gives is what its principal has, and told of that; what every task needs, no grant asks for.
        differing.retain(|one| !self.facts.with_principals.contains(&one.id));
        if !self.whole.takes_grants {
            // What is wanted and edited is of grants, and a registry is none of these.
            differing.retain(|one| !one.is_wanted());
        }
        let mut unasked = unasked::stays(&differing, told_unasked, plan, (self.whole, self.facts), parts, self.sharing);
        unasked.retain(|one| !relied_on.contains(&one.object));
        let mut given = self.still_given(plan, whole, &unasked);
        given.retain(|id| !relied_on.contains(id));
        if !given.is_empty() {
            plan.notes.push(Note::of_access("manifest", notes::given_by_others(&given)));
        }
        if !unasked.is_empty() {
            let former = Former::of(&differing, plan, self.whole, self.sharing).taken_out(&mut unasked);
            plan.notes.extend(notes::former(&former));
        }
        plan.stays.extend(unasked);
        plan.stays.sort();
        let is_kept = |intent: &_| self.whole.kept.contains(intent);
        plan.notes.extend(left_alone::left_alone(plan, &whole.in_the_way, is_kept));
        !given.is_empty()
    }

    /// What gives all that is revoked also once that is done, as others ask for it, too.
    fn still_given(&self, plan: &Plan, whole: &Plan, unasked: &[Stays]) -> Vec<&'a ObjectId> {
        let sharing = self.sharing;
        let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
        // What is left of an object may be a part of what is revoked, such as a prefix.
        let is_taken = |id: &ObjectId, asked: &Attributes| {
            let left = |after: &Attributes| sharing.left_of_asked(id, after, asked).left().flatten();
            changes.get(id).is_some_and(|change| change.after.as_ref().and_then(left).is_none())
        };
        let told: HashSet<_> = unasked.iter().chain(&plan.stays).map(|stays| &stays.object).collect();
        let planned: HashMap<_, _> = whole.changes.iter().map(|change| (&change.id, change)).collect();
        let is_there = |id: &ObjectId, asked: &Attributes| match planned.get(id) {
            None => true,
            Some(change) => change.before.as_ref().is_some_and(|there| !sharing.lacks(id, there, asked)),
        };
        // What somebody else made gives it for no grant, and is told as what that is.
        let is_theirs = |id: &ObjectId| self.whole.theirs.contains(id);
        let given = sharing.revoked.iter().filter(|(id, asked)| {
            sharing.is_told(id, asked)
                && !is_theirs(id)
                && !is_taken(id, asked)
                && !told.contains(id)
                && is_there(id, asked)
        });
        given.map(|(id, _)| id).collect()
    }
}

/// Whether anything is left to do: all of an object's parts may be such as stay.
fn is_to_be_done(change: &Change) -> bool {
    change.action != Action::Update || change.before != change.after
}
