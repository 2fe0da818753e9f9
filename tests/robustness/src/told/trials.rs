//! What goes wrong between a run and the platform that it tells.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::world::{Stage, World};
use crate::beside_edits::Delivery;
use crate::cloud::{Doing, differences};
use crate::random::Random;
use crate::world::{World as Cloud, settings};

/// How many are tried at a time.
const AT_A_TIME: usize = 4;

/// How late a late write is.
const LATENESS: Duration = Duration::from_millis(300);

/// Stops a run at every request to the platform, before it is carried out and after it, and expects that the next one always comes to
/// the same end. Says at how many.
///
/// # Panics
/// It doesn't; the message names the points.
pub async fn killed_everywhere(delivery: Delivery, doing: Doing) -> usize {
    let stage = Arc::new(Stage::set(delivery, doing).await);
    let (mut points, mut wrong) = (0, Vec::new());
    for carries_out in [false, true] {
        // So many at a time, until a run has come to its end before it was stopped.
        for first in (0..).step_by(AT_A_TIME) {
            let some = (first..).take(AT_A_TIME).map(|after| {
                let stage = stage.clone();
                tokio::spawn(async move { (after, killed(&stage, after, carries_out).await) })
            });
            let mut is_done = false;
            for result in futures_util::future::join_all(some).await {
                match result {
                    Ok((after, (was_stopped, found))) => {
                        points += usize::from(was_stopped);
                        is_done |= !was_stopped;
                        wrong.extend(found.into_iter().map(|what| format!("after {after} ({carries_out}): {what}")));
                    }
                    Err(error) => wrong.push(error.to_string()),
                }
            }
            if is_done || !wrong.is_empty() {
                break;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{delivery:?}, {doing:?}: {} of {points} points are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    points
}

/// Whether it was stopped, and what is wrong after one more run.
async fn killed(stage: &Stage, after: u64, carries_out: bool) -> (bool, Vec<String>) {
    let world = Arc::new(World::start(stage.delivery, Some(stage.before.path())).await);
    world.gate.stop_after(after, carries_out);
    // What runs in it, and all connections, end where they are.
    let process =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (of, doing) = (world.clone(), stage.doing);
    let run = process.spawn(async move {
        let engine = of.engine(doing, settings()).await;
        Cloud::run(&engine).await.is_ok_and(|(_, report)| report.is_success())
    });
    let (was_stopped, mut wrong) = tokio::select! {
        ended = run => {
            let is_success = ended.is_ok_and(|success| success);
            (false, Vec::from_iter((!is_success).then(|| "a run that nobody stopped failed".to_owned())))
        }
        () = world.gate.stopped() => (true, Vec::new()),
    };
    let ended = tokio::task::spawn_blocking(move || process.shutdown_timeout(Duration::from_secs(5)));
    ended.await.expect("it ends");
    // What it had sent to the cloud by then is carried out: nothing holds that.
    tokio::time::sleep(LATENESS).await;
    wrong.extend(world.settled(doing, &stage.after).await);
    (was_stopped, wrong)
}

/// Has every write of a run come late: its connection is lost, and it is carried out over what was written since. Says how many.
///
/// # Panics
/// A run that says that all is done isn't, or one more doesn't come to the usual end.
pub async fn late_writes(delivery: Delivery, doing: Doing) -> u64 {
    let stage = Stage::set(delivery, doing).await;
    for write in 0..stage.writes {
        let world = World::start(delivery, Some(stage.before.path())).await;
        let engine = world.engine(doing, settings()).await;
        world.gate.delay(write, LATENESS);
        let result = Cloud::run(&engine).await;
        // What comes late has come by then.
        tokio::time::sleep(LATENESS + Duration::from_millis(50)).await;
        let mut wrong = match result {
            Ok((_, report)) if report.is_success() => differences(&stage.after, &world.state()),
            Ok(_) => Vec::new(),
            Err(error) if error.kind().is_retryable() => Vec::new(),
            Err(error) => vec![format!("it failed for good: {error:?}")],
        };
        wrong.extend(world.settled(doing, &stage.after).await);
        assert!(wrong.is_empty(), "{delivery:?}, {doing:?}: write {write} is late: {}", wrong.join("\n"));
    }
    stage.writes
}

/// Tries seeds: which requests of both sandboxes go wrong, and how. Says how many runs came to a good end by themselves.
///
/// # Panics
/// A run says that all is done, and it isn't, or one more run without faults doesn't come to the usual end; the message has the seeds.
pub async fn faults(delivery: Delivery, seeds: Vec<u64>) -> usize {
    let mut stages = Vec::new();
    for doing in [Doing::Apply, Doing::Change, Doing::Revoke] {
        stages.push(Stage::set(delivery, doing).await);
    }
    let stages = Arc::new(stages);
    let count = seeds.len();
    let results = stream::iter(seeds).map(|seed| {
        let stages = stages.clone();
        let attempt = tokio::spawn(async move { attempt(&stages, seed).await });
        async move { attempt.await.unwrap_or_else(|error| Err(format!("ROBUSTNESS_SEED={seed}: {error}"))) }
    });
    let results: Vec<_> = results.buffer_unordered(AT_A_TIME).collect().await;
    let wrong: Vec<_> = results.iter().filter_map(|result| result.as_ref().err().cloned()).collect();
    assert!(wrong.is_empty(), "{delivery:?}: {} of {count} seeds are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    results.into_iter().filter(|result| *result == Ok(true)).count()
}

async fn attempt(stages: &[Stage], seed: u64) -> Result<bool, String> {
    let mut random = Random::new(seed);
    let stage = random.pick(stages);
    let all = 0.3 * random.share();
    // What hangs is left out: how long the platform is waited for, no manifest says.
    let weights = ["throttle", "errors", "drop", "cut", "garbage"].map(|name| (name, random.share()));
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let shares = weights.map(|(name, weight)| format!("{name}={:.4}", all * weight / sum)).join(",");
    let world = World::start(stage.delivery, Some(stage.before.path())).await;
    let patience = Duration::from_secs(3);
    let engine =
        world.engine(stage.doing, cloudgrant_core::Settings { patience, settle: patience, ..settings() }).await;
    world.turn(&format!("seed={seed},{shares}")).await;
    let result = Cloud::run(&engine).await;
    world.turn("").await;
    let (is_success, mut wrong) = match result {
        Ok((_, report)) if report.is_success() => (true, differences(&stage.after, &world.state())),
        Ok((_, report)) => {
            let for_good = report.failed.iter().filter(|failed| !failed.error.kind().is_retryable());
            (
                false,
                for_good.map(|failed| format!("{} failed for good: {:?}", failed.change.id, failed.error)).collect(),
            )
        }
        Err(error) if error.kind().is_retryable() => (false, Vec::new()),
        Err(error) => (false, vec![format!("it failed for good: {error:?}")]),
    };
    wrong.extend(world.settled(stage.doing, &stage.after).await);
    match wrong.is_empty() {
        true => Ok(is_success),
        false => Err(format!("ROBUSTNESS_SEED={seed} {:?} {shares}:\n{}", stage.doing, wrong.join("\n"))),
    }
}
