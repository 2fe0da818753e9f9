//! A plan as a whole.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::{Broken, Stays, Unsearched, Widening};
use crate::plan::confirmation::{Confirmation, Mark};
use crate::plan::in_the_way::InTheWay;
use crate::plan::look::Look;
use crate::plan::refusal::Refusal;
use crate::plan::summary::Summary;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::names::Stack;
use crate::vocabulary::note::Note;

/// What would change. Made by [`crate::Engine::plan`], and only worth something once approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The provider that would do it.
    pub provider: &'static str,
    /// The stack.
    pub stack: Stack,
    /// The changes: creations and updates in dependency order, then deletions, then handoffs.
    pub changes: Vec<Change>,
    /// How many wanted objects are as they should be.
    pub unchanged: usize,
    /// What a reader should know.
    pub notes: Vec<Note>,
    /// Places where something of the stack may be, and which could not be searched.
    pub unsearched: Vec<Unsearched>,
    /// Of these places: the intents that name something there, as far as that is known; where grants are taken away, of those
    /// that are.
    pub unsearched_for: BTreeMap<String, BTreeSet<IntentId>>,
    /// What others added to the stack's own objects and widens them: no run takes it away.
    pub widened: Vec<Widening>,
    /// What wanted objects that are as they should be need and isn't there: they give nothing, and no run mends that.
    pub broken: Vec<Broken>,
    /// What nothing wants any more and what can't go: what it gives stays given.
    pub stays: Vec<Stays>,
    /// Where grants are taken away: what the objects were for that go.
    pub served: BTreeMap<ObjectId, Vec<IntentId>>,
    /// Where grants are taken away: what the manifest names and nothing has to exist for, as a registry that is reachable as
    /// it is.
    pub idle: Vec<IntentId>,
    /// The wanted handoffs that somebody confirmed in just the form in which they are wanted. They aren't among the changes.
    pub confirmed: Vec<Confirmation>,
    /// The marks of confirmed handoffs, whatever became of these.
    pub(crate) marks: BTreeMap<ObjectId, Mark>,
    /// [`Observed::unique_ids`](crate::Observed::unique_ids), of what handoffs name.
    pub(crate) unique_ids: BTreeMap<String, String>,
    /// Where grants are taken away: what is wanted and left alone, as something of somebody else's is in its place.
    pub(crate) in_the_way: Vec<InTheWay>,
    /// Where the plan is only shown, and none to be applied: why an apply would be refused.
    pub refusal: Option<Refusal>,
    /// Whether what there is could be held against what is wanted. Otherwise only what others added was looked for
    /// ([`Provider::widened`](crate::Provider::widened)), and no changes say nothing.
    pub is_compared: bool,
    /// What goes although it is known that the caller may not delete it: the attempt fails, and the rest goes.
    pub undeletable: BTreeSet<ObjectId>,
    /// Which look at the cloud it comes from.
    pub(crate) look: Look,
}

impl Plan {
    /// A plan that comes from no look at the cloud.
    pub fn new(provider: &'static str, stack: Stack, changes: Vec<Change>, unchanged: usize, notes: Vec<Note>) -> Self {
        Self {
            provider,
            stack,
            changes,
            unchanged,
            notes,
            unsearched: Vec::new(),
            unsearched_for: BTreeMap::new(),
            widened: Vec::new(),
            broken: Vec::new(),
            stays: Vec::new(),
            served: BTreeMap::new(),
            idle: Vec::new(),
            confirmed: Vec::new(),
            marks: BTreeMap::new(),
            unique_ids: BTreeMap::new(),
            in_the_way: Vec::new(),
            refusal: None,
            is_compared: true,
            undeletable: BTreeSet::new(),
            look: Look::default(),
        }
    }

    /// Whether everything that there is goes, and nothing stays or comes.
    pub(crate) fn only_deletes(&self) -> bool {
        let Summary { create, update, delete, handoff: _, unchanged } = self.summary();
        let is_wanted = |change: &Change| change.handoff.as_ref().is_some_and(|handoff| !handoff.takes_back);
        let handoffs = self.changes.iter().filter(|change| is_wanted(change)).count() + self.confirmed.len();
        delete > 0 && [create, update, handoffs, unchanged] == [0; 4]
    }

    /// Those of the objects that it deletes.
    pub(crate) fn deleted_of(&self, objects: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
        let deleted = self.work().filter(|change| change.action == Action::Delete).map(|change| &change.id);
        deleted.filter(|id| objects.contains(id)).cloned().collect()
    }

    /// What it says first where it deletes and the manifest has no grants: [`TAKES_ALL_AWAY`](crate::TAKES_ALL_AWAY), or
    /// [`DELETES_WITHOUT_GRANTS`](crate::DELETES_WITHOUT_GRANTS).
    pub fn deletes_without_grants(&self) -> Option<&Note> {
        self.notes.iter().find(|note| note.is_of_no_grants())
    }

    /// Whether somebody confirmed a handoff of an object, in whatever form.
    pub(crate) fn has_mark_of(&self, object: &ObjectId) -> bool {
        self.marks.values().any(|mark| mark.of.as_ref() == Some(object))
    }

    /// How many changes of each kind.
    pub fn summary(&self) -> Summary {
        Summary { unchanged: self.unchanged, ..Summary::of(&self.changes) }
    }

    /// The changes that the engine would carry out: all but the handoffs.
    pub fn work(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.action != Action::Handoff)
    }

    /// Whether the cloud is not as the manifest says, or nobody can tell: something is to do, somebody widened what the stack
    /// made, something stays that nothing wants any more, what is there needs something that is gone, or a place where something
    /// of the stack may be wasn't searched. Handoffs don't count.
    pub fn has_drift(&self) -> bool {
        let Self { widened, broken, stays, unsearched, .. } = self;
        !(self.is_empty() && widened.is_empty() && broken.is_empty() && stays.is_empty() && unsearched.is_empty())
    }

    /// Whether the engine would have nothing to do. Handoffs may be left.
    pub fn is_empty(&self) -> bool {
        self.work().next().is_none()
    }
}
