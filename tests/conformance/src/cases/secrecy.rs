//! Secrets.

use cloudgrant_core::{Approval, Cancel, Silent};

use crate::bench::Bench;
use crate::fixture::{Fault, Fixture, Hook};
use crate::spy::{Spy, everything};
use crate::verdict::{Checked, hold, skip};

pub(super) async fn secrets_stay_secret<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let Some(secret) = bench.fixture.secret() else { return skip("the fixture has no secret to look for") };
    let kept = |text: &str, place: &str| hold(!text.contains(&secret), || format!("the secret is in {place}"));

    let run = bench.open(&sketch).await?;
    kept(&format!("{:?}", run.provider), "the provider's Debug output")?;
    let desired = run.desired().await?;
    kept(&format!("{desired:?}"), "what is desired")?;
    let permissions = run.provider.grant_task_access(&run.intents.grants).await?;
    kept(&format!("{permissions:?}"), "what grants come to")?;
    for object in &desired.objects {
        kept(&run.provider.equivalent(object).join("\n"), &format!("the equivalent commands of {}", object.id))?;
    }
    let plan = run.plan().await?;
    kept(&format!("{plan:?}"), "the plan")?;

    // Errors are where secrets like to slip out: whole requests and answers end up in them.
    for fault in [Fault::Withhold, Fault::DenyWrites] {
        let bench = Bench::<F>::fresh().await?;
        if bench.fixture.fault(fault).await == Hook::Missing {
            continue;
        }
        let run = bench.open(&bench.everything()?).await?;
        let spy = Spy::new(run.provider.clone());
        let engine = run.through(spy.clone()).engine();
        let outcome = match engine.plan(&Silent).await {
            Ok(plan) => engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(report) => kept(&format!("{report:?}"), "the report of a failed apply")?,
            Err(error) => kept(&everything(&error), "an error")?,
        }
        for heard in spy.heard() {
            kept(&heard.text, "an error")?;
        }
    }
    run.apply().await?;
    let plan = run.revoked().plan().await?;
    kept(&format!("{plan:?}"), "the plan to revoke everything")
}
