//! Errors: their kinds decide what happens next.

use cloudgrant_core::{Cancel, Error, ErrorKind, Silent};

use crate::bench::{Bench, need};
use crate::fixture::{Fault, Fixture};
use crate::spy::Spy;
use crate::verdict::{Checked, found, hold};

pub(super) async fn missing_prerequisites_are_not_found<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    need(bench.fixture.fault(Fault::Withhold).await, "take away what the provider takes for granted")?;
    let before = bench.snapshot().await;
    match bench.open(&sketch).await?.engine().plan(&Silent).await {
        Ok(_) => return found("there is a plan, although something is missing that it needs"),
        Err(error) => hold(error.kind() == ErrorKind::NotFound, || format!("the error is {error:?}"))?,
    }
    bench.same(&before, "planning wrote").await
}

pub(super) async fn refusals_name_the_operation<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    need(bench.fixture.fault(Fault::DenyWrites).await, "refuse writing requests")?;
    let run = bench.open(&sketch).await?;
    // A provider may find out before anything is tried.
    if let Err(error) = run.engine().plan(&Silent).await {
        return denied("planning", &error);
    }
    let report = run.attempt(&Silent, &Cancel::default()).await?;
    hold(!report.failed.is_empty(), || "nothing failed, although every write is refused".to_owned())?;
    for failed in &report.failed {
        denied(&failed.change.id.to_string(), &failed.error)?;
    }
    Ok(())
}

fn denied(what: &str, error: &Error) -> Checked {
    hold(error.kind() == ErrorKind::AccessDenied, || format!("the error for {what} is {error:?}"))?;
    // The reader has to know which permission to ask for.
    let named = error.context().iter().any(|(key, value)| *key == "operation" && !value.is_empty());
    hold(named, || format!("the error for {what} has no `operation` among its facts: {error:?}"))
}

/// More than one, so that a single lucky retry isn't enough; few, so that no sensible patience runs out.
const FAILURES: u32 = 3;

pub(super) async fn passing_failures_are_waited_out<F: Fixture>() -> Checked {
    for fault in [Fault::Throttle(FAILURES), Fault::Fail(FAILURES)] {
        let bench = Bench::<F>::fresh().await?;
        let sketch = bench.everything()?;
        let run = bench.open(&sketch).await?;
        // While reading, while making, while removing.
        for run in [run.clone(), run.revoked()] {
            need(bench.fixture.fault(fault).await, "fail or throttle requests")?;
            let fixture = bench.fixture.clone();
            let spy = Spy::before_first_change(run.provider.clone(), move || {
                let fixture = fixture.clone();
                Box::pin(async move {
                    // It could a moment ago.
                    let _ = fixture.fault(fault).await;
                })
            });
            let report = run.through(spy.clone()).attempt(&Silent, &Cancel::default()).await;
            if let Some(heard) = spy.heard().iter().find(|heard| !heard.kind.is_retryable()) {
                return found(format!("{fault:?} became an error that nobody retries: {}", heard.text));
            }
            let report = report?;
            hold(report.is_success(), || format!("{fault:?}: the apply was not finished: {report:?}"))?;
        }
    }
    Ok(())
}

pub(super) async fn slow_principals_are_waited_for<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    bench.apply(&sketch).await?;
    let wanted = bench.snapshot().await;
    bench.revoke(&sketch).await?;
    need(bench.fixture.fault(Fault::DelayPrincipals).await, "let new principals be unknown for a while")?;
    bench.apply(&sketch).await?;
    bench.same(&wanted, "the world is another than without delays").await
}
