//! Whose things are whose.

use std::collections::{BTreeSet, HashSet};

use cloudgrant_core::{Action, ErrorKind, Marked, ObjectId, Silent, Stack};

use super::super::bench::{Bench, Sketch, is_about, of_pair, told_by};
use super::super::fixture::PlatformFixture;
use crate::fixture::Hook;
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

const CANT_PLANT: &str = "the fixture can't plant things of others";

pub(super) async fn neighbours_survive<F: PlatformFixture>() -> Checked {
    // Neighbours that were there first.
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    if bench.fixture.plant_foreign().await == Hook::Missing {
        return skip(CANT_PLANT);
    }
    let before = bench.snapshot().await;
    let other = Sketch { variant: "-other", ..Sketch::everything() };
    for (sketch, when) in [
        (Sketch::pair(), "after the first pair was told"),
        (Sketch::everything(), "after more was asked"),
        (other.clone(), "after other principals were told"),
    ] {
        bench.apply(&sketch).await?;
        bench.kept(&before, &format!("of what others had, {when}")).await?;
    }
    bench.revoke(&other).await?;
    bench.same(&before, "after everything was revoked").await?;

    // Neighbours that came later, into what began with us.
    let bench = Bench::<F>::fresh().await;
    bench.apply(&Sketch::everything()).await?;
    let ours = bench.snapshot().await;
    if bench.fixture.plant_foreign().await == Hook::Missing {
        return skip(CANT_PLANT);
    }
    let theirs = tree::added(&ours, &bench.snapshot().await);
    bench.apply(&other).await?;
    bench.kept(&theirs, "of what others added after us, after other principals were told").await?;
    bench.revoke(&other).await?;
    bench.kept(&theirs, "of what others added after us, after everything was revoked").await
}

pub(super) async fn foreign_values_are_conflicts<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    let objects = bench.open(&sketch)?.delivered().await?.objects;
    let mut kinds = HashSet::new();
    let mut done = false;
    for object in objects.iter().filter(|object| object.handoff.is_none()) {
        // One of each kind is enough: a world for each object would be slow.
        if !kinds.insert(object.id.kind) {
            continue;
        }
        let bench = Bench::<F>::fresh().await;
        if bench.fixture.occupy(&object.id).await == Hook::Missing {
            continue;
        }
        done = true;
        refused(&bench, &sketch, &object.id, "is somebody else's").await?;
    }
    if done { Ok(()) } else { skip("the fixture can't put anything in our way") }
}

/// An object is somebody else's: there is no plan, and neither an apply nor a revoke touches it.
async fn refused<F: PlatformFixture>(bench: &Bench<F>, sketch: &Sketch, id: &ObjectId, why: &str) -> Checked {
    let before = bench.snapshot().await;
    match bench.open(sketch)?.engine().plan(&Silent).await {
        Err(error) => {
            let is_told = error.kind() == ErrorKind::Conflict && is_about(&error, id);
            hold(is_told, || format!("{id} {why}, and the error is {error:?}"))?;
        }
        Ok(plan) => {
            let what = plan.work().find(|planned| planned.id == *id).map(|planned| planned.action);
            return found(format!("{id} {why}, and the plan has {what:?} for it"));
        }
    }
    bench.same(&before, "planning wrote").await?;
    bench.revoke(sketch).await?;
    bench.same(&before, &format!("{id} {why}, and revoking everything touched it")).await
}

pub(super) async fn stacks_stay_apart<F: PlatformFixture>() -> Checked {
    // One name begins like the other: marks must be compared, not prefixes.
    let other = Sketch { stack: "acme-2", ..Sketch::of([of_pair(0, 1)]) };
    apart::<F>(("stack acme", &Sketch::pair()), ("stack acme-2", &other)).await
}

pub(super) async fn homes_stay_apart<F: PlatformFixture>() -> Checked {
    let other = Sketch { home: "another home", ..Sketch::of([of_pair(0, 1)]) };
    apart::<F>(("the first home", &Sketch::pair()), ("the other home", &other)).await
}

