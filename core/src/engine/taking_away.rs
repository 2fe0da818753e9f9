//! What is left of a plan that only takes away.

use std::collections::{BTreeMap, HashMap};

use crate::object::ObjectId;
use crate::plan::{Action, Change, Plan};

/// For objects that are to give what others give now: which these are.
pub(super) type Replaces = BTreeMap<ObjectId, Vec<ObjectId>>;

/// Leaves out of a plan what the baseline's plan, `anyway`, has as well, and what would be made. But what takes the
/// place of something that goes stays, with all that it needs: else who keeps a grant would lose it together with the
/// one that is taken away. `None` where the baseline can't be planned.
pub(super) fn only(plan: &mut Plan, replaces: &Replaces, anyway: Option<&Plan>) {
    let known: HashMap<_, _> =
        anyway.into_iter().flat_map(|anyway| &anyway.changes).map(|change| (&change.id, change)).collect();
    let is_known = |change: &Change| {
        known.get(&change.id).is_some_and(|other| (other.action, &other.after) == (change.action, &change.after))
    };
    let places: HashMap<_, _> = plan.changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    let is_made = |at: &usize| plan.changes[*at].action == Action::Create;
    let goes = |at: &usize| matches!(plan.changes[*at].action, Action::Update | Action::Delete);
    let known: Vec<_> = plan.changes.iter().map(is_known).collect();
    let mut stays: Vec<_> = (0..known.len()).map(|at| !is_made(&at) && !known[at]).collect();
    for (at, change) in plan.changes.iter().enumerate().filter(|(at, _)| is_made(at)) {
        let old = replaces.get(&change.id).into_iter().flatten();
        let old: Vec<_> = old.filter_map(|id| places.get(id).copied()).filter(&goes).collect();
        if old.is_empty() {
            continue;
        }
        let made = with_needs(at, |at| {
            let needs = plan.changes[at].depends_on.iter().filter_map(|id| places.get(id).copied());
            needs.filter(&is_made).collect()
        });
        // What would take the same place in the same form anyway is no part of this.
        if old.iter().chain(&made).any(|at| !known[*at]) {
            made.into_iter().chain(old).for_each(|at| stays[at] = true);
        }
    }
    let mut stays = stays.into_iter();
    plan.changes.retain(|_| stays.next().unwrap_or_default());
    let known_notes = anyway.map_or(&[][..], |anyway| &anyway.notes);
    plan.notes.retain(|note| !known_notes.contains(note));
}

/// A change and, one after the other, all that it needs.
fn with_needs(first: usize, needs: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut all = vec![first];
    let mut done = 0;
    while let Some(at) = all.get(done).copied() {
        done += 1;
        for need in needs(at) {
            if !all.contains(&need) {
                all.push(need);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::names::Stack;
    use crate::object::Ownership;

    fn id(name: &str) -> ObjectId {
        ObjectId::new("thing", name)
    }

    fn change(action: Action, name: &str, after: Value, needs: &[&str]) -> Change {
        Change {
            action,
            id: id(name),
            because: Vec::new(),
            before: None,
            after: (action != Action::Delete).then(|| after.into()),
            ownership: Ownership::Exclusive,
            depends_on: needs.iter().map(|need| id(need)).collect(),
            handoff: None,
            warning: None,
        }
    }

    fn create(name: &str, after: i32, needs: &[&str]) -> Change {
        change(Action::Create, name, json!(after), needs)
    }

    fn delete(name: &str) -> Change {
        change(Action::Delete, name, Value::Null, &[])
    }

    fn update(name: &str, after: i32) -> Change {
        change(Action::Update, name, json!(after), &[])
    }

    fn plan(changes: Vec<Change>) -> Plan {
        let stack = Stack::parse("acme").expect("a stack");
        Plan::new("fake", stack, changes, 0, Vec::new())
    }

    /// What stays of some changes, where `on/new` takes the place of `on/old`.
    fn left(changes: Vec<Change>, anyway: Option<Vec<Change>>) -> Vec<String> {
        let replaces = Replaces::from([(id("on/new"), vec![id("on/old"), id("old")])]);
        let mut plan = plan(changes);
        only(&mut plan, &replaces, anyway.map(self::plan).as_ref());
        plan.changes.into_iter().map(|change| change.id.name).collect()
    }

    #[test]
    fn nothing_is_made_and_what_is_known_is_left_alone() {
        let changes = || vec![create("new", 1, &[]), update("a", 1), update("b", 2), delete("c"), delete("d")];
        assert_eq!(left(changes(), Some(Vec::new())), ["a", "b", "c", "d"]);
        assert_eq!(left(changes(), Some(vec![update("a", 1), update("b", 1), delete("c")])), ["b", "d"]);
        assert_eq!(left(changes(), None), ["a", "b", "c", "d"]);
    }

    #[test]
    fn what_takes_the_place_of_something_that_goes_is_made_with_all_that_it_needs() {
        let changes = || {
            let on_new = create("on/new", 1, &["new", "there"]);
            vec![
                create("under", 1, &[]),
                create("new", 1, &["under"]),
                create("other", 1, &[]),
                on_new,
                delete("on/old"),
            ]
        };
        let all = ["under", "new", "on/new", "on/old"];
        assert_eq!(left(changes(), Some(Vec::new())), all);
        assert_eq!(left(changes(), None), all);
        // What it needs is wanted for something else as well.
        assert_eq!(left(changes(), Some(vec![create("under", 1, &[]), create("new", 1, &["under"])])), all);
        // It stands in for something that is only changed.
        let mut changed = changes();
        changed[4] = update("old", 1);
        assert_eq!(left(changed, Some(Vec::new())), ["under", "new", "on/new", "old"]);
    }

    #[test]
    fn what_has_nothing_to_stand_in_for_is_not_made() {
        let on_new = || create("on/new", 1, &["new"]);
        assert!(left(vec![create("new", 1, &[]), on_new()], Some(Vec::new())).is_empty());
        assert!(left(vec![create("new", 1, &[]), on_new()], None).is_empty());
        assert!(left(vec![create("on/old", 1, &[]), on_new()], Some(Vec::new())).is_empty());
    }

    #[test]
    fn what_takes_that_place_anyway_is_left_to_apply_unless_it_would_be_another() {
        let changes = |after| vec![create("new", after, &[]), create("on/new", 1, &["new"]), delete("on/old")];
        assert!(left(changes(1), Some(changes(1))).is_empty());
        // Left alone, what is there would keep what is taken away.
        assert_eq!(left(changes(1), Some(changes(2))), ["new", "on/new", "on/old"]);
    }
}
