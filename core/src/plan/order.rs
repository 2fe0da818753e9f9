//! Dependency order.

use foldhash::HashMap;

use crate::contract::error::{Error, Result};
use crate::contract::object::ObjectId;
use crate::contract::object::change::Change;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::error::ErrorKind;
    use crate::contract::object::Ownership;
    use crate::contract::object::change::Action;

    fn change(name: &str, needs: &[&str]) -> Change {
        Change {
            action: Action::Create,
            id: ObjectId::new("thing", name),
            because: Vec::new(),
            before: None,
            after: None,
            known_after_apply: Vec::new(),
            ownership: Ownership::Exclusive,
            depends_on: needs.iter().map(|need| ObjectId::new("thing", *need)).collect(),
            handoff: None,
            warning: None,
        }
    }

    fn sorted(changes: Vec<Change>) -> Vec<String> {
        by_dependency("fake", changes).expect("no circle").into_iter().map(|change| change.id.name).collect()
    }

    #[test]
    fn each_comes_after_what_it_needs_and_otherwise_as_it_came() {
        let changes = vec![change("c", &["b", "a"]), change("x", &[]), change("b", &["a"]), change("a", &[])];
        assert_eq!(sorted(changes), ["x", "a", "b", "c"]);
    }

    #[test]
    fn what_is_not_in_the_list_is_there_already() {
        assert_eq!(sorted(vec![change("a", &["elsewhere"])]), ["a"]);
        assert_eq!(needs(&[change("a", &["elsewhere", "b", "b"]), change("b", &[])]), [vec![1], vec![]]);
    }

    #[test]
    fn a_circle_is_a_bug_of_the_provider_and_is_named() {
        for changes in [
            vec![change("a", &["a"])],
            vec![change("x", &[]), change("a", &["b"]), change("b", &["c"]), change("c", &["a"])],
        ] {
            let error = by_dependency("fake", changes).expect_err("a circle");
            assert_eq!(error.kind(), ErrorKind::ProviderBug);
            assert!(error.message().contains("thing a depends on itself in a circle"), "{error}");
        }
    }

    #[test]
    fn ten_thousand_in_a_row_are_sorted() {
        let names: Vec<_> = (0..10_000).map(|at| at.to_string()).collect();
        let mut changes: Vec<_> = names.windows(2).map(|pair| change(&pair[0], &[&pair[1]])).collect();
        changes.push(change(&names[names.len() - 1], &[]));
        let sorted = sorted(changes);
        assert_eq!(sorted.first(), names.last());
        assert_eq!(sorted.len(), names.len());
    }
}
