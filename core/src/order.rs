//! Dependency order.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::object::ObjectId;
use crate::plan::Change;

/// For each change, the places in the list of those that it needs. What isn't in the list is there already.
pub(crate) fn needs(changes: &[Change]) -> Vec<Vec<usize>> {
    let places: HashMap<&ObjectId, usize> = changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    changes
        .iter()
        .map(|change| {
            let mut needs: Vec<_> = change.depends_on.iter().filter_map(|id| places.get(id).copied()).collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        })
        .collect()
}

/// Sorts changes so that each comes after what it needs, and otherwise as they came (Kahn's algorithm, by waves).
pub(crate) fn by_dependency(provider: &str, changes: Vec<Change>) -> Result<Vec<Change>> {
    let needs = needs(&changes);
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); changes.len()];
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            needed_by[*need].push(at);
        }
    }
    let mut wave: Vec<usize> = (0..changes.len()).filter(|at| missing[*at] == 0).collect();
    let mut order = Vec::with_capacity(changes.len());
    while !wave.is_empty() {
        let mut next = Vec::new();
        for at in wave {
            order.push(at);
            for dependent in &needed_by[at] {
                missing[*dependent] -= 1;
                if missing[*dependent] == 0 {
                    next.push(*dependent);
                }
            }
        }
        next.sort_unstable();
        wave = next;
    }
    if order.len() < changes.len() {
        let stuck = missing.iter().position(|count| *count > 0).map(|at| changes[at].id.to_string());
        let what = format!("{} depends on itself in a circle", stuck.unwrap_or_default());
        return Err(Error::provider_bug(provider, what));
    }
    let mut slots: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| slots[at].take()).collect())
}
