//! From principals to the world and back, undisturbed and disturbed.

use std::collections::HashSet;

use cloudgrant_core::{Action, Cancel, ErrorKind, Plan, Scope, Silent};

use super::super::bench::{Bench, Run, Sketch, all_pairs, is_about, told, told_by};
use super::super::fixture::PlatformFixture;
use super::super::spy;
use crate::fixture::Hook;
use crate::spy::StopAfter;
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn observing_never_writes<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    let run = bench.open(&sketch)?;
    unchanged_by_planning(&bench, &run, "in an empty world").await?;
    let made = bench.apply(&sketch).await?;
    unchanged_by_planning(&bench, &run, "in a world where everything is told").await?;
    for id in told_by(&made) {
        // Without the hook, less is tried.
        let _ = bench.fixture.tamper(&id).await;
    }
    unchanged_by_planning(&bench, &run, "in a world that somebody edited").await?;
    unchanged_by_planning(&bench, &run.revoked(), "when everything is to be revoked").await
}

async fn unchanged_by_planning<F: PlatformFixture>(bench: &Bench<F>, run: &Run, when: &str) -> Checked {
    let (before, writes) = (bench.snapshot().await, bench.writes().await);
    // Somebody's edit may be in the way of a plan: that is another case's.
    let _ = run.engine().plan(&Silent).await;
    let _ = run.engine().only_looking().plan(&Silent).await;
    bench.same(&before, &format!("planning wrote, {when}")).await?;
    hold(bench.writes().await == writes, || format!("planning sent writing requests, {when}"))
}

pub(super) async fn applied_is_settled<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let sketch = Sketch::everything();
    let made = bench.apply(&sketch).await?;
    let is_told = bench.need_backend().is_err() || !told_by(&made).is_empty();
    hold(is_told, || "applying told the platform nothing".to_owned())?;
    // A new connection: nothing may be remembered but by the world.
    settled(&bench.plan(&sketch).await?, "right after an apply")
}

fn settled(plan: &Plan, when: &str) -> Checked {
    match plan.work().next() {
        Some(change) => {
            let [before, after] = change.trees().map(Option::unwrap_or_default);
            let how = tree::difference(&before, &after).unwrap_or_default();
            found(format!("{when}, a plan wants to {:?} {}: {how}", change.action, change.id))
        }
        None => Ok(()),
    }
}

/// What pods of each pair run under, as the world says.
async fn in_force<F: PlatformFixture>(bench: &Bench<F>) -> Vec<Option<String>> {
    let mut all = Vec::new();
    for pair in all_pairs() {
        all.push(bench.fixture.runs_under(&pair).await);
    }
    all
}

pub(super) async fn told_values_hold<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let before = in_force(&bench).await;
    if before.iter().all(Option::is_none) {
        return skip("the fixture can't tell under what pods run");
    }
    for sketch in [Sketch::pair(), Sketch::everything()] {
        bench.apply(&sketch).await?;
        let run = bench.open(&sketch)?;
        let principals = run.principals().await?;
        let now = in_force(&bench).await;
        for ((pair, before), now) in all_pairs().iter().zip(&before).zip(now) {
            let serves = |scope: &&Scope| {
                principals.iter().any(|one| one.scope == **scope && one.serves.iter().any(|(served, _)| served == pair))
            };
            let scope = sketch.scopes.iter().find(serves);
            let wanted = scope.map(|scope| bench.fixture.told(&bench.value(&sketch, scope))).or_else(|| before.clone());
            hold(now == wanted, || format!("pods of {pair} run under {now:?} where {wanted:?} was told"))?;
        }
        bench.revoke(&sketch).await?;
        let now = in_force(&bench).await;
        hold(now == before, || format!("after a revoke, pods run under {now:?}, and under {before:?} before"))?;
    }
    Ok(())
}

