//! What people are asked for.

use cloudgrant_core::{Handoff, HowAsked, Identifier, Identity, Object, Principal};

use super::super::bench::{Bench, Sketch, is_named, said, unlisted};
use super::super::fixture::PlatformFixture;
use super::delivering::handoffs;
use crate::verdict::{Checked, found, hold, skip};

/// What stands where somebody has yet to write something.
const UNFINISHED: [&str; 5] = ["TODO", "FIXME", "TBD", "???", "lorem ipsum"];

/// Somebody must be able to do what they are asked for by that alone.
fn complete(object: &Object, handoff: &Handoff) -> Checked {
    let Handoff { to, task, document, .. } = handoff;
    for (part, text) in [("to whom it goes", to), ("what is to be done", task), ("the document", document)] {
        hold(!text.trim().is_empty(), || format!("{}: {part} is empty", object.id))?;
        if let Some(mark) = UNFINISHED.into_iter().find(|mark| text.contains(mark)) {
            return found(format!("{}: {part} says `{mark}`", object.id));
        }
    }
    hold(!task.contains('\n'), || format!("{}: what is to be done isn't a line: {task}", object.id))
}

/// The principals of the scope that an object is for.
fn of_scope<'a>(object: &'a Object, principals: &'a [Principal]) -> impl Iterator<Item = &'a Principal> {
    principals.iter().filter(|principal| principal.scope == object.scope)
}

pub(super) async fn handoffs_are_complete<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let mut is_any = false;
    for sketch in [Sketch::pair(), Sketch::everything()] {
        let run = bench.open(&sketch)?;
        let (delivered, principals) = (run.delivered().await?, run.principals().await?);
        for object in handoffs(&delivered) {
            let Some(handoff) = &object.handoff else { continue };
            is_any = true;
            complete(object, handoff)?;
            let texts = said(object);
            for principal in of_scope(object, &principals) {
                let names = |text: &str| handoff.document.contains(text);
                let Identity::Known { annotation, .. } = &principal.identity else { continue };
                hold(principal.serves.iter().any(|(pair, _)| is_named(pair, &texts)), || {
                    format!("{} names no pair of those that run under the principal", object.id)
                })?;
                match &annotation.value {
                    Identifier::Known(value) => {
                        hold(names(value), || format!("{}: the document doesn't say `{value}`", object.id))?;
                        hold(handoff.principals.contains(value), || {
                            format!("{}: `principals` doesn't have `{value}`, which the document names", object.id)
                        })?;
                    }
                    Identifier::Chosen { command, .. } => {
                        hold(names(command), || {
                            format!(
                                "{}: the document doesn't say how `{}` is found out: {command}",
                                object.id, annotation.key
                            )
                        })?;
                    }
                }
            }
            if let Some(word) = unlisted(&texts).filter(|_| sketch.scopes.len() == 1) {
                return found(format!("{} says `{word}`, and is for vision in production alone", object.id));
            }
        }
    }
    if is_any { Ok(()) } else { skip("nobody is asked for anything") }
}

pub(super) async fn vendors_are_asked_completely<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let asking = Sketch { is_vendor_asked: true, ..Sketch::domain() };
    let run = bench.open(&asking)?;
    let principals = run.principals().await?;
    let Some(asked) = principals.first().and_then(|principal| run.platform.asked_for(&principal.scope)) else {
        return skip("the platform has no vendor who makes principals");
    };
    let delivered = run.platform.deliver(&principals)?;
    let [object] = delivered.objects.as_slice() else {
        return found(format!("one principal is asked for, by {} objects", delivered.objects.len()));
    };
    hold(object.id == asked.object, || {
        format!("{} is what the vendor is asked by, and not {}", object.id, asked.object)
    })?;
    let Some(handoff) = &object.handoff else { return found(format!("{} asks nobody", object.id)) };
    hold(handoff.how == asked.how, || format!("{} is asked for in another way than it is remembered", object.id))?;
    complete(object, handoff)?;
    for principal in &principals {
        let Identity::Asked(asked) = &principal.identity else { continue };
        let subjects = principal.serves.iter().map(|(_, subject)| subject.to_string());
        let named = asked.named_by.lines().map(str::trim).chain(asked.permissions.iter().map(String::as_str));
        let named = named.chain([asked.audience.as_str(), asked.kind]).map(str::to_owned);
        if let Some(missing) = subjects.chain(named).find(|text| !handoff.document.contains(text.as_str())) {
            return found(format!("{}: the document doesn't say `{missing}`", object.id));
        }
    }
    hold(!handoff.document.contains("development"), || {
        format!("{}: the document names a domain that nobody asked for", object.id)
    })?;
    taken_back(run.platform.as_ref(), object, handoff, &[])
}

