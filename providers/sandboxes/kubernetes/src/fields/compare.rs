//! What differs between two objects, field by field.

use serde_json::Value;

use super::path::{Element, Set};
use super::schema::{Type, is_empty};

/// The fields in which two objects differ.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    pub(crate) added: Set,
    pub(crate) removed: Set,
    pub(crate) modified: Set,
}

/// Compares what was with what is.
pub(crate) fn compare(of: &'static Type, before: &Value, after: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    walk(of, Some(before), Some(after), &mut Vec::new(), &mut comparison);
    comparison
}

fn walk(
    of: &'static Type,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<Element>,
    comparison: &mut Comparison,
) {
    // Of two that are empty, one may be there and one not: that is told as of a leaf.
    if of.is_leaf() || (is_empty(before) && is_empty(after)) {
        match (before, after) {
            (None, Some(_)) => comparison.added.insert(path.clone()),
            (Some(_), None) => comparison.removed.insert(path.clone()),
            (before, after) if before != after => comparison.modified.insert(path.clone()),
            _ => {}
        }
        return;
    }
    let was = before.map_or_else(Vec::new, |before| of.children(before));
    let is = after.map_or_else(Vec::new, |after| of.children(after));
    let added = is.iter().filter(|(element, _)| was.iter().all(|(known, _)| known != element));
    for (element, _) in was.iter().chain(added) {
        let Some(below) = of.below(element) else { continue };
        let find = |all: &[(Element, &'_ Value)]| all.iter().position(|(known, _)| known == element);
        path.push(element.clone());
        walk(below, find(&was).map(|at| was[at].1), find(&is).map(|at| is[at].1), path, comparison);
        path.pop();
    }
    match (before, after) {
        (None, _) => comparison.added.insert(path.clone()),
        (_, None) => comparison.removed.insert(path.clone()),
        _ => {}
    }
}
