//! What a platform answers, before anything is written.

use cloudgrant_core::{Desired, Object, Platform, Principal};

use super::super::bench::{Bench, Run, Sketch, is_named, of_pair, said, unlisted};
use super::super::fixture::PlatformFixture;
use super::super::known_kinds::KINDS_OF_CLOUDS;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn connecting_sends_nothing<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let snapshot = bench.snapshot().await;
    let Some(before) = bench.fixture.requests().await else { return skip("the fixture doesn't count requests") };
    let run = bench.open(&Sketch::everything())?;
    answers(&run).await?;
    let after = bench.fixture.requests().await;
    hold(after == Some(before), || format!("connecting and answering sent {after:?} after {before:?}"))?;
    bench.same(&snapshot, "answering wrote").await
}

/// All that a platform answers without its backend.
async fn answers(run: &Run) -> Checked<(Desired, Vec<String>)> {
    let principals = run.principals().await?;
    let platform = &run.platform;
    let delivered = platform.deliver(&principals)?;
    let mut others = vec![
        platform.unbinding(&[]),
        platform.unbinding(&["-p vision -d production".to_owned()]),
        format!("{:?}", platform.files(&principals)),
        format!("{:?} {:?}", platform.kinds(), platform.execute_permission()),
    ];
    others.extend(handoffs(&delivered).map(|object| {
        format!(
            "{:?}",
            platform.taken_back(object.id.kind, &object.id.name).map(|(id, handoff)| (id, handoff.document))
        )
    }));
    others.extend(principals.iter().map(|principal| format!("{:?}", platform.asked_for(&principal.scope))));
    Ok((delivered, others))
}

pub(super) async fn answers_are_the_same_twice<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let sketch = Sketch::everything();
    let run = bench.open(&sketch)?;
    let first = answers(&run).await?;
    for (when, run) in [("asked again", run.clone()), ("asked through a new connection", bench.open(&sketch)?)] {
        let (delivered, others) = answers(&run).await?;
        hold(first.0.objects == delivered.objects && first.0.notes == delivered.notes, || {
            format!("{when}, deliver answers {:?}, after {:?}", delivered.objects, first.0.objects)
        })?;
        hold(first.1 == others, || format!("{when}, it says {others:?}, after {:?}", first.1))?;
    }
    Ok(())
}

pub(super) async fn only_listed_pairs_are_told<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let run = bench.open(&Sketch::pair())?;
    for object in run.delivered().await?.objects {
        hold(object.scope == of_pair(1, 1), || {
            format!("{} has the scope `{}`, and the principal that of `{}`", object.id, object.scope, of_pair(1, 1))
        })?;
        let because = run.principals().await?.into_iter().flat_map(|principal| principal.because).collect::<Vec<_>>();
        let is_asked = !object.because.is_empty() && object.because.iter().all(|intent| because.contains(intent));
        hold(is_asked, || format!("{} exists for {:?}, and nobody asked for that", object.id, object.because))?;
        if let Some(word) = unlisted(&said(&object)) {
            return found(format!("{} says `{word}`, and is for vision in production alone", object.id));
        }
    }
    if bench.platform(&Sketch::pair())?.backend().is_none() {
        return Ok(());
    }
    let before = bench.snapshot().await;
    bench.apply(&Sketch::pair()).await?;
    let told = crate::tree::texts(&crate::tree::added(&before, &bench.snapshot().await));
    match unlisted(&told) {
        Some(word) => found(format!("what was told says `{word}`, and is for vision in production alone")),
        None => Ok(()),
    }
}

pub(super) async fn each_pair_is_told<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    for sketch in [Sketch::domain(), Sketch::pair(), Sketch::everything()] {
        let run = bench.open(&sketch)?;
        let objects = run.delivered().await?.objects;
        for principal in run.principals().await? {
            for (pair, _) in &principal.serves {
                let of_scope = objects.iter().filter(|object| object.scope == principal.scope);
                hold(of_scope.into_iter().any(|object| is_named(pair, &said(object))), || {
                    format!("{pair} runs under the principal of {}, and no object tells it", principal.scope)
                })?;
            }
        }
    }
    Ok(())
}

pub(super) async fn kinds_are_its_own<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let run = bench.open(&Sketch::everything())?;
    let kinds = run.platform.kinds();
    let mut objects = run.delivered().await?.objects;
    objects.extend(asked_objects(&bench, run.platform.as_ref()).await?);
    if let Some(object) = objects.iter().find(|object| !kinds.contains(&object.id.kind)) {
        return found(format!("{} is of a kind that `kinds` doesn't have", object.id));
    }
    match kinds.iter().find(|kind| KINDS_OF_CLOUDS.contains(kind)) {
        Some(kind) => found(format!("`{kind}` is a kind of a cloud's")),
        None => Ok(()),
    }
}

/// What is delivered where the vendor is asked for principals; nothing where the platform has no vendor.
async fn asked_objects<F: PlatformFixture>(bench: &Bench<F>, platform: &dyn Platform) -> Checked<Vec<Object>> {
    let asking = Sketch { is_vendor_asked: true, ..Sketch::domain() };
    let principals: Vec<Principal> = bench.open(&asking)?.principals().await?;
    let has_vendor = principals.iter().any(|principal| platform.asked_for(&principal.scope).is_some());
    Ok(if has_vendor { platform.deliver(&principals)?.objects } else { Vec::new() })
}

pub(super) async fn chosen_values_are_referred_to<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    if !bench.fixture.sample().is_chosen {
        return skip("what principals are told by is known beforehand");
    }
    let sketch = Sketch::everything();
    let run = bench.open(&sketch)?;
    let principals = run.principals().await?;
    for object in run.delivered().await?.objects {
        let tree = object.attributes.value();
        let made: Vec<_> = principals.iter().flat_map(|principal| &principal.depends_on).collect();
        for reference in &object.references {
            hold(made.contains(&&reference.object), || {
                format!("{} refers to {}, which no principal is", object.id, reference.object)
            })?;
            hold(tree.pointer(&reference.pointer).is_some_and(serde_json::Value::is_null), || {
                format!("{} refers to something at `{}`, where it has {tree}", object.id, reference.pointer)
            })?;
        }
        let texts = said(&object);
        let is_unknown = sketch.scopes.iter().all(|scope| {
            let value = bench.value(&sketch, scope);
            texts.iter().all(|text| !text.contains(&value))
        });
        hold(is_unknown, || format!("{} says a value that nobody knows yet", object.id))?;
        hold(!texts.iter().any(String::is_empty), || format!("{} has an empty text: {texts:?}", object.id))?;
        let is_later = made.iter().any(|made| object.depends_on.contains(made)) || !object.references.is_empty();
        hold(is_later, || format!("{} doesn't wait for any principal", object.id))?;
    }
    Ok(())
}

/// The objects of somebody else's to make.
pub(super) fn handoffs(delivered: &Desired) -> impl Iterator<Item = &Object> {
    delivered.objects.iter().filter(|object| object.handoff.is_some())
}
