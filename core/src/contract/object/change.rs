//! Changes: what a provider is told to do to one object.

use serde::Serialize;
use serde_json::Value;

use crate::contract::object::Ownership;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::handoff::Handoff;
use crate::contract::object::id::ObjectId;
use crate::contract::object::reference::Outputs;
use crate::contract::object::reference::Reference;
use crate::vocabulary::intent::IntentId;

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes an object.
    Create,
    /// Changes an object that is there.
    Update,
    /// Removes an object that nothing wants any more.
    Delete,
    /// Asks somebody else.
    Handoff,
}

/// One change to one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it does.
    pub action: Action,
    /// To which object.
    pub id: ObjectId,
    /// For which intents; empty when nothing wants the object any more.
    pub because: Vec<IntentId>,
    /// What is there.
    pub before: Option<Attributes>,
    /// What will be there.
    pub after: Option<Attributes>,
    /// Of what will be there, what is known only once another object was made. Empty in what a backend is told to do.
    pub known_after_apply: Vec<Reference>,
    /// Whose the object is.
    pub ownership: Ownership,
    /// The objects that it needs: made before it, removed after it.
    pub depends_on: Vec<ObjectId>,
    /// Set for [`Action::Handoff`].
    pub handoff: Option<Handoff>,
    /// What a reader should know before approving.
    pub warning: Option<String>,
}

impl Change {
    /// What is there and what will be there, as trees, for people: what isn't known yet says so.
    pub fn trees(&self) -> [Option<Value>; 2] {
        let [before, mut after] =
            [&self.before, &self.after].map(|attributes| attributes.as_ref().map(Attributes::value));
        for reference in &self.known_after_apply {
            if let Some(place) = after.as_mut().and_then(|after| after.pointer_mut(&reference.pointer)) {
                *place = format!("(known after apply: {} of {})", reference.output, reference.object).into();
            }
        }
        [before, after]
    }

    /// The same with what is known by now; `None` where all of it was known.
    ///
    /// # Errors
    /// What isn't known yet.
    pub(crate) fn resolved(&self, outputs: &Outputs) -> Option<Result<Self, Reference>> {
        if self.known_after_apply.is_empty() {
            return None;
        }
        let mut change = self.clone();
        let references = std::mem::take(&mut change.known_after_apply);
        let unknown = match &mut change.after {
            Some(after) => after.resolve(references, outputs),
            None => references,
        };
        Some(match unknown.into_iter().next() {
            Some(reference) => Err(reference),
            None => Ok(change),
        })
    }
}

/// One change of an approved plan: the only thing that a provider's `apply` takes.
#[derive(Debug, Clone, Copy)]
pub struct Approved<'a>(&'a Change);

impl<'a> Approved<'a> {
    /// Only an [`ApprovedPlan`](crate::ApprovedPlan) makes one, of its own changes.
    pub(crate) fn of(change: &'a Change) -> Self {
        Self(change)
    }

    /// The change.
    pub fn change(&self) -> &'a Change {
        self.0
    }
}
