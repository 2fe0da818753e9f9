//! Whose things are whose.

use std::collections::HashSet;

use cloudgrant_core::{Action, ErrorKind, Object, Silent};

use crate::bench::{Bench, Sketch, need};
use crate::fixture::{Fixture, Hook};
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn neighbours_survive<F: Fixture>() -> Checked {
    // Neighbours that were there first.
    let bench = Bench::<F>::fresh().await?;
    need(bench.fixture.plant_foreign().await, "plant things of others")?;
    let before = bench.snapshot().await;
    let (small, everything) = (bench.small()?, bench.everything()?);
    bench.apply(&small).await?;
    bench.kept(&before, "of what others had, after the first creations").await?;
    let made = bench.apply(&everything).await?;
    bench.kept(&before, "of what others had, after more was asked").await?;
    for applied in &made.applied {
        // Where the fixture can't, there is nothing to update, and nothing lost.
        let _ = bench.fixture.tamper(&applied.change.id).await;
    }
    bench.apply(&everything).await?;
    bench.kept(&before, "of what others had, after updates").await?;
    bench.revoke(&everything).await?;
    bench.same(&before, "after everything was revoked").await?;

    // Neighbours that came later, perhaps into a document that began with us.
    let bench = Bench::<F>::fresh().await?;
    bench.apply(&bench.everything()?).await?;
    let ours = bench.snapshot().await;
    need(bench.fixture.plant_foreign().await, "plant things of others")?;
    let theirs = tree::added(&ours, &bench.snapshot().await);
    bench.revoke(&bench.everything()?).await?;
    bench.kept(&theirs, "of what others added after us, after everything of ours was revoked").await
}

pub(super) async fn foreign_objects_are_conflicts<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let plan = bench.plan(&bench.everything()?).await?;
    let mut kinds = HashSet::new();
    let mut done = false;
    for change in plan.work() {
        // One of each kind is enough: a world for each object would be slow.
        if !kinds.insert(change.id.kind) {
            continue;
        }
        let bench = Bench::<F>::fresh().await?;
        if bench.fixture.occupy(&change.id).await == Hook::Missing {
            continue;
        }
        done = true;
        let before = bench.snapshot().await;
        let run = bench.open(&bench.everything()?).await?;
        match run.engine().plan(&Silent).await {
            Err(error) => hold(error.kind() == ErrorKind::Conflict, || {
                format!("{} is somebody else's, and the error is {error:?}", change.id)
            })?,
            Ok(plan) => {
                let what = plan.work().find(|planned| planned.id == change.id).map(|planned| planned.action);
                return found(format!("{} is somebody else's, and the plan has {what:?} for it", change.id));
            }
        }
        bench.same(&before, "planning wrote").await?;
        // What isn't marked isn't deleted either, when nothing is wanted any more.
        bench.revoke(&bench.everything()?).await?;
        bench.same(&before, &format!("{} is somebody else's, and revoking everything touched it", change.id)).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't make an object that is in the way") }
}

pub(super) async fn stacks_stay_apart<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let one = bench.everything()?;
    // One name begins like the other: marks must be compared, not prefixes.
    let other = Sketch { stack: "acme-2", ..one.clone() };
    apart(&bench, ("stack acme", &one), ("stack acme-2", &other)).await
}

pub(super) async fn homes_stay_apart<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let Some(section) = bench.fixture.another_home() else { return skip("the fixture has only one home") };
    let one = bench.everything()?;
    let other = Sketch { section: Some(section), ..one.clone() };
    apart(&bench, ("the first home", &one), ("the other home", &other)).await
}

/// Neither does anything to what the other has made, whoever comes first.
async fn apart<F: Fixture>(bench: &Bench<F>, one: (&str, &Sketch), other: (&str, &Sketch)) -> Checked {
    let empty = bench.snapshot().await;
    for ((first, asked), (second, neighbour)) in [(one, other), (other, one)] {
        bench.apply(neighbour).await?;
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
        bench.revoke(neighbour).await?;
        bench.same(&empty, "after both were revoked").await?;
    }
    Ok(())
}

pub(super) async fn what_is_forgotten_is_found<F: Fixture>() -> Checked {
    let mut bench = Bench::<F>::fresh().await?;
    let sketch = bench.elsewhere()?;
    let before = bench.snapshot().await;
    // Taken out of the manifest, which then names nothing outside the home.
    bench.apply(&sketch).await?;
    hold(bench.snapshot().await != before, || "nothing was made outside the home".to_owned())?;
    bench.apply(&Sketch::new()).await?;
    bench.same(&before, "after the manifest had forgotten what it asked outside the home").await?;
    // Taken away, by a manifest that names nothing of it.
    bench.apply(&sketch).await?;
    bench.revoke(&Sketch::new()).await?;
    bench.same(&before, "after everything was revoked by a manifest that had forgotten it").await
}