pub(super) async fn changes_can_be_made_twice<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let (sketch, other) = (Sketch::everything(), Sketch { variant: "-other", ..Sketch::everything() });
    let empty = bench.snapshot().await;
    bench.apply(&sketch).await?;
    let once = bench.snapshot().await;
    bench.apply(&other).await?;
    let updated = bench.snapshot().await;
    bench.revoke(&other).await?;
    bench.same(&empty, "revoking left something").await?;

    twice(bench.open(&sketch)?).await?;
    bench.same(&once, "each creation made twice gives another world than once").await?;
    twice(bench.open(&other)?).await?;
    bench.same(&updated, "each update made twice gives another world than once").await?;
    twice(bench.open(&other)?.revoked()).await?;
    bench.same(&empty, "each deletion made twice gives another world than once").await
}

async fn twice(run: Run) -> Checked {
    let platform = spy::twice(run.platform.clone());
    run.through(platform).apply().await?;
    Ok(())
}

pub(super) async fn interruptions_are_mended<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::domain();
    let empty = bench.snapshot().await;
    let steps = bench.apply(&sketch).await?.applied.len();
    let whole = bench.snapshot().await;
    let back = bench.revoke(&sketch).await?.applied.len();
    bench.same(&empty, "revoking left something").await?;
    for stop in 0..steps {
        interrupted(bench.open(&sketch)?, stop).await?;
        bench.apply(&sketch).await?;
        bench.same(&whole, &format!("an apply stopped after {stop} of {steps} changes and run again")).await?;
        bench.revoke(&sketch).await?;
        bench.same(&empty, &format!("an apply stopped after {stop} of {steps} changes, run again and revoked")).await?;
    }
    for stop in 0..back {
        bench.apply(&sketch).await?;
        interrupted(bench.open(&sketch)?.revoked(), stop).await?;
        bench.revoke(&sketch).await?;
        bench.same(&empty, &format!("a revocation stopped after {stop} of {back} changes and run again")).await?;
    }
    Ok(())
}

/// One change at a time, and then no more: what a crash between two changes leaves.
async fn interrupted(mut run: Run, after: usize) -> Checked {
    run.settings.concurrency = 1;
    let cancel = Cancel::default();
    let report = run.attempt(&StopAfter::new(after, &cancel), &cancel).await?;
    match report.failed.first() {
        Some(failed) => found(format!("{} fails after {after} changes: {:?}", failed.change.id, failed.error)),
        None => Ok(()),
    }
}

pub(super) async fn edits_are_mended_or_told<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::domain();
    let mut done = false;
    let mut kinds = HashSet::new();
    for id in told_by(&bench.apply(&sketch).await?) {
        // One of each kind is enough: a world for each object would be slow.
        if !kinds.insert(id.kind) {
            continue;
        }
        let bench = Bench::<F>::fresh().await;
        bench.apply(&sketch).await?;
        let whole = bench.snapshot().await;
        if bench.fixture.tamper(&id).await == Hook::Missing {
            continue;
        }
        done = true;
        let edit = tree::added(&whole, &bench.snapshot().await);
        let look = bench.open(&sketch)?.engine().only_looking().plan(&Silent).await?;
        hold(look.has_drift(), || format!("{id} was edited, and whoever looks sees no drift"))?;
        let is_mended = match bench.open(&sketch)?.engine().plan(&Silent).await {
            Ok(plan) => match told(&plan).as_slice() {
                [change] if change.id == id && change.action != Action::Delete => {
                    hold(change.before.is_some(), || format!("{id} was edited, and the plan doesn't show how"))?;
                    true
                }
                [] => return found(format!("{id} was edited, and the plan is empty")),
                others => {
                    let others: Vec<_> = others.iter().map(|change| (change.action, change.id.to_string())).collect();
                    return found(format!("{id} was edited, and the plan is {others:?}"));
                }
            },
            Err(error) => {
                let is_told = error.kind() == ErrorKind::Conflict && is_about(&error, &id);
                hold(is_told, || format!("{id} was edited, and the error doesn't say so: {error:?}"))?;
                false
            }
        };
        if is_mended {
            bench.apply(&sketch).await?;
            bench.same(&whole, &format!("{id} was edited and mended")).await?;
            hold(bench.fixture.tamper(&id).await == Hook::Done, || format!("{id} can't be edited again"))?;
        }
        // Whoever only takes away has no business with it.
        bench.revoke(&sketch).await?;
        bench.kept(&edit, &format!("{id} was edited by somebody, and revoked")).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't edit any object") }
}