pub(super) async fn unbinding_names_the_pairs<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let platform = bench.platform(&Sketch::domain())?;
    let bound = ["-p vision -d production", "-p forecasting -d production"].map(str::to_owned);
    for of in [&bound[..], &[]] {
        let sentence = platform.unbinding(of);
        hold(!sentence.trim().is_empty(), || format!("of {of:?}, it says nothing"))?;
        if let Some(mark) = UNFINISHED.into_iter().find(|mark| sentence.contains(mark)) {
            return found(format!("it says `{mark}`: {sentence}"));
        }
        // What a backend told, it takes away by itself.
        let left_out = of.iter().find(|pair| platform.backend().is_none() && !sentence.contains(pair.as_str()));
        if let Some(pair) = left_out {
            return found(format!("people do it, and it doesn't name `{pair}`: {sentence}"));
        }
    }
    Ok(())
}

pub(super) async fn asked_for_is_taken_back<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let mut is_any = false;
    for sketch in [Sketch::domain(), Sketch::pair()] {
        let run = bench.open(&sketch)?;
        let (delivered, principals) = (run.delivered().await?, run.principals().await?);
        for object in handoffs(&delivered) {
            let Some(handoff) = &object.handoff else { continue };
            is_any = true;
            let named = of_scope(object, &principals).flat_map(|principal| &principal.serves);
            let named: Vec<_> = named
                .map(|(pair, _)| pair)
                .filter(|pair| is_named(pair, std::slice::from_ref(&handoff.document)))
                .collect();
            taken_back(run.platform.as_ref(), object, handoff, &named)?;
        }
    }
    let platform = bench.platform(&Sketch::domain())?;
    if let Some((id, _)) = platform.taken_back("somebody-else-s-kind", "production", &HowAsked::default()) {
        return found(format!("it takes back {id}, of a kind that isn't its own"));
    }
    if is_any { Ok(()) } else { skip("nobody is asked for anything") }
}

/// What was asked for by an object, of which the document names these pairs, can be taken back.
fn taken_back(
    platform: &dyn cloudgrant_core::Platform,
    object: &Object,
    handoff: &Handoff,
    named: &[&cloudgrant_core::Pair],
) -> Checked {
    // As it is remembered of a handoff that somebody confirmed.
    let how = handoff.how.clone().with(HowAsked::PLATFORM, &platform.tenancy().kind);
    let Some((id, back)) = platform.taken_back(object.id.kind, &object.id.name, &how) else {
        return found(format!("{}: nothing says how it is taken back", object.id));
    };
    hold(id == object.id, || format!("{} is taken back as {id}", object.id))?;
    complete(object, &back)?;
    hold(back.document != handoff.document && back.task != handoff.task, || {
        format!("{}: it is taken back by doing it", object.id)
    })?;
    let texts = [back.task.clone(), back.document.clone()];
    if let Some(pair) = named.iter().find(|pair| !is_named(pair, &texts)) {
        return found(format!("{}: how it is taken back doesn't name {pair}", object.id));
    }
    let domain = object.scope.domain().map(ToString::to_string).unwrap_or_default();
    hold(texts.iter().any(|text| text.contains(&domain)), || {
        format!("{}: how it is taken back doesn't name {domain}", object.id)
    })
}
