//! Which stacks there are.

use std::collections::BTreeSet;

use cloudgrant_core::{FoundStack, ObjectId, Ownership, Report, Silent};

use crate::bench::{Bench, Sketch};
use crate::fixture::Fixture;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn stacks_are_listed<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let one = bench.everything()?;
    let renamed = Sketch { stack: "acme-2", ..one.clone() };
    lists(&bench, &one, &[]).await?;
    let made = Made::by(bench.apply(&one).await?, &one);
    lists(&bench, &one, &[&made]).await?;
    let also = Made::by(bench.apply(&renamed).await?, &renamed);
    // Whoever asks, the same is there.
    lists(&bench, &one, &[&made, &also]).await?;
    lists(&bench, &renamed, &[&made, &also]).await?;
    bench.revoke(&renamed).await?;
    lists(&bench, &one, &[&made]).await?;

    let Some(section) = bench.fixture.another_home() else { return skip("the fixture has only one home") };
    let other = Sketch { section: Some(section), ..one.clone() };
    let there = Made::by(bench.apply(&other).await?, &other);
    let seen = lists(&bench, &one, &[&made, &there]).await?;
    lists(&bench, &other, &[&made, &there]).await?;
    let Some(elsewhere) = seen.iter().find(|stack| !stack.is_this) else {
        return found("none of the two homes of one name is the other one");
    };
    hold(seen.iter().filter(|stack| stack.home == elsewhere.home).count() == 1, || {
        format!("two homes are both called {}", elsewhere.home)
    })?;
    let Some(settings) = &elsewhere.settings else { return found("nothing says how to be at the other home") };
    // With these settings, the manifest of the one is the other's, and takes it back.
    let mut section = one.section.clone().unwrap_or_else(|| bench.fixture.section());
    for (key, value) in settings {
        section[key] = value.as_str().into();
    }
    let moved = Sketch { section: Some(section), ..one.clone() };
    let seen = lists(&bench, &moved, &[&made, &there]).await?;
    hold(seen.iter().any(|stack| stack.is_this && stack.home == elsewhere.home), || {
        format!("with {settings:?} the manifest isn't at home at {}", elsewhere.home)
    })?;
    bench.revoke(&moved).await?;
    lists(&bench, &one, &[&made]).await?;
    bench.revoke(&one).await?;
    lists(&bench, &one, &[]).await.map(drop)
}

/// What a run made.
struct Made {
    stack: &'static str,
    /// What is the stack's alone.
    alone: BTreeSet<ObjectId>,
    all: BTreeSet<ObjectId>,
}

impl Made {
    fn by(report: Report, sketch: &Sketch) -> Self {
        let changes = || report.applied.iter().map(|applied| &applied.change);
        let alone = changes().filter(|change| change.ownership == Ownership::Exclusive);
        let alone = alone.map(|change| change.id.clone()).collect();
        Self { stack: sketch.stack, alone, all: changes().map(|change| change.id.clone()).collect() }
    }

    fn is(&self, stack: &FoundStack) -> bool {
        stack.name.as_str() == self.stack && self.alone.is_subset(&stack.objects) && stack.objects.is_subset(&self.all)
    }
}

/// Holds what a new connection lists against what was made: each of it once, and nothing else. Of what is listed, one is
/// this manifest's if any of its name is.
async fn lists<F: Fixture>(bench: &Bench<F>, asked: &Sketch, made: &[&Made]) -> Checked<Vec<FoundStack>> {
    let before = bench.snapshot().await;
    let stacks = bench.open(asked).await?.engine().stacks(&Silent).await?;
    bench.same(&before, "after the stacks were listed").await?;
    if let Some(place) = stacks.unsearched.first() {
        return found(format!("{} was not searched: {}", place.place, place.reason));
    }
    let mut left = stacks.found.clone();
    for made in made {
        // Where two homes want the same object, the one that made less has no more than a part of what the other has.
        let exactly = left.iter().position(|stack| made.is(stack) && stack.objects == made.all);
        let Some(at) = exactly.or_else(|| left.iter().position(|stack| made.is(stack))) else {
            return found(format!("stack {} isn't listed with what it made: {:#?}", made.stack, stacks.found));
        };
        left.remove(at);
    }
    if let Some(stack) = left.first() {
        return found(format!("stack {} at {} is listed, and there is no such thing", stack.name, stack.home));
    }
    let own = stacks.found.iter().filter(|stack| stack.is_this);
    let own: Vec<_> = own.map(|stack| stack.name.as_str()).collect();
    let any = made.iter().any(|made| made.stack == asked.stack);
    hold(own == [asked.stack] || !any && own.is_empty(), || format!("{own:?} are said to be the manifest's own"))?;
    Ok(stacks.found)
}