pub(super) async fn losses_are_mended<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    let empty = bench.snapshot().await;
    let made = bench.apply(&sketch).await?;
    let whole = bench.snapshot().await;
    let mut done = false;
    for id in told_by(&made) {
        if bench.fixture.remove(&id).await == Hook::Missing {
            continue;
        }
        done = true;
        let plan = bench.plan(&sketch).await?;
        match told(&plan).as_slice() {
            [change] if change.id == id && change.action != Action::Delete => {}
            others => {
                let others: Vec<_> = others.iter().map(|change| (change.action, change.id.to_string())).collect();
                return found(format!("{id} was taken away, and the plan is {others:?}"));
            }
        }
        bench.apply(&sketch).await?;
        bench.same(&whole, &format!("{id} was taken away and told again")).await?;
        // What is gone already goes without an error, and without a trace.
        hold(bench.fixture.remove(&id).await == Hook::Done, || format!("{id} can't be taken away again"))?;
        bench.revoke(&sketch).await?;
        bench.same(&empty, &format!("{id} was taken away, and everything revoked")).await?;
        bench.apply(&sketch).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't take any object away") }
}

pub(super) async fn other_principals_are_told<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let (one, other) = (Sketch::domain(), Sketch { variant: "-other", ..Sketch::domain() });
    let empty = bench.snapshot().await;
    bench.apply(&other).await?;
    let from_scratch = bench.snapshot().await;
    bench.revoke(&other).await?;
    bench.same(&empty, "revoking left something").await?;
    bench.apply(&one).await?;
    for change in told(&bench.plan(&other).await?) {
        hold(change.action == Action::Update, || format!("another principal has {} {:?}d", change.id, change.action))?;
    }
    bench.apply(&other).await?;
    bench.same(&from_scratch, "another principal gives another world than that principal in the first place").await
}

pub(super) async fn unwanted_goes_and_only_that<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let (much, little) = (Sketch::everything(), Sketch::pair());
    let empty = bench.snapshot().await;
    bench.apply(&little).await?;
    let narrow = bench.snapshot().await;
    bench.revoke(&little).await?;
    bench.same(&empty, "revoking left something").await?;
    bench.apply(&much).await?;
    let wanted: HashSet<_> = bench.open(&little)?.delivered().await?.objects.into_iter().map(|it| it.id).collect();
    for change in told(&bench.plan(&little).await?) {
        hold(change.action == Action::Delete && !wanted.contains(&change.id), || {
            format!("asking for less wants to {:?} {}", change.action, change.id)
        })?;
    }
    bench.apply(&little).await?;
    bench.same(&narrow, "narrowing gives another world than asking for little in the first place").await
}

pub(super) async fn revoking_leaves_no_trace<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    for others in [false, true] {
        if others && bench.fixture.plant_foreign().await == Hook::Missing {
            break;
        }
        let (before, defaults) = (bench.snapshot().await, in_force(&bench).await);
        bench.apply(&sketch).await?;
        hold(tree::difference(&before, &bench.snapshot().await).is_some(), || {
            "the snapshot doesn't show what was told; look at the fixture".to_owned()
        })?;
        bench.revoke(&sketch).await?;
        bench.same(&before, "after everything was revoked").await?;
        let now = in_force(&bench).await;
        hold(now == defaults, || format!("after a revoke, pods run under {now:?}, and under {defaults:?} before"))?;
        settled(&bench.open(&sketch)?.revoked().plan().await?, "after everything was revoked")?;
    }
    Ok(())
}
