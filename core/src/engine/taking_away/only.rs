//! What is left of such a plan.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::contract::attributes::Attributes;
use crate::contract::object::{ObjectId, Stays};
use crate::engine::taking_away::edited::{self, Edited};
use crate::engine::taking_away::revoked_before::Lacking;
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::taking_away::unasked::{self, Asked, Given};
use crate::engine::taking_away::{Manifest, Said, deleted, needs, notes};
use crate::plan::{Action, Change, Plan, in_the_way};
use crate::vocabulary::note::Note;

/// Leaves out of a plan what the baseline's plan has as well, and what would be made. But what takes the place of something
/// that goes stays, with all that it needs: else who keeps a grant would lose it together with the one that is taken away.
///
/// What nothing that stays asks for, and what isn't taken away all the same, is told ([`Plan::stays`]).
pub(super) fn only(plan: &mut Plan, said: &Said, manifest: &Manifest<'_>, sharing: &Sharing<'_>) {
    let asked = unasked::asked(plan);
    let given = unasked::given(plan, &said.unasked);
    let baseline = Baseline::new(plan, said, manifest, sharing);
    let Parts { surplus, unreadable } = baseline.leave_parts(plan);
    let known = baseline.known(plan, &surplus);
    let is_change =
        |(known, change): (&bool, &Change)| !known && change.action != Action::Create && is_to_be_done(change);
    let mut is_planned: Vec<_> = known.iter().zip(&plan.changes).map(is_change).collect();
    baseline.stand_in(plan, &known, &mut is_planned);
    baseline.settle(plan, is_planned, &asked);
    baseline.leave_known(plan);
    baseline.tell(plan, asked, &given, &unreadable);
}

/// What the manifest asks for with all of its grants, for a plan without some of these to be held against.
pub(super) struct Baseline<'a> {
    pub(super) said: &'a Said,
    pub(super) manifest: &'a Manifest<'a>,
    pub(super) sharing: &'a Sharing<'a>,
    /// The changes that would make it come true.
    pub(super) changes: HashMap<&'a ObjectId, &'a Change>,
    /// What lacks something that grants ask for which stay.
    lacking: HashSet<ObjectId>,
    /// `None` where it can't be planned.
    pub(super) edited: Option<Edited>,
}

/// What was found of objects that are for several grants.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Those that have more than all that stays asks for: that was for something that was edited since.
    pub(super) surplus: HashSet<ObjectId>,
    /// Those that stay as they are, as nobody can tell what of them is taken away.
    pub(super) unreadable: HashSet<ObjectId>,
}

impl<'a> Baseline<'a> {
    fn new(plan: &Plan, said: &'a Said, manifest: &'a Manifest<'a>, sharing: &'a Sharing<'a>) -> Self {
        let anyway = manifest.anyway;
        let changes =
            anyway.into_iter().flat_map(|anyway| &anyway.changes).map(|change| (&change.id, change)).collect();
        let lacking = anyway.map(|anyway| edited::lacking(anyway, plan, said, manifest, sharing));
        let lacking = lacking.unwrap_or_default();
        let edited = anyway.map(|anyway| Edited::of(anyway, manifest, &lacking, sharing));
        Self { said, manifest, sharing, changes, lacking, edited }
    }

    /// Whether what an object has beyond what is asked of it may be for grants that stay, as these were edited.
    pub(super) fn are_others_edited(&self, id: &ObjectId) -> bool {
        let has_former = self.edited == Some(Edited::Others) && !self.manifest.former.is_empty();
        has_former || self.lacking.iter().any(|other| other != id)
    }

