//! From a manifest to the world and back, undisturbed and disturbed.

use std::collections::HashSet;

use cloudgrant_core::{Action, Cancel, Change, Desired, ObjectId, Plan};

use crate::bench::{Bench, Run, Sketch};
use crate::fixture::{Fixture, Hook};
use crate::spy::{Spy, StopAfter};
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn applied_is_settled<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let made = bench.apply(&sketch).await?;
    hold(!made.applied.is_empty(), || "applying a manifest with all samples changed nothing".to_owned())?;
    // A new connection: nothing may be remembered but by the cloud.
    let run = bench.open(&sketch).await?;
    let plan = run.plan().await?;
    settled(&plan, "right after an apply")?;
    let handoffs = plan.changes.len();
    let wanted = run.desired().await?.objects.len();
    hold(plan.unchanged + handoffs == wanted, || {
        format!("of {wanted} objects, {} are as they should be and {handoffs} are for somebody else", plan.unchanged)
    })
}

fn settled(plan: &Plan, when: &str) -> Checked {
    match plan.work().next() {
        Some(change) => found(format!("{when}, a plan wants to {}", describe(change))),
        None => Ok(()),
    }
}

fn describe(change: &Change) -> String {
    let [before, after] = change.trees().map(Option::unwrap_or_default);
    format!("{:?} {}: {}", change.action, change.id, tree::difference(&before, &after).unwrap_or_default())
}

pub(super) async fn changes_can_be_made_twice<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let empty = bench.snapshot().await;
    let made = bench.apply(&sketch).await?;
    let once = bench.snapshot().await;
    let ids: Vec<_> = made.applied.into_iter().map(|applied| applied.change.id).collect();
    bench.revoke(&sketch).await?;

    twice(bench.open(&sketch).await?).await?;
    bench.same(&once, "each creation made twice gives another world than once").await?;
    let mut disturbed = false;
    for id in &ids {
        disturbed |= bench.fixture.tamper(id).await == Hook::Done;
    }
    if disturbed {
        twice(bench.open(&sketch).await?).await?;
        bench.same(&once, "each update made twice gives another world than once").await?;
    }
    twice(bench.open(&sketch).await?.revoked()).await?;
    bench.same(&empty, "each deletion made twice gives another world than once").await
}

async fn twice(run: Run) -> Checked {
    let spy = Spy::twice(run.provider.clone());
    run.through(spy).apply().await?;
    Ok(())
}

pub(super) async fn interruptions_are_mended<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.small()?;
    let empty = bench.snapshot().await;
    let steps = bench.apply(&sketch).await?.applied.len();
    let whole = bench.snapshot().await;
    let back = bench.revoke(&sketch).await?.applied.len();
    bench.same(&empty, "revoking left something").await?;

    for stop in 0..steps {
        interrupted(bench.open(&sketch).await?, stop).await?;
        bench.apply(&sketch).await?;
        bench.same(&whole, &format!("an apply stopped after {stop} of {steps} changes and run again")).await?;
        bench.revoke(&sketch).await?;
    }
    for stop in 0..back {
        bench.apply(&sketch).await?;
        interrupted(bench.open(&sketch).await?.revoked(), stop).await?;
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
    if let Some(failed) = report.failed.first() {
        return found(format!("{} fails after {after} changes: {:?}", failed.change.id, failed.error));
    }
    Ok(())
}

pub(super) async fn tampering_is_seen_and_mended<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let made = bench.apply(&sketch).await?;
    let whole = bench.snapshot().await;
    let mut done = false;
    for id in made.applied.iter().map(|applied| &applied.change.id) {
        if bench.fixture.tamper(id).await == Hook::Missing {
            continue;
        }
        done = true;
        let plan = bench.plan(&sketch).await?;
        let work: Vec<_> = plan.work().collect();
        match work.as_slice() {
            [change] if change.id == *id && change.action == Action::Update => {}
            [] => return found(format!("{id} was changed, and the plan is empty")),
            others => {
                let others: Vec<_> = others.iter().map(|change| describe(change)).collect();
                return found(format!("{id} was changed, and the plan is: {}", others.join("; ")));
            }
        }
        bench.apply(&sketch).await?;
        bench.same(&whole, &format!("{id} was changed and mended")).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't tamper with any object") }
}

pub(super) async fn losses_are_seen_and_mended<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let made = bench.apply(&sketch).await?;
    let whole = bench.snapshot().await;
    let mut done = false;
    for id in made.applied.iter().map(|applied| &applied.change.id) {
        if bench.fixture.remove(id).await == Hook::Missing {
            continue;
        }
        done = true;
        let run = bench.open(&sketch).await?;
        let (desired, plan) = (run.desired().await?, run.plan().await?);
        let seen = plan.work().any(|change| change.id == *id && change.action == Action::Create);
        hold(seen, || format!("{id} was removed, and the plan doesn't make it again"))?;
        // What hung on it went with it, and nothing else; but for what is left of it, and is of no use any more.
        let affected = dependents(&desired, id);
        let left_over = |change: &Change| {
            change.action == Action::Delete && !desired.objects.iter().any(|object| object.id == change.id)
        };
        if let Some(change) = plan.work().find(|change| !affected.contains(&change.id) && !left_over(change)) {
            return found(format!("{id} was removed, and the plan also wants to {}", describe(change)));
        }
        bench.apply(&sketch).await?;
        bench.same(&whole, &format!("{id} was removed and made again")).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't remove any object") }
}

