//! What it takes to have an object as it is wanted.

use crate::contract::object::Object;
use crate::contract::object::change::Action;
use crate::contract::object::observed::Found;

/// The change that it takes: nothing where it is so already.
pub(super) fn action(object: &Object, found: Option<&Found>) -> Option<Action> {
    match (found, &object.handoff) {
        (Some(found), _) if found.attributes == object.attributes => None,
        (_, Some(_)) => Some(Action::Handoff),
        (None, None) => Some(Action::Create),
        (Some(_), None) => Some(Action::Update),
    }
}
