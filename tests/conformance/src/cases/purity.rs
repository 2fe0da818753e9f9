//! What only asks must change nothing, and be answered alike.

use cloudgrant_core::{Desired, Object, Report};

use crate::bench::{Bench, Run};
use crate::fixture::Fixture;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn connecting_sends_nothing<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let Some(before) = bench.fixture.requests().await else { return skip("the fixture doesn't count requests") };
    // Opening reads the manifest, connects and validates.
    let _run = bench.open(&sketch).await?;
    let after = bench.fixture.requests().await.unwrap_or_default();
    hold(before == after, || format!("it sent some: {before:?} before, {after:?} after"))
}

pub(super) async fn verbs_never_write<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let run = bench.open(&sketch).await?;
    unchanged_by_verbs(&bench, &run, "in an empty world").await?;
    let made = run.apply().await?;
    unchanged_by_verbs(&bench, &run, "in a world where everything is applied").await?;
    disturb(&bench, &made).await;
    unchanged_by_verbs(&bench, &run, "in a world that somebody changed").await
}

/// Changes what can be changed: whoever likes to repair while looking shows it now.
async fn disturb<F: Fixture>(bench: &Bench<F>, made: &Report) {
    for applied in &made.applied {
        // Without the hook, less is tried.
        let _ = bench.fixture.tamper(&applied.change.id).await;
    }
}

async fn unchanged_by_verbs<F: Fixture>(bench: &Bench<F>, run: &Run, when: &str) -> Checked {
    let (before, writes) = (bench.snapshot().await, bench.writes().await);
    answers(run).await?;
    bench.same(&before, &format!("verbs wrote, {when}")).await?;
    hold(bench.writes().await == writes, || format!("verbs sent writing requests, {when}"))
}

/// The verbs' answers as the provider gives them, before core puts them together.
async fn answers(run: &Run) -> Checked<[Desired; 4]> {
    let (provider, intents) = (&run.provider, &run.intents);
    let (granted, bound) = run.granted_and_bound().await?;
    Ok([
        granted,
        provider.enable_registry(&intents.registries).await?,
        run.platform.deliver(&bound.principals)?,
        bound.desired,
    ])
}

pub(super) async fn verbs_answer_the_same_twice<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let run = bench.open(&sketch).await?;
    let first = answers(&run).await?;
    alike(&first, &answers(&run).await?, "asked again")?;
    alike(&first, &answers(&bench.open(&sketch).await?).await?, "asked through a new connection")?;
    let observed = run.provider.observe(&run.desired().await?).await?;
    let again = run.provider.observe(&run.desired().await?).await?;
    hold(observed.objects == again.objects, || "observe answers differently the second time".to_owned())
}

fn alike(first: &[Desired; 4], second: &[Desired; 4], when: &str) -> Checked {
    for (first, second) in first.iter().zip(second) {
        hold(first.notes == second.notes, || {
            format!("{when}, the notes differ: {:?}, then {:?}", first.notes, second.notes)
        })?;
        hold(first.objects.len() == second.objects.len(), || {
            format!("{when}, there are {} objects instead of {}", second.objects.len(), first.objects.len())
        })?;
        let differs = |(a, b): &(&Object, &Object)| a != b;
        if let Some((a, b)) = first.objects.iter().zip(&second.objects).find(differs) {
            return found(format!("{when}, an object differs: {a:?}, then {b:?}"));
        }
    }
    Ok(())
}

pub(super) async fn observing_never_writes<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let run = bench.open(&sketch).await?;
    unchanged_by_observing(&bench, &run, "in an empty world").await?;
    let made = run.apply().await?;
    unchanged_by_observing(&bench, &run, "in a world where everything is applied").await?;
    disturb(&bench, &made).await;
    unchanged_by_observing(&bench, &run, "in a world that somebody changed").await?;
    // Nothing is wanted any more: only apply may delete.
    unchanged_by_observing(&bench, &run.revoked(), "when everything is to be revoked").await
}

async fn unchanged_by_observing<F: Fixture>(bench: &Bench<F>, run: &Run, when: &str) -> Checked {
    let desired = run.desired().await?;
    let (before, writes) = (bench.snapshot().await, bench.writes().await);
    run.provider.observe(&desired).await?;
    bench.same(&before, &format!("observing wrote, {when}")).await?;
    hold(bench.writes().await == writes, || format!("observing sent writing requests, {when}"))
}
