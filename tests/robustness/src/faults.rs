//! Faults from seeds.
//!
//! A seed says what is done, how much goes wrong, how many changes are under way at a time, and when somebody interrupts.
//! Which request meets which fault follows from the seed and the request's sequence number; with several at a time, the
//! order in which they come is the machine's. `ROBUSTNESS_SEED=N` tries one seed alone, `ROBUSTNESS_SEEDS=N` so many.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudgrant_core::{Approval, Cancel, Settings, Silent};
use futures_util::stream::{self, StreamExt};

use crate::cloud::{Cloud, Doing, differences};
use crate::random::Random;
use crate::truth;
use crate::world::{Stage, World, settings};

/// How many seeds are tried at a time: they mostly wait.
const AT_A_TIME: usize = 12;

/// How long a client waits for an answer, in seconds.
pub(crate) const TIMEOUT: f64 = 0.4;

/// How late the late ones are: after the client has given up, and before it has waited for as long once more.
pub(crate) const LATENESS: Duration = Duration::from_millis(600);

/// What a seed stands for.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// What is done.
    pub doing: Doing,
    /// The sandbox's knobs.
    pub knobs: String,
    /// How many changes are under way at a time.
    pub concurrency: usize,
    /// When somebody interrupts, counted from the approval.
    pub cancel: Option<Duration>,
}

impl Trial {
    /// What a seed stands for.
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let doing = *random.pick(&[Doing::Apply, Doing::Change, Doing::Revoke]);
        let concurrency = *random.pick(&[1, 4, 16]);
        let cancel = (random.below(4) == 0).then(|| random.time(Duration::from_millis(600)));
        let all = 0.3 * random.share();
        // The faults of which nothing comes quickly are rarer, or runs would only wait.
        let weights = [
            ("throttle", 3.0),
            ("errors", 3.0),
            ("drop", 3.0),
            ("cut", 3.0),
            ("garbage", 2.0),
            ("hang", 0.6),
            ("late", 0.6),
        ];
        let drawn: Vec<_> = weights.iter().map(|(name, weight)| (*name, weight * random.share())).collect();
        let sum: f64 = drawn.iter().map(|(_, weight)| weight).sum();
        let shares: Vec<_> = drawn.iter().map(|(name, weight)| format!("{name}={:.4}", all * weight / sum)).collect();
        let replication = *random.pick(&[0, 100, 400]);
        let knobs =
            format!("seed={seed},{},lateness={}ms,replication={replication}ms", shares.join(","), LATENESS.as_millis());
        Self { seed, doing, knobs, concurrency, cancel }
    }
}

/// What came of one seed, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// All was made, and seen.
    Success,
    /// All was made, and could not be seen, or not in time.
    Unseen,
    /// Somebody interrupted.
    Cancelled,
    /// Some changes failed.
    Failed,
    /// There was no plan, or it was outdated.
    NothingBegun,
}

/// What came of it.
#[derive(Debug)]
pub struct Summary {
    /// How often it ended in which way.
    pub endings: BTreeMap<Ending, usize>,
    /// How many requests the sandbox got.
    pub requests: u64,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endings, requests, elapsed } = self;
        let count: usize = endings.values().sum();
        write!(f, "{count} seeds, {requests} requests: {endings:?}; all converge; {:.1} s", elapsed.as_secs_f64())
    }
}

/// The seeds that the environment asks for, or so many.
///
/// # Panics
/// The environment asks for something that is no number.
pub fn seeds(usual: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a whole number"));
    match number("ROBUSTNESS_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("ROBUSTNESS_SEEDS").unwrap_or(usual)).collect(),
    }
}

