//! Handoffs that somebody confirmed.

use cloudgrant_core::{
    Action, Approval, Cancel, Change, Confirmed, Desired, Handoff, HowAsked, ObjectId, Ownership, Plan, Said, Silent,
};

use crate::bench::{Bench, Run, Sketch};
use crate::fixture::Fixture;
use crate::verdict::{Checked, found, hold, skip};

const KIND: &str = "conformance";
const NAME: &str = "handed off";

pub(super) async fn confirmations_are_remembered<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let small = bench.small()?;
    let other = Sketch { stack: "acme-2", ..small.clone() };
    let empty = bench.snapshot().await;
    let run = bench.open(&small).await?;
    let on = "2026-11-30".to_owned();
    let sample = Confirmed {
        kind: KIND.to_owned(),
        name: NAME.to_owned(),
        document: "0".repeat(32),
        on,
        how: how(),
        taken_back: false,
    };
    if run.provider.confirmation(&sample).is_none() {
        return skip("the provider remembers no confirmed handoffs");
    }
    bench.apply(&small).await?;
    let unconfirmed = bench.snapshot().await;
    hold(seen(&bench, &small).await?.is_empty(), || "something is confirmed before anybody says so".to_owned())?;

    say(&bench, &small, "one document").await?;
    let first = only(seen(&bench, &small).await?)?;
    hold(first.1.how == how(), || format!("how it was asked for isn't remembered: {:?}", first.1.how))?;
    bench.kept(&unconfirmed, "of what was there, after a handoff was confirmed").await?;
    hold(seen(&bench, &other).await?.is_empty(), || "another stack takes what was confirmed for its own".to_owned())?;
    let plan = bench.plan(&small).await?;
    hold(plan.is_empty(), || format!("confirming a handoff leaves something to do: {:?}", plan.work().next()))?;

    // Another document takes the place of the first.
    say(&bench, &small, "another document").await?;
    let second = only(seen(&bench, &small).await?)?;
    hold(second.0 == first.0, || format!("one handoff has two marks: {} and {}", first.0, second.0))?;
    hold(second.1.document != first.1.document, || {
        "confirmed again with another document, it still says the first one".to_owned()
    })?;

    // What somebody did outlives what it was done for.
    bench.revoke(&small).await?;
    let third = only(seen(&bench, &small).await?)?;
    hold(third == second, || "revoking everything changed what was confirmed".to_owned())?;
    let plan = bench.open(&small).await?.revoked().plan().await?;
    let asked = plan.changes.iter().find(|change| change.handoff.as_ref().is_some_and(|asked| asked.takes_back));
    let Some(id) = asked.map(|change| change.id.clone()) else {
        return found("nobody is asked to take back what was confirmed and isn't wanted any more");
    };
    hold(plan.stays.iter().any(|stays| stays.object == id), || {
        "what is to be taken back isn't told to stay".to_owned()
    })?;
    write(&bench.open(&small).await?.revoked(), &plan, &id, Said::Done).await?;
    bench.same(&empty, "after everything was revoked, and the handoff was taken back").await
}

/// How it was asked for.
fn how() -> HowAsked {
    HowAsked::of([("form", "by letter".to_owned()), ("office", "a=b".to_owned())])
}

/// Says that a handoff with a document was done.
async fn say<F: Fixture>(bench: &Bench<F>, sketch: &Sketch, document: &str) -> Checked {
    let run = bench.open(sketch).await?;
    let mut plan = run.plan().await?;
    let id = ObjectId::new(KIND, NAME);
    plan.changes.push(Change {
        action: Action::Handoff,
        id: id.clone(),
        because: Vec::new(),
        before: None,
        after: None,
        known_after_apply: Vec::new(),
        ownership: Ownership::Fragment { of: "somebody else's".to_owned() },
        depends_on: Vec::new(),
        handoff: Some(Handoff::unseen("somebody else", "do it", document).asked_as(how())),
        warning: None,
    });
    write(&run, &plan, &id, Said::Done).await
}

async fn write(run: &Run, plan: &Plan, id: &ObjectId, said: Said) -> Checked {
    let engine = run.engine();
    let Some(confirming) = engine.confirming(plan, id, said)? else {
        return found(format!("nothing is written of {id}"));
    };
    let report = engine.confirm(confirming, Approval::InAdvance, &Silent, &Cancel::default()).await?;
    match report.failed.first() {
        Some(failed) => found(format!("{:?} {} fails: {:?}", failed.change.action, failed.change.id, failed.error)),
        None => hold(report.is_success(), || "what was confirmed was not written".to_owned()),
    }
}

/// What a new connection sees of what was confirmed.
async fn seen<F: Fixture>(bench: &Bench<F>, sketch: &Sketch) -> Checked<Vec<(ObjectId, Option<Confirmed>)>> {
    let observed = bench.open(sketch).await?.provider.observe(&Desired::default()).await?;
    if let Some(mark) = observed.confirmed.keys().find(|mark| !observed.objects.contains_key(*mark)) {
        return found(format!("{mark} confirms something, and isn't among the objects"));
    }
    Ok(observed.confirmed.into_iter().collect())
}

fn only(seen: Vec<(ObjectId, Option<Confirmed>)>) -> Checked<(ObjectId, Confirmed)> {
    match seen.as_slice() {
        [(mark, Some(said))] if said.kind == KIND && said.name == NAME => Ok((mark.clone(), said.clone())),
        [] => found("what was confirmed isn't seen"),
        other => found(format!("one handoff was confirmed, and this is seen: {other:?}")),
    }
}