pub(super) async fn widened_objects_are_told<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let made = bench.apply(&bench.everything()?).await?;
    let mut kinds = HashSet::new();
    let mut done = false;
    for id in made.applied.into_iter().map(|applied| applied.change.id) {
        // One of each kind is enough: a world for each object would be slow.
        if !kinds.insert(id.kind) {
            continue;
        }
        let bench = Bench::<F>::fresh().await?;
        let everything = bench.everything()?;
        bench.apply(&everything).await?;
        hold(bench.plan(&everything).await?.widened.is_empty(), || {
            "nobody widened anything, and a plan says so".to_owned()
        })?;
        if bench.fixture.widen(&id).await == Hook::Missing {
            continue;
        }
        done = true;
        let before = bench.snapshot().await;
        let plan = bench.plan(&everything).await?;
        hold(plan.widened.iter().any(|widening| widening.object == id && !widening.remedy.is_empty()), || {
            format!("somebody widened {id}, and the plan says {:?} of it", plan.widened)
        })?;
        if let Some(change) = plan.work().next() {
            return found(format!("somebody widened {id}, and a plan wants to {:?} {}", change.action, change.id));
        }
        bench.apply(&everything).await?;
        bench.same(&before, &format!("after {id} was widened by somebody else and the manifest applied again")).await?;
    }
    if done { Ok(()) } else { skip("the fixture can't add anything to an object of ours") }
}

pub(super) async fn touched_things_are_named<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    // So that the documents are there in which ours will only be a part. Without the hook, less is tried.
    let planted = bench.fixture.plant_foreign().await;
    let sketch = bench.everything()?;
    let before = bench.snapshot().await;
    let objects = bench.open(&sketch).await?.desired().await?.objects;
    bench.apply(&sketch).await?;
    let touches: Vec<_> = objects.iter().flat_map(|object| &object.touches).collect();
    let changed = tree::changed_names(&before, &bench.snapshot().await);
    for (kind, name) in &changed {
        let named = touches.iter().any(|touched| touched.contains(name.as_str()) || name.contains(touched.as_str()));
        hold(named, || format!("{kind} {name} was there before and was changed, and no object names it in `touches`"))?;
    }
    if changed.is_empty() && planted == Hook::Missing {
        return skip("nothing of others was changed, and the fixture can't plant anything");
    }
    Ok(())
}

pub(super) async fn protected_names_are_refused<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let objects = bench.open(&sketch).await?.desired().await?.objects;
    let mut names: Vec<_> =
        objects.iter().filter(|object| object.handoff.is_none()).flat_map(|object| object.touches.clone()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return skip("no object touches anything of others");
    }
    let before = bench.snapshot().await;
    for name in names {
        let Some(section) = bench.fixture.protecting(&name) else {
            return skip("the fixture can't put a name on the protected list");
        };
        let sketch = Sketch { section: Some(section), ..sketch.clone() };
        let (run, problems) = bench.connect(&sketch).await?;
        // Whoever can tell without the cloud may.
        if problems.iter().any(|problem| problem.message.contains(&name)) {
            continue;
        }
        match run.engine().plan(&Silent).await {
            Ok(_) => return found(format!("`{name}` is protected, and there is a plan that changes it")),
            Err(error) => {
                let about = error.problems().iter().any(|problem| problem.message.contains(&name));
                let refused = error.kind() == ErrorKind::Manifest && about;
                hold(refused, || format!("`{name}` is protected, and the error doesn't say so: {error:?}"))?;
            }
        }
    }
    bench.same(&before, "planning wrote").await?;
    loses_nothing(&bench, &sketch, &objects).await
}

/// What became protected after something was made there stays as it is, and the rest goes.
async fn loses_nothing<F: Fixture>(bench: &Bench<F>, sketch: &Sketch, objects: &[Object]) -> Checked {
    bench.apply(sketch).await?;
    let ours = objects.iter().filter(|object| object.handoff.is_none());
    let mut names: Vec<_> = ours.clone().flat_map(|object| object.touches.clone()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let Some(section) = bench.fixture.protecting(&name) else { return Ok(()) };
        let (run, _) = bench.connect(&Sketch { section: Some(section), ..sketch.clone() }).await?;
        let plan = run.revoked().plan().await?;
        for object in ours.clone().filter(|object| object.touches.contains(&name)) {
            let is_changed = plan.changes.iter().any(|change| change.id == object.id);
            hold(!is_changed, || format!("`{name}` is protected, and there is a plan that takes {} away", object.id))?;
            let is_told = plan.stays.iter().any(|stays| stays.object == object.id);
            hold(is_told, || format!("`{name}` is protected, and that {} stays for that isn't told", object.id))?;
        }
        hold(!plan.is_empty(), || format!("because `{name}` is protected, nothing at all is taken away"))?;
    }
    Ok(())
}