/// An object and all that need it.
fn dependents(desired: &Desired, id: &ObjectId) -> HashSet<ObjectId> {
    let mut found = HashSet::from([id.clone()]);
    loop {
        let before = found.len();
        let hangs_on = |id: &ObjectId| found.contains(id);
        let more: Vec<_> = desired
            .objects
            .iter()
            .filter(|object| object.depends_on.iter().any(hangs_on))
            .map(|object| object.id.clone())
            .collect();
        found.extend(more);
        if found.len() == before {
            return found;
        }
    }
}

pub(super) async fn revoking_leaves_no_trace<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let before = bench.snapshot().await;
    bench.apply(&sketch).await?;
    hold(tree::difference(&before, &bench.snapshot().await).is_some(), || {
        "the snapshot doesn't show what was applied; look at the fixture".to_owned()
    })?;
    bench.revoke(&sketch).await?;
    bench.same(&before, "after everything was revoked").await?;
    settled(&bench.open(&sketch).await?.revoked().plan().await?, "after everything was revoked")
}

pub(super) async fn wider_grants_only_add<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let scopes = bench.scopes();
    let ([wide, .., narrow], Some(first)) = (scopes.as_slice(), bench.reach(0)) else {
        return skip("the provider binds fewer than two kinds of scope, or the fixture has no resource");
    };
    let second = bench.reach(1).unwrap_or(first);
    let alone = Sketch::new().grant("narrow", narrow, &[first]);
    let both = alone.clone().grant("wide", wide, &[second]);
    let empty = bench.snapshot().await;
    bench.apply(&both).await?;
    let at_once = bench.snapshot().await;
    bench.revoke(&both).await?;
    bench.same(&empty, "revoking left something").await?;

    bench.apply(&alone).await?;
    let plan = bench.plan(&both).await?;
    hold(!plan.is_empty(), || "a grant for a wider scope changes nothing".to_owned())?;
    for change in plan.work() {
        hold(change.action != Action::Delete, || format!("a wider grant deletes {}", change.id))?;
        if let (Some(before), Some(after)) = (&change.before, &change.after)
            && let Some(text) = tree::lost_text(&before.value(), &after.value())
        {
            return found(format!("a wider grant takes `{text}` out of {}", change.id));
        }
    }
    bench.apply(&both).await?;
    bench.same(&at_once, "a wider grant that comes later gives another world than both at once").await
}

pub(super) async fn unwanted_goes_and_only_that<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let (much, little) = (bench.everything()?, fewer(&bench)?);
    let empty = bench.snapshot().await;
    bench.apply(&little).await?;
    let narrow = bench.snapshot().await;
    bench.revoke(&little).await?;
    bench.same(&empty, "revoking left something").await?;

    bench.apply(&much).await?;
    let before = bench.plan(&much).await?;
    hold(before.is_empty(), || "something is to be deleted or changed while everything is still wanted".to_owned())?;
    let kept: HashSet<_> =
        bench.open(&little).await?.desired().await?.objects.into_iter().map(|object| object.id).collect();
    for change in bench.plan(&little).await?.work() {
        hold(change.action != Action::Create, || format!("asking for less makes {}", change.id))?;
        let wrongly = change.action == Action::Delete && kept.contains(&change.id);
        hold(!wrongly, || format!("{} is still wanted and would be deleted", change.id))?;
    }
    bench.apply(&little).await?;
    bench.same(&narrow, "narrowing gives another world than asking for little in the first place").await
}

pub(super) async fn a_revoke_changes_nothing_else<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let levels = |at: usize| bench.capabilities().levels(bench.resources[at].1);
    let several = (0..bench.resources.len()).rev().find(|at| levels(*at).len() > 1);
    let (Some(scope), Some(first), Some(at)) = (bench.scopes().first().cloned(), bench.reach(0), several) else {
        return skip("the fixture has no resource that can be granted at two levels");
    };
    let stays = |level| Sketch::new().grant("stays", &scope, &[(at, level)]);
    let [applied, .., edited] = levels(at) else { return skip("there is one level alone") };
    bench.apply(&stays(*applied)).await?;
    let alone = bench.snapshot().await;
    bench.apply(&stays(*applied).grant("revoked", &scope, &[first])).await?;
    // Somebody edits what stays, writes another grant as well, and applies neither.
    let left = stays(*edited).grant("new", &scope, &[(at, *edited)]);
    let whole = bench.read(&left.clone().grant("revoked", &scope, &[first]))?.0;
    bench.open(&left).await?.revoking_the_rest_of(&whole).apply().await?;
    bench.same(&alone, "after one grant was revoked, and others were edited and not applied").await
}

/// [`Bench::everything`] without its widest grant and its last registry.
fn fewer<F: Fixture>(bench: &Bench<F>) -> Checked<Sketch> {
    let mut sketch = bench.everything()?;
    if sketch.grants.len() > 1 {
        sketch.grants.remove(0);
    } else {
        sketch.registries.pop();
    }
    Ok(sketch)
}