/// Neither does anything to what the other has told, whoever comes first; and what one has told of a pair is in the other's way.
async fn apart<F: PlatformFixture>(one: (&str, &Sketch), other: (&str, &Sketch)) -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let empty = bench.snapshot().await;
    for ((first, asked), (second, neighbour)) in [(one, other), (other, one)] {
        let made = bench.apply(neighbour).await?;
        let only_second = bench.snapshot().await;
        let plan = bench.plan(asked).await?;
        if let Some(change) = plan.work().find(|change| change.action != Action::Create) {
            return found(format!("beside {second}, {first} wants to {:?} {}", change.action, change.id));
        }
        bench.apply(asked).await?;
        bench.kept(&only_second, &format!("of {second}, after {first} was applied")).await?;
        hold(bench.plan(neighbour).await?.is_empty(), || format!("{second} has something to do because of {first}"))?;
        bench.revoke(asked).await?;
        bench.same(&only_second, &format!("after {first} was revoked beside {second}")).await?;
        let same_pair = Sketch { scopes: neighbour.scopes.clone(), variant: "-other", ..asked.clone() };
        if let Some(id) = told_by(&made).first() {
            refused(&bench, &same_pair, id, &format!("is {second}'s")).await?;
        }
        bench.revoke(neighbour).await?;
        bench.same(&empty, "after both were revoked").await?;
    }
    Ok(())
}

pub(super) async fn what_is_forgotten_is_found<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    let before = bench.snapshot().await;
    // Taken out of the manifest.
    bench.apply(&sketch).await?;
    hold(bench.snapshot().await != before, || "nothing was told".to_owned())?;
    bench.apply(&sketch.nothing()).await?;
    bench.same(&before, "after the manifest had forgotten what it asked for").await?;
    // Taken away, by a manifest that names nothing of it.
    bench.apply(&sketch).await?;
    bench.open(&sketch)?.revoked_and_forgotten().apply().await?;
    bench.same(&before, "after everything was revoked by a manifest that had forgotten it").await
}

pub(super) async fn stacks_are_listed<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let other = Sketch { stack: "acme-2", home: "another home", ..Sketch::of([of_pair(0, 1)]) };
    let both = [Sketch::pair(), other];
    let before = listed(&bench, &both[0]).await?;
    hold(before.is_empty(), || format!("nothing was told, and there are {before:?}"))?;
    for sketch in &both {
        let told: BTreeSet<_> = told_by(&bench.apply(sketch).await?).into_iter().collect();
        // Whoever asks: every stack is told.
        for asking in &both {
            let all = listed(&bench, asking).await?;
            let Ok(stack) = Stack::parse(sketch.stack) else { return found("the suite's stacks have no valid names") };
            let platform = bench.platform(asking)?;
            let mark = platform.backend().map(|backend| backend.mark(&stack, sketch.home)).unwrap_or_default();
            let its: Vec<_> = all.iter().filter(|one| one.stack == stack && one.mark == mark).collect();
            let [it] = its.as_slice() else {
                return found(format!("stack {stack} has told something, and is listed {} times: {all:?}", its.len()));
            };
            hold(it.objects == told, || format!("stack {stack} told {told:?}, and {:?} is listed", it.objects))?;
            hold(!it.remedy.is_empty(), || format!("what to do with what stack {stack} told isn't said"))?;
        }
    }
    for sketch in &both {
        bench.revoke(sketch).await?;
    }
    let after = listed(&bench, &both[0]).await?;
    hold(after.is_empty(), || format!("everything was revoked, and there are {after:?}"))
}

async fn listed<F: PlatformFixture>(bench: &Bench<F>, sketch: &Sketch) -> Checked<Vec<Marked>> {
    match bench.platform(sketch)?.backend() {
        Some(backend) => Ok(backend.marked().await?),
        None => Ok(Vec::new()),
    }
}

pub(super) async fn the_place_has_a_name<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let mut places = Vec::new();
    for sketch in [Sketch::pair(), Sketch::pair(), Sketch { stack: "acme-2", ..Sketch::domain() }] {
        let platform = bench.platform(&sketch)?;
        let Some(backend) = platform.backend() else { continue };
        let reached: Vec<_> = backend.reached().await?.into_iter().map(|place| place.name).collect();
        if reached.is_empty() {
            return skip("nothing has to be found again at a place");
        }
        for place in &reached {
            hold(!place.trim().is_empty() && !place.contains('\n'), || format!("the place `{place}` has no name"))?;
            match platform.way_to(place) {
                Some(way) => hold(way.is_set && !way.told.is_empty(), || {
                    format!("the platform writes to `{place}`, and says that its manifest leads elsewhere: {way:?}")
                })?,
                None => return found(format!("the platform writes to `{place}`, and says no way to it")),
            }
        }
        let elsewhere = platform.way_to("somewhere that no platform knows");
        hold(elsewhere.is_none(), || format!("it knows a way to somewhere that no platform knows: {elsewhere:?}"))?;
        places.push(reached.join("`, `"));
        bench.apply(&sketch).await?;
        bench.revoke(&sketch).await?;
    }
    match places.windows(2).find(|two| two[0] != two[1]) {
        Some(two) => found(format!("the place is called `{}`, and `{}` the next time", two[0], two[1])),
        None => Ok(()),
    }
}
