//! Levels that come to more or less than they say.

use cloudgrant_core::{Inexact, Object, Resource, ResourceKind, ResourceName, Scope};

use crate::bench::{Bench, Sketch};
use crate::fixture::Fixture;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn inexact_levels_are_told<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let mut without_sample = Vec::new();
    for inexact in bench.capabilities().inexact_levels() {
        let Inexact { kind, access, .. } = inexact;
        let what = format!("`{access}` on {}", kind.with_article());
        hold(!(inexact.gains.is_empty() && inexact.loses.is_empty()), || {
            format!("{what} is declared as inexact without saying in what")
        })?;
        let for_nodes = *kind == ResourceKind::REGISTRY && bench.capabilities().registry_levels().contains(access);
        let for_tasks = bench.capabilities().levels(*kind).contains(access);
        hold(for_tasks || for_nodes, || format!("{what} is declared as inexact, and not declared at all"))?;
        if for_tasks {
            match (bench.scopes().into_iter().next(), sample(&bench, inexact)) {
                (Some(scope), Some(at)) => granted(&bench, inexact, &scope, at, &what).await?,
                _ => without_sample.push(what.clone()),
            }
        }
        if for_nodes {
            match bench.registries.first() {
                Some(locator) => {
                    let sketch = Sketch::new().registry(bench.id(), 0, locator, *access);
                    told(&bench, &sketch, inexact, &what).await?;
                }
                None => without_sample.push(format!("{what} for infrastructure")),
            }
        }
    }
    if bench.capabilities().inexact_levels().is_empty() {
        return skip("the provider declares every level as exact");
    }
    if without_sample.is_empty() {
        return Ok(());
    }
    skip(format!("the fixture has no sample for {}; the rest is told", without_sample.join(", ")))
}

/// Of the fixture's resources, the first on which the level is inexact: on some, it may be exact.
fn sample<F: Fixture>(bench: &Bench<F>, inexact: &Inexact) -> Option<usize> {
    bench.resources.iter().position(|(locator, _)| {
        let name = ResourceName::parse("sample").ok();
        let located = (bench.registration.parse_locator)(locator).ok();
        let resource = name.zip(located).map(|(name, (kind, locator))| Resource { name, kind, locator, force: false });
        resource.is_some_and(|resource| bench.capabilities().inexact_on(&resource, inexact.access) == Some(inexact))
    })
}

async fn granted<F: Fixture>(bench: &Bench<F>, inexact: &Inexact, scope: &Scope, at: usize, what: &str) -> Checked {
    let sketch = Sketch::new().grant("inexact", scope, &[(at, inexact.access)]);
    let loose = told(bench, &sketch, inexact, what).await?;
    let precise = sketch.precisely();
    if inexact.precisely {
        let run = bench.open(&precise).await?;
        hold(run.plan().await?.notes.iter().all(|note| !note.message.contains(&inexact.effect())), || {
            format!("{what} is said to be precise, and told to be inexact")
        })?;
        return hold(run.desired().await?.objects != loose, || {
            format!("{what} comes to the same with `precise: true`, though that is said to give exactly the level")
        });
    }
    let (_, intents, problems) = bench.read(&precise)?;
    let refused = problems.iter().any(|problem| problem.path.ends_with(".precise") && problem.hint.is_some());
    hold(refused && intents.grants.is_empty(), || {
        format!("{what} can't be precise, and `precise: true` is not refused: {problems:?}")
    })
}

/// The plan must say it; gives what is desired.
async fn told<F: Fixture>(bench: &Bench<F>, sketch: &Sketch, inexact: &Inexact, what: &str) -> Checked<Vec<Object>> {
    let run = bench.open(sketch).await?;
    let plan = run.plan().await?;
    let times = plan.notes.iter().filter(|note| note.message.contains(&inexact.effect())).count();
    if times != 1 {
        return found(format!("the plan says {times} times that {what} {}: {:?}", inexact.effect(), plan.notes));
    }
    Ok(run.desired().await?.objects)
}