/// Tries seeds.
///
/// # Panics
/// A run ends in a way in which none may; the message has the seeds.
pub async fn from_seeds(cloud: &'static dyn Cloud, seeds: Vec<u64>) -> Summary {
    let begun = Instant::now();
    let stages = Arc::new([
        Stage::set(cloud, Doing::Apply).await,
        Stage::set(cloud, Doing::Change).await,
        Stage::set(cloud, Doing::Revoke).await,
    ]);
    let count = seeds.len();
    let results = stream::iter(seeds).map(|seed| {
        let stages = stages.clone();
        // A task each, so that all cores take part.
        let attempt = tokio::spawn(async move {
            let trial = Trial::of(seed);
            let stage = stages.iter().find(|stage| stage.doing == trial.doing).expect("a stage for each");
            let result = attempt(cloud, stage, &trial).await;
            result.map_err(|wrong| format!("ROBUSTNESS_SEED={seed} {trial:?}:\n{}", wrong.join("\n")))
        });
        async move { attempt.await.unwrap_or_else(|error| Err(format!("ROBUSTNESS_SEED={seed}: {error}"))) }
    });
    let (mut endings, mut requests, mut wrong) = (BTreeMap::new(), 0, Vec::new());
    for result in results.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await {
        match result {
            Ok((ending, sent)) => {
                *endings.entry(ending).or_default() += 1;
                requests += sent;
            }
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{} of {count} seeds are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    Summary { endings, requests, elapsed: begun.elapsed() }
}

async fn attempt(cloud: &'static dyn Cloud, stage: &Stage, trial: &Trial) -> Result<(Ending, u64), Vec<String>> {
    let world = World::start(cloud, Some(stage.before.path())).await;
    let patience = Duration::from_secs(3);
    let settings = Settings { concurrency: trial.concurrency, patience, settle: patience, ..settings() };
    let engine = world.engine(trial.doing, settings, vec![cloud.request_timeout(TIMEOUT)]).await;
    world.turn(&trial.knobs).await;
    let mut wrong = Vec::new();
    let ending = disturbed(cloud, &world, &engine, trial, &mut wrong).await;
    world.turn("").await;
    // What comes late has come by then.
    tokio::time::sleep(LATENESS + Duration::from_millis(50)).await;
    match World::run(&world.engine(trial.doing, crate::world::settings(), Vec::new()).await).await {
        Ok((_, report)) if report.is_success() => {}
        Ok((_, report)) => wrong.push(format!("one more run without faults failed: {report:#?}")),
        Err(error) => wrong.push(format!("one more run without faults failed: {error:?}")),
    }
    wrong.extend(differences(&stage.after, &world.state()));
    let counts: serde_json::Value =
        serde_json::from_str(&world.ask("GET", "/_sandbox/requests", "").await).unwrap_or_default();
    if wrong.is_empty() { Ok((ending, counts["total"].as_u64().unwrap_or_default())) } else { Err(wrong) }
}

async fn disturbed(
    cloud: &dyn Cloud,
    world: &World,
    engine: &cloudgrant_core::Engine,
    trial: &Trial,
    wrong: &mut Vec<String>,
) -> Ending {
    let before = world.state();
    let untouched = |wrong: &mut Vec<String>| {
        wrong.extend(
            differences(&before, &world.state()).into_iter().map(|what| format!("nothing was to begin: {what}")),
        );
        Ending::NothingBegun
    };
    let plan = match engine.plan(&Silent).await {
        Ok(plan) => plan,
        Err(error) if error.kind().is_retryable() => return untouched(wrong),
        Err(error) => {
            wrong.push(format!("planning failed for good: {error:?}"));
            return Ending::NothingBegun;
        }
    };
    let cancel = Cancel::default();
    if let Some(after) = trial.cancel {
        let cancel = cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            cancel.cancel();
        });
    }
    let report = match engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &cancel).await {
        Ok(report) => report,
        Err(error) if error.kind().is_retryable() => return untouched(wrong),
        Err(error) => {
            wrong.push(format!("applying failed for good: {error:?}"));
            return Ending::NothingBegun;
        }
    };
    wrong.extend(truth::lies(cloud, &plan, &report, &world.state()));
    for failed in report.failed.iter().filter(|failed| !failed.error.kind().is_retryable()) {
        wrong.push(format!("{} failed for good: {:?}", failed.change.id, failed.error));
    }
    if report.failed.is_empty() && !report.remaining.is_empty() && !report.cancelled {
        wrong.push("something remains for no reason".to_owned());
    }
    if report.is_success() {
        Ending::Success
    } else if report.cancelled {
        Ending::Cancelled
    } else if report.is_complete() {
        Ending::Unseen
    } else {
        Ending::Failed
    }
}
