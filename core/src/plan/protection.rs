//! What is protected, and what something else relies on: neither is touched, whatever a plan would want.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashSet, HashSetExt as _};

use crate::contract::backend::protected::Protected;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::observed::{Found, Stays};
use crate::contract::object::{Object, ObjectId};

/// Refuses a plan that touches what is protected (requirement 15).
pub(super) fn refuse_protected<'a>(
    protected: &Protected,
    hint: &str,
    touching: impl IntoIterator<Item = (&'a ObjectId, &'a Vec<String>)>,
) -> Result<()> {
    let mut refusals = Vec::new();
    let mut seen = HashSet::new();
    for (id, touches) in touching {
        for name in touches {
            if let Some(pattern) = protected.matching(name)
                && seen.insert(name)
            {
                let message = format!("{id} would change `{name}`, which is protected (`{pattern}`)");
                refusals.push(Diagnostic::new("", message).hint(hint));
            }
        }
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Manifest, "the plan would change what is protected").diagnostics(refusals))
}

/// What is protected loses nothing either (requirement 15): what would be deleted for that stays, with all that it needs,
/// and the rest can go.
pub(super) fn keep_protected(protected: &Protected, present: &mut BTreeMap<ObjectId, Found>) -> Vec<Stays> {
    let (mut kept, mut stays) = (Vec::new(), Vec::new());
    for (id, found) in &*present {
        if let Some(reason) = protection(protected, &found.touches) {
            stays.push(Stays { object: id.clone(), reason, is_empty: false });
            kept.push(id.clone());
        }
    }
    while let Some(id) = kept.pop() {
        kept.extend(present.remove(&id).into_iter().flat_map(|found| found.depends_on));
    }
    stays
}

/// What can't be deleted stays as it is. Whoever takes single grants away learns what of it goes.
pub(super) fn keep_relied_on(
    relied_on: BTreeMap<ObjectId, BTreeSet<Stays>>,
    present: &mut BTreeMap<ObjectId, Found>,
) -> Vec<Stays> {
    let kept = relied_on.into_iter().filter(|(id, _)| present.remove(id).is_some());
    kept.flat_map(|(_, stays)| stays).collect()
}

/// Leaves what touches something protected as it is. For whoever only takes away: what stays is no business of theirs, and
/// nothing refuses them the rest.
pub(super) fn leave_protected(
    protected: &Protected,
    objects: Vec<Object>,
    present: &mut BTreeMap<ObjectId, Found>,
) -> (Vec<Object>, Vec<Stays>) {
    let mut stays = Vec::new();
    let (touching, rest): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| protection(protected, &object.touches).is_some());
    for object in touching {
        let found = present.remove(&object.id).filter(|found| found.owned && found.attributes != object.attributes);
        if let (Some(_), Some(reason)) = (found, protection(protected, &object.touches)) {
            stays.push(Stays { object: object.id, reason, is_empty: false });
        }
    }
    (rest, stays)
}

fn protection(protected: &Protected, touches: &[String]) -> Option<String> {
    let (name, pattern) = touches.iter().find_map(|name| Some((name, protected.matching(name)?)))?;
    Some(format!(
        "`{name}` is protected (`{pattern}`): take it away by hand, or take the name off the protected list in the provider's \
         section and run this again"
    ))
}