    /// Which of the changes the manifest's own plan has as well: they are for an apply to make.
    fn known(&self, plan: &Plan, surplus: &HashSet<ObjectId>) -> Vec<bool> {
        // What names a principal goes with that one. Whether it is to go for another reason is for `apply`.
        let only_names = |change: &Change| change.action == Action::Delete && self.said.naming.contains(&change.id);
        let is_known = |change: &Change| {
            let other = self.changes.get(&change.id).filter(|_| !self.said.less_revoked.contains(&change.id));
            other.is_some_and(|other| (other.action, &other.after) == (change.action, &change.after))
                || self.edited.is_none() && only_names(change)
        };
        // What nothing wants any more was theirs, before.
        let is_revoked_s = |change: &Change| {
            let is_surplus = change.action == Action::Delete && !only_names(change) || surplus.contains(&change.id);
            self.edited == Some(Edited::Revoked) && is_surplus
        };
        plan.changes.iter().map(|change| is_known(change) && !is_revoked_s(change)).collect()
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
            let old = self.said.replaces.get(&change.id).into_iter().flatten();
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
    fn settle(&self, plan: &mut Plan, mut is_planned: Vec<bool>, asked: &[Asked]) {
        let &Manifest { principals, former, lacking, are_some_gone, .. } = self.manifest;
        let keeps_needs = self.edited == Some(Edited::Others) && !are_some_gone;
        let lost = needs::settle(plan, &mut is_planned, asked, principals, keeps_needs);
        let mut is_planned = is_planned.into_iter();
        plan.changes.retain(|_| is_planned.next().unwrap_or_default());
        let going: BTreeSet<_> = deleted(plan).filter(|id| principals.contains(id)).collect();
        let is_going = |name: &str| going.iter().any(|id| id.name == name);
        let has = |grant: &Lacking, id: &ObjectId| !grant.is_gone && grant.loses(&id.name, is_going);
        let has_former =
            |id: &&ObjectId| former.contains(id.name.as_str()) || lacking.iter().any(|grant| has(grant, id));
        let losing = lacking.iter().filter(|grant| going.iter().any(|id| has(grant, id)));
        let losing: BTreeSet<_> = losing.map(|grant| &grant.name).collect();
        let lost = lost.iter().filter(|id| keeps_needs && !self.said.naming.contains(id));
        let lost: BTreeSet<_> = lost.chain(going.iter().copied().filter(has_former)).collect();
        let beside: Vec<_> = lacking.iter().filter(|grant| grant.may_lose()).collect();
        let note = if !lost.is_empty() {
            Some(Note::warning("manifest", notes::lost_with_principals(&lost, &losing)))
        } else {
            (!beside.is_empty() && plan.work().next().is_some()).then(|| notes::may_have_been_theirs(&beside))
        };
        plan.notes.extend(note);
        in_order(plan);
    }

    /// Leaves out what the manifest's own plan says beside its changes.
    fn leave_known(&self, plan: &mut Plan) {
        let (stayed, notes) = self.manifest.anyway.map_or((&[][..], &[][..]), |anyway| (&anyway.stays, &anyway.notes));
        let changes = &plan.changes;
        plan.stays.retain(|stays| match self.said.naming.contains(&stays.object) {
            true => changes.iter().any(|change| change.id == stays.object),
            false => !stayed.contains(stays),
        });
        plan.notes.retain(|note| !notes.contains(note));
    }

    /// Says what isn't taken away although nothing that stays asks for it.
    fn tell(&self, plan: &mut Plan, mut asked: Vec<Asked>, given: &[Given], unreadable: &HashSet<ObjectId>) {
        let Some(anyway) = self.manifest.anyway else {
            plan.stays.extend(unreadable.iter().map(unasked::unreadable));
            plan.stays.sort();
            return;
        };
        // What an annotation gives is what its principal has, and told of that.
        asked.retain(|one| !self.said.naming.contains(&one.id));
        let unasked = unasked::stays(&asked, given, plan, self.manifest.principals, unreadable, self.sharing);
        let given = self.still_given(plan, anyway, &unasked);
        if !given.is_empty() && !self.manifest.is_told_of_others {
            plan.notes.push(Note::warning("manifest", notes::given_by_others(&given)));
        }
        plan.stays.extend(unasked);
        plan.stays.sort();
        let is_kept = |intent: &_| self.manifest.kept.contains(intent);
        plan.notes.extend(in_the_way::left_alone(plan, &anyway.in_the_way, is_kept));
    }

    /// What gives all that is revoked also once that is done, as others ask for it, too.
    fn still_given(&self, plan: &Plan, anyway: &Plan, unasked: &[Stays]) -> Vec<&'a ObjectId> {
        let sharing = self.sharing;
        let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
        // What is left of an object may be a part of what is revoked, such as a prefix.
        let is_taken = |id: &ObjectId, asked: &Attributes| {
            let left = |after: &Attributes| sharing.left_of_asked(id, after, asked).left().flatten();
            changes.get(id).is_some_and(|change| change.after.as_ref().and_then(left).is_none())
        };
        let is_unasked = |id: &ObjectId| unasked.iter().chain(&plan.stays).any(|stays| stays.object == *id);
        let is_there = |id: &ObjectId, asked: &Attributes| match anyway.changes.iter().find(|change| change.id == *id) {
            None => true,
            Some(change) => change.before.as_ref().is_some_and(|there| !sharing.lacks(id, there, asked)),
        };
        let given = sharing.revoked.iter().filter(|(id, asked)| {
            sharing.is_told(id, asked) && !is_taken(id, asked) && !is_unasked(id) && is_there(id, asked)
        });
        given.map(|(id, _)| id).collect()
    }
}

/// Whether anything is left to do: all of an object's parts may be such as stay.
fn is_to_be_done(change: &Change) -> bool {
    change.action != Action::Update || change.before != change.after
}

pub(super) fn in_order(plan: &mut Plan) {
    plan.changes.sort_by_key(|change| match change.action {
        Action::Create | Action::Update => 0,
        Action::Delete => 1,
        Action::Handoff => 2,
    });
}
