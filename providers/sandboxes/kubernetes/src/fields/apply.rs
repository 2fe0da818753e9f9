//! The engine: what an apply makes of an object, and what any write makes of its managers' fields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::compare;
use super::managers::Manager;
use super::merge::merge;
use super::path::{Path, Set, by_level};
use super::remove::remove;
use super::schema::Type;
use super::sets::field_set;

/// The fields of each manager.
pub(crate) type Fields = BTreeMap<Manager, Set>;

/// Fields that others manage, each with its manager.
pub(crate) type Conflicts = Vec<(Manager, Path)>;

/// Applies a configuration for a manager. Gives the object, or nothing where it is as it was.
///
/// # Errors
/// What others manage and would change, unless the apply is forced.
pub(crate) fn apply(
    of: &'static Type,
    live: &Value,
    applied: &Value,
    fields: &mut Fields,
    manager: &Manager,
    force: bool,
) -> Result<Option<Value>, Conflicts> {
    let merged = merge(of, live, applied);
    let last = fields.insert(manager.clone(), field_set(of, applied));
    let new = prune(of, merged, fields, last.as_ref());
    settle(of, live, &new, fields, manager, force)?;
    Ok((*live != new).then_some(new))
}

/// Notes that a manager made one object of another.
pub(crate) fn update(of: &'static Type, live: &Value, new: &Value, fields: &mut Fields, manager: &Manager) {
    // Forced: an update takes over what it changes.
    let Ok(comparison) = settle(of, live, new, fields, manager, true) else { return };
    let own = fields.remove(manager).unwrap_or_default();
    let own = own.difference(&comparison.removed).union(&comparison.modified).union(&comparison.added);
    if !own.is_empty() {
        fields.insert(manager.clone(), own);
    }
}

/// Takes away what the manager applied before and no longer applies, unless somebody else manages it.
fn prune(of: &'static Type, merged: Value, fields: &Fields, last: Option<&Set>) -> Value {
    let Some(last) = last.filter(|last| !last.is_empty()) else { return merged };
    let named = |set: &Set| set.with_named_fields(of);
    let last = named(last);
    let all = named(&field_set(of, &merged));
    let managed = fields.values().fold(Set::default(), |all, set| all.union(set));
    // Without all of the last; then again with what is managed by anybody, this apply included; then again with what
    // wasn't among the last.
    let pruned = remove(of, &merged, &last);
    let kept = named(&field_set(of, &pruned)).union(&named(&managed));
    let pruned = remove(of, &merged, &all.difference(&kept));
    let kept = named(&field_set(of, &pruned));
    remove(of, &merged, &all.difference(&kept).intersection(&last))
}

/// Finds conflicts, and takes from all other managers what was changed or removed.
fn settle(
    of: &'static Type,
    live: &Value,
    new: &Value,
    fields: &mut Fields,
    manager: &Manager,
    force: bool,
) -> Result<super::compare::Comparison, Conflicts> {
    let comparison = compare(of, live, new);
    let changed = comparison.modified.union(&comparison.added);
    let mut conflicts = Conflicts::new();
    for (other, set) in fields.iter().filter(|(other, _)| *other != manager) {
        let mut paths: Vec<Path> = set.intersection(&changed).paths().cloned().collect();
        paths.sort_by(by_level);
        conflicts.extend(paths.into_iter().map(|path| (other.clone(), path)));
    }
    if !force && !conflicts.is_empty() {
        return Err(conflicts);
    }
    for (other, set) in fields.iter_mut() {
        if other != manager {
            *set = set.difference(&changed).difference(&comparison.removed);
        }
    }
    fields.retain(|_, set| !set.is_empty());
    Ok(comparison)
}
