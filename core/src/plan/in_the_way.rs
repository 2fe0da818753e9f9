//! Wanted objects in whose place something is that isn't the stack's. Whoever applies is told, and nothing is done; whoever
//! only takes away goes past them: what isn't the stack's is no business of theirs.

use std::collections::BTreeMap;
use std::fmt;

use foldhash::HashSet;

use crate::contract::error::{Error, ErrorKind};
use crate::contract::object::observed::{Found, Observed};
use crate::contract::object::{Object, ObjectId, Ownership};
use crate::vocabulary::intent::IntentId;

/// How many are named of the intents that something is in the way of, and of the objects.
const NAMED: usize = 3;

/// A wanted object that something of somebody else's is in the way of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InTheWay {
    /// The wanted object.
    pub(crate) object: ObjectId,
    /// The intents for which it is wanted.
    pub(crate) because: Vec<IntentId>,
    /// What is in the way.
    pub(crate) what: String,
}

impl InTheWay {
    /// With what is said of it.
    pub(super) fn of(object: Object, error: &Error) -> Self {
        Self { object: object.id, because: object.because, what: error.message().to_owned() }
    }
}

/// Takes out of what is wanted, and out of what is there, whatever something is in the way of. Answers with the rest, and with
/// each of the others and what to say of it.
pub(super) fn taken_out(objects: Vec<Object>, observed: &mut Observed) -> (Vec<Object>, Vec<(Object, Error)>) {
    let (mut rest, mut taken) = (Vec::with_capacity(objects.len()), Vec::new());
    for object in objects {
        let conflict = observed.conflicts.remove(&object.id);
        let conflict = conflict.or_else(|| not_ours(&object, observed.objects.get(&object.id)));
        let Some(error) = conflict else {
            rest.push(object);
            continue;
        };
        observed.objects.remove(&object.id);
        let error = error.with("for", named(object.because.iter()));
        taken.push((object, error));
    }
    (rest, taken)
}

/// Even where it is just as it should be: it could not be told from ours later, and would never be taken away.
fn not_ours(object: &Object, found: Option<&Found>) -> Option<Error> {
    let is_exclusive = object.ownership == Ownership::Exclusive && object.handoff.is_none();
    found.filter(|found| !found.owned && is_exclusive)?;
    let hint = "rename the stack, or remove what is in the way; cloudgrant never takes over what it did not make";
    Some(Error::new(ErrorKind::Conflict, format!("{} exists, and is not this stack's", object.id)).hint(hint))
}

/// The intents for which something is wanted, for people.
pub(super) fn named<'a>(because: impl Iterator<Item = &'a IntentId> + Clone) -> String {
    listed(asked(because))
}

/// The first of several, and how many more there are.
pub(crate) fn listed(several: impl Iterator<Item: fmt::Display>) -> String {
    crate::text::listed::listed(several, NAMED)
}

/// Grants and registries, as people name them; bindings where there is nothing else.
pub(super) fn asked<'a>(because: impl Iterator<Item = &'a IntentId> + Clone) -> impl Iterator<Item = &'a IntentId> {
    let is_binding = |intent: &IntentId| matches!(intent, IntentId::Binding(_));
    let only_bindings = because.clone().all(is_binding);
    because.filter(move |intent| only_bindings || !is_binding(intent))
}

/// Leaves out what would be made on what isn't the stack's, or on something that would be. What is there of it stays wanted,
/// so that it isn't deleted.
pub(super) fn without_dependents(
    mut objects: Vec<Object>,
    in_the_way: &[InTheWay],
    present: &BTreeMap<ObjectId, Found>,
) -> Vec<Object> {
    let mut out: HashSet<ObjectId> = in_the_way.iter().map(|one| one.object.clone()).collect();
    let mut before = 0;
    while out.len() > before {
        before = out.len();
        objects.retain(|object| {
            let needs_one = object.depends_on.iter().any(|needed| out.contains(needed));
            let stays = present.contains_key(&object.id) || !needs_one;
            if !stays {
                out.insert(object.id.clone());
            }
            stays
        });
    }
    objects
}
