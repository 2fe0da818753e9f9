//! Grants that are revoked one after the other, with no apply in between: what an earlier revoke took is in the manifest, and
//! not in the cloud.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::Level;

use crate::bench::{Bench, Sketch};
use crate::fixture::Fixture;
use crate::verdict::{Checked, found, hold, skip};

/// How many grants each scope has.
const EACH: usize = 3;

type Access = BTreeSet<String>;

pub(super) async fn revokes_in_turn_leave_nothing<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let Some(before) = access(&bench).await else { return skip("the fixture doesn't say who may do what") };
    let all = grants(&bench);
    if all.len() < 2 {
        return skip("there are fewer than two resources, and fewer than two scopes");
    }
    let mut alone = BTreeMap::new();
    for order in orders(all.len()) {
        for left in (0..order.len()).flat_map(|at| [&order[at..], &order[at..=at]]) {
            let some = sorted(left);
            if let Entry::Vacant(entry) = alone.entry(some) {
                let sketch = sketch(&all, entry.key());
                bench.apply(&sketch).await?;
                entry.insert(access(&bench).await.unwrap_or_default());
                bench.revoke(&sketch).await?;
            }
        }
        one_by_one(&bench, &all, &order, &alone, &before).await?;
    }
    Ok(())
}

/// At the widest and at the narrowest scope, the same.
fn grants<F: Fixture>(bench: &Bench<F>) -> Vec<(String, Sketch)> {
    let scopes = bench.scopes();
    let mut ends: Vec<_> = scopes.first().into_iter().chain(scopes.last()).collect();
    ends.dedup();
    let reaches = (0..bench.resources.len()).filter_map(|at| bench.reach(at));
    // Those of one kind first: they may share something.
    let first = bench.resources.first().map(|(_, kind)| *kind);
    let mut reaches: Vec<_> = reaches.collect();
    reaches.sort_by_key(|(at, _)| (Some(bench.resources[*at].1) != first, *at));
    reaches.truncate(EACH);
    let each = ends.into_iter().flat_map(|scope| {
        reaches.iter().map(move |reach| {
            let name = format!("{}-{}", scope.kind(), reach.0);
            (name.clone(), Sketch::new().grant(&name, scope, &[*reach]))
        })
    });
    each.collect()
}

fn sketch(all: &[(String, Sketch)], some: &[usize]) -> Sketch {
    let grants = some.iter().flat_map(|at| all[*at].1.grants.clone()).collect();
    Sketch { grants, ..Sketch::new() }
}

fn sorted(some: &[usize]) -> Vec<usize> {
    let mut some = some.to_vec();
    some.sort_unstable();
    some
}

/// Forwards, backwards, and one scope's in turn with the other's.
fn orders(many: usize) -> Vec<Vec<usize>> {
    let forwards: Vec<_> = (0..many).collect();
    let backwards: Vec<_> = forwards.iter().rev().copied().collect();
    let half = many / 2;
    let in_turn: Vec<_> = (0..half).flat_map(|at| [at, at + half]).chain(2 * half..many).collect();
    let against: Vec<_> =
        (0..half).flat_map(|at| [many - 1 - at, at]).chain((half..many - half).take(many % 2)).collect();
    vec![forwards, backwards, in_turn, against]
}

async fn access<F: Fixture>(bench: &Bench<F>) -> Option<Access> {
    bench.fixture.access(&bench.snapshot().await)
}

async fn one_by_one<F: Fixture>(
    bench: &Bench<F>,
    all: &[(String, Sketch)],
    order: &[usize],
    alone: &BTreeMap<Vec<usize>, Access>,
    empty: &Access,
) -> Checked {
    let everything = sketch(all, &sorted(order));
    bench.apply(&everything).await?;
    let mut had = access(bench).await.unwrap_or_default();
    // What was told to stay.
    let mut told = Access::new();
    for (at, next) in order.iter().enumerate() {
        let name = &all[*next].0;
        let others: Vec<_> = sorted(order).into_iter().filter(|other| other != next).collect();
        let whole = bench.read(&everything)?.0;
        let run = bench.open(&sketch(all, &others)).await?.revoking_the_rest_of(&whole);
        let plan = run.plan().await?;
        if plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("revoke --all")) {
            told.extend(alone.get(&vec![*next]).cloned().unwrap_or_default());
        }
        run.apply().await?;
        let has = access(bench).await.unwrap_or_default();
        if let Some(given) = has.difference(&had).next() {
            return found(format!("revoking {name} gave something that was not there: {given}"));
        }
        let left = sorted(&order[at + 1..]);
        if let Some(lost) = alone.get(&left).and_then(|alone| alone.difference(&has).next()) {
            return found(format!("revoking {name} took from the others: {lost}"));
        }
        had = has;
    }
    let left: Vec<_> = had.iter().filter(|one| !empty.contains(*one) && !told.contains(*one)).collect();
    hold(left.is_empty(), || format!("after all grants were revoked, one by one, this is left: {left:?}"))?;
    bench.revoke(&everything).await?;
    let left = access(bench).await.unwrap_or_default();
    hold(left == *empty, || format!("after everything was revoked, this is left: {left:?}"))
}
