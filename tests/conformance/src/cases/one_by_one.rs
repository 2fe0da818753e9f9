//! Grants that are revoked with no apply in between: what an earlier revoke took is in the manifest and not in the cloud, and so is
//! what was edited.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Access as AccessLevel, Level, Scope};

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
        let others = (0..order.len()).map(|at| [&order[..at], &order[at + 1..]].concat());
        let each = (0..order.len()).flat_map(|at| [order[at..].to_vec(), vec![order[at]]]);
        for some in each.chain(others).map(|some| sorted(&some)) {
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

/// A grant: its name, its scope, and what it gives.
type Grant<'a> = (&'a str, &'a Scope, (usize, AccessLevel));

/// What was done to the manifest since, and the grant that is revoked then.
struct Edited<'a> {
    what: &'static str,
    has: Vec<Grant<'a>>,
    revoked: &'a str,
}

pub(super) async fn revokes_beside_edits_take_or_tell<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let Some(empty) = access(&bench).await else { return skip("the fixture doesn't say who may do what") };
    let scopes = bench.scopes();
    let (Some(wide), Some(narrow)) = (scopes.first(), scopes.last()) else { return skip("there is no scope") };
    let reaches: Vec<_> = (0..bench.resources.len()).filter_map(|at| bench.reach(at)).collect();
    let [one, other, ..] = reaches[..] else { return skip("there are fewer than two resources") };
    let (a, b, c) = (("a", narrow, one), ("b", narrow, other), ("c", wide, one));
    let edits = [
        Edited { what: "it was renamed", has: vec![("a2", narrow, one), b, c], revoked: "a2" },
        Edited { what: "another one was renamed", has: vec![("a2", narrow, one), b, c], revoked: "b" },
        Edited { what: "another one was moved", has: vec![a, ("b", wide, other), c], revoked: "a" },
        Edited { what: "a wider one was moved", has: vec![a, b, ("c", narrow, one)], revoked: "b" },
        Edited { what: "another one was taken out", has: vec![a, b], revoked: "b" },
        Edited { what: "another one gives something else", has: vec![a, b, ("c", wide, other)], revoked: "a" },
        Edited { what: "it gives something else itself", has: vec![a, ("b", narrow, one), c], revoked: "b" },
        Edited { what: "there is a new one", has: vec![a, b, c, ("d", wide, other)], revoked: "b" },
    ];
    for edited in edits {
        beside_edits(&bench, &[a, b, c], &edited, &empty).await?;
    }
    Ok(())
}

fn granting(grants: &[Grant<'_>]) -> Sketch {
    grants.iter().fold(Sketch::new(), |sketch, (name, scope, reach)| sketch.grant(name, scope, &[*reach]))
}

/// What grants come to by themselves.
async fn by_themselves<F: Fixture>(bench: &Bench<F>, grants: &[Grant<'_>]) -> Checked<Access> {
    let sketch = granting(grants);
    if !sketch.is_empty() {
        bench.apply(&sketch).await?;
    }
    let given = access(bench).await.unwrap_or_default();
    if !sketch.is_empty() {
        bench.revoke(&sketch).await?;
    }
    Ok(given)
}

async fn beside_edits<F: Fixture>(bench: &Bench<F>, had: &[Grant<'_>], edited: &Edited<'_>, empty: &Access) -> Checked {
    let Edited { what, has, revoked } = edited;
    let kept: Vec<_> = has.iter().filter(|(name, ..)| name != revoked).copied().collect();
    let same: Vec<_> = kept.iter().filter(|grant| had.contains(grant)).copied().collect();
    let formerly: Vec<_> = had.iter().filter(|(name, ..)| kept.iter().any(|kept| kept.0 == *name)).copied().collect();
    let its: Vec<_> = had.iter().chain(has).filter(|(name, ..)| name == revoked).copied().collect();
    let (asked, same) = (by_themselves(bench, &kept).await?, by_themselves(bench, &same).await?);
    let formerly = by_themselves(bench, &formerly).await?;
    let its = by_themselves(bench, &its[its.len().saturating_sub(1)..]).await?;

    bench.apply(&granting(had)).await?;
    let before = access(bench).await.unwrap_or_default();
    let whole = bench.read(&granting(has))?.0;
    let run = bench.open(&granting(&kept)).await?.revoking_the_rest_of(&whole);
    let plan = run.plan().await?;
    run.apply().await?;
    let left = access(bench).await.unwrap_or_default();
    if let Some(given) = left.difference(&before).next() {
        return found(format!("where {what}, revoking {revoked} gave something that was not there: {given}"));
    }
    if let Some(lost) = same.difference(&left).next() {
        return found(format!("where {what}, revoking {revoked} took from who was not edited: {lost}"));
    }
    // What a grant that stays had before it was edited is for an apply, unless it is the same as what is revoked.
    let is_theirs = |one: &String| formerly.contains(one) && !its.contains(one);
    let unasked: Vec<_> = left.difference(&asked).filter(|one| !empty.contains(*one) && !is_theirs(one)).collect();
    hold(unasked.is_empty() || !plan.stays.is_empty(), || {
        format!("where {what}, revoking {revoked} leaves, and tells nothing of it: {unasked:?}")
    })?;
    bench.revoke(&granting(has)).await?;
    let left = access(bench).await.unwrap_or_default();
    hold(left == *empty, || format!("where {what}, after everything was revoked, this is left: {left:?}"))
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
    // What others ask for as well and was told to stay.
    let mut told = Access::new();
    let of = |some: &[usize]| alone.get(&sorted(some)).cloned().unwrap_or_default();
    for (at, next) in order.iter().enumerate() {
        let name = &all[*next].0;
        let others: Vec<_> = sorted(order).into_iter().filter(|other| other != next).collect();
        let whole = bench.read(&everything)?.0;
        let run = bench.open(&sketch(all, &others)).await?.revoking_the_rest_of(&whole);
        let plan = run.plan().await?;
        if plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("revoke --all")) {
            told.extend(of(&[*next]).intersection(&of(&others)).cloned());
        }
        run.apply().await?;
        let has = access(bench).await.unwrap_or_default();
        if let Some(given) = has.difference(&had).next() {
            return found(format!("revoking {name} gave something that was not there: {given}"));
        }
        let left = sorted(&order[at + 1..]);
        let asked = of(&left);
        if let Some(lost) = asked.difference(&has).next() {
            return found(format!("revoking {name} took from the others: {lost}"));
        }
        let left: Vec<_> = has.difference(&asked).filter(|one| !empty.contains(*one) && !told.contains(*one)).collect();
        hold(left.is_empty(), || format!("after {name} was revoked, one by one, this is left: {left:?}"))?;
        had = has;
    }
    bench.revoke(&everything).await?;
    let left = access(bench).await.unwrap_or_default();
    hold(left == *empty, || format!("after everything was revoked, this is left: {left:?}"))
}
