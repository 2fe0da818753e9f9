//! What goes wrong.

use cloudgrant_core::{Cancel, ErrorKind, Silent};

use super::super::bench::{Bench, Sketch, is_named, pair, told_by};
use super::super::fixture::PlatformFixture;
use crate::fixture::{Fault, Hook};
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn refusals_name_the_object<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::pair();
    let before = bench.snapshot().await;
    if bench.fixture.fault(Fault::DenyWrites).await == Hook::Missing {
        return skip("the fixture can't refuse anything");
    }
    let report = bench.open(&sketch)?.attempt(&Silent, &Cancel::default()).await?;
    let told = told_by(&report);
    hold(told.is_empty(), || format!("writing is refused, and {told:?} is said to be told"))?;
    hold(!report.failed.is_empty(), || "writing is refused, and nothing fails".to_owned())?;
    for failed in &report.failed {
        let error = &failed.error;
        hold(error.kind() == ErrorKind::AccessDenied, || format!("the error is {:?}: {error:?}", error.kind()))?;
        let names =
            error.message().contains(&failed.change.id.name) || is_named(&pair(1, 1), &[error.message().to_owned()]);
        hold(names, || format!("the error doesn't say that it is about {}: {error:?}", failed.change.id))?;
        hold(error.hint_text().is_some(), || format!("the error doesn't say what to do: {error:?}"))?;
    }
    bench.same(&before, "writing was refused, and something was written").await
}

pub(super) async fn passing_failures_are_waited_out<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    bench.need_backend()?;
    let sketch = Sketch::everything();
    let empty = bench.snapshot().await;
    bench.apply(&sketch).await?;
    let whole = bench.snapshot().await;
    bench.revoke(&sketch).await?;
    for fault in [Fault::Throttle(4), Fault::Fail(4)] {
        for (revokes, expected) in [(false, &whole), (true, &empty)] {
            if bench.fixture.fault(fault).await == Hook::Missing {
                return skip("the fixture can't have anything fail for a while");
            }
            let run = bench.open(&sketch)?;
            let run = if revokes { run.revoked() } else { run };
            match run.attempt(&Silent, &Cancel::default()).await {
                Ok(report) if report.is_success() => {}
                Ok(report) => return found(format!("with {fault:?}, nobody retries: {:?}", report.failed)),
                Err(stop) => return found(format!("with {fault:?}, nobody retries: {stop:?}")),
            }
            bench.same(expected, &format!("with {fault:?}")).await?;
        }
    }
    Ok(())
}
