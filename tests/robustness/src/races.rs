//! Several write at the same time.
//!
//! `ROBUSTNESS_ROUNDS=N` runs so many rounds, `ROBUSTNESS_ROUND=N` one alone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloudgrant_core::{Error, ErrorKind, Report, Result, Settings};
use futures_util::stream::{self, StreamExt};

use crate::cloud::{Cloud, Losses, Manifests, State, differences};
use crate::random::Random;
use crate::world::{World, settings};

/// How many rounds are played at a time.
const AT_A_TIME: usize = 6;

/// No round takes longer than this.
const LONGEST: Duration = Duration::from_secs(600);

/// No run takes longer than this, on a busy machine either: who is cut off in its middle puts nothing back.
const LONGEST_RUN: Duration = Duration::from_secs(250);

/// The longest pause between two edits of a person, or between two runs.
const PAUSE: Duration = Duration::from_millis(60);

/// The same where a person is in haste: faster than a run writes, looks, and puts back.
const HASTE: Duration = Duration::from_millis(2);

/// Who races.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Race {
    /// The same stack with the same manifest, twice.
    Twins,
    /// The same stack with two manifests.
    Versions,
    /// Two stacks that have parts in the same things.
    Neighbours,
    /// One stack comes where another goes.
    ComingAndGoing,
    /// One stack, and a person.
    Person,
}

const RACES: [Race; 5] = [Race::Twins, Race::Versions, Race::Neighbours, Race::ComingAndGoing, Race::Person];

/// What came of it.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many rounds.
    pub rounds: usize,
    /// How many runs were told that the cloud had changed since their plan was made.
    pub stale: usize,
    /// How many runs found at their end that something of theirs was undone.
    pub undone: usize,
    /// Why runs failed otherwise.
    pub failed: Vec<(ErrorKind, String)>,
    /// For each write of a document without a version token, how long its writer hadn't looked at it.
    pub windows: Vec<Duration>,
    /// The person's losses.
    pub losses: Losses,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl Summary {
    /// The window that is as long as so many of a hundred, or longer.
    pub fn window(&self, of_hundred: usize) -> Duration {
        let at = self.windows.len() * of_hundred / 100;
        self.windows.get(at.min(self.windows.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// How many of a hundred of the person's edits were lost in the end, in the window. None where there were too few for
    /// such a figure.
    pub fn lost_share(&self) -> Option<f64> {
        (self.losses.writes >= 100).then(|| share(self.losses.in_window.len(), self.losses.writes))
    }

    fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.stale += other.stale;
        self.undone += other.undone;
        self.failed.extend(other.failed);
        self.windows.extend(other.windows);
        self.losses.add(other.losses);
    }

    /// What a run said that it couldn't put back, or had no right to any more.
    fn told(result: &Result<Report>) -> Vec<String> {
        let (errors, applied): (Vec<&Error>, _) = match result {
            Ok(report) => (report.failed.iter().map(|failed| &failed.error).collect(), report.applied.as_slice()),
            Err(error) => (vec![error], [].as_slice()),
        };
        let facts = errors.into_iter().flat_map(|error| error.context());
        let facts =
            facts.filter(|(key, _)| ["overwritten", "meanwhile", "earlier"].contains(key)).map(|(_, what)| what);
        let remarks = applied.iter().flat_map(|applied| &applied.outcome.remarks);
        facts
            .chain(remarks)
            .filter(|what| what.contains("should have") || what.contains("should not have"))
            .cloned()
            .collect()
    }

    fn note(&mut self, result: &Result<Report>) {
        match result {
            Ok(report) if report.is_success() => {}
            Ok(report) if report.is_complete() => self.undone += 1,
            Err(error) if error.kind() == ErrorKind::PlanStale => self.stale += 1,
            Ok(report) => self.failed.extend(report.failed.iter().map(|failed| why(&failed.error))),
            Err(error) => self.failed.push(why(error)),
        }
    }
}

fn why(error: &Error) -> (ErrorKind, String) {
    (error.kind(), error.to_string())
}

/// How a run ended, in a few lines.
fn ended(result: &Result<Report>) -> String {
    match result {
        Ok(report) => {
            let failed: Vec<_> =
                report.failed.iter().map(|failed| format!("{}: {:?}", failed.change.id, failed.error)).collect();
            let unverified: Vec<_> = report.unverified.iter().map(|change| change.id.to_string()).collect();
            format!("{} applied, failed: {failed:#?}, unverified: {unverified:#?}", report.applied.len())
        }
        Err(error) => format!("{error:?}"),
    }
}

fn share(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, stale, undone, failed, losses, .. } = self;
        let seconds = self.elapsed.as_secs_f64();
        writeln!(f, "{rounds} rounds in {seconds:.1} s: {stale} stale plans, {undone} runs undone at their end")?;
        // One of each kind says enough.
        let mut kinds: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        for (kind, why) in failed {
            kinds.entry(format!("{kind:?}")).or_insert((0, why)).0 += 1;
        }
        writeln!(f, "failed otherwise: {} changes or runs, {kinds:?}", failed.len())?;
        writeln!(
            f,
            "a person's {} edits of what has no version token: {} missing for a time; overwritten in the window: {} \
             mended by the person ({:.2} %), {} lost in the end ({:.2} %); lost where nobody could write any more, and told: {}; \
             lost for any other reason: none",
            losses.writes,
            losses.for_a_time,
            losses.mended,
            share(losses.mended, losses.writes),
            losses.in_window.len(),
            share(losses.in_window.len(), losses.writes),
            losses.told.len(),
        )?;
        write!(
            f,
            "the window, from our last reading to our write, {} writes: median {:?}, 9 of 10 within {:?}, longest {:?}",
            self.windows.len(),
            self.window(50),
            self.window(90),
            self.window(100),
        )
    }
}

/// The rounds that the environment asks for, or so many.
///
/// # Panics
/// The environment asks for something that is no number.
pub fn rounds(usual: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a whole number"));
    match number("ROBUSTNESS_ROUND") {
        Some(round) => vec![round],
        None => (1..=number("ROBUSTNESS_ROUNDS").unwrap_or(usual)).collect(),
    }
}

/// Plays rounds.
///
/// # Panics
/// Something foreign is lost that need not be, or the wishes don't hold in the end; the message has the rounds.
pub async fn play(cloud: &'static dyn Cloud, rounds: Vec<u64>) -> Summary {
    let begun = Instant::now();
    let stage = Stage::set(cloud).await;
    let results = stream::iter(rounds).map(|round| {
        let stage = &stage;
        async move {
            let result = tokio::time::timeout(LONGEST, self::round(cloud, stage, round)).await;
            let result = result.unwrap_or_else(|_| Err("it never ended".to_owned()));
            result.map_err(|wrong| format!("ROBUSTNESS_ROUND={round}: {wrong}"))
        }
    });
    let (mut summary, mut wrong) = (Summary::default(), Vec::new());
    for result in results.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await {
        match result {
            Ok(round) => summary.add(round),
            Err(what) => wrong.push(what),
        }
    }
    assert!(wrong.is_empty(), "{} rounds are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    summary.windows.sort_unstable();
    summary.elapsed = begun.elapsed();
    summary
}

/// How long our writers haven't looked at what they replace, where nobody else is busy and a round trip takes that long.
/// The second figure is what it would be without the reading beside the write.
///
/// # Panics
/// A run fails.
pub async fn windows(cloud: &'static dyn Cloud, round_trip: Duration) -> [Vec<Duration>; 2] {
    let manifests = cloud.manifests();
    let world = World::start(cloud, None).await;
    cloud.plant(&world).await;
    world.turn(&format!("latency={}ms", round_trip.as_millis())).await;
    for _ in 0..6 {
        apply_alone(&world, &manifests.small).await;
        apply_alone(&world, &manifests.small_changed).await;
    }
    let log = world.log().await;
    let mut windows = [cloud.windows(&log, 1), cloud.windows(&log, 2)];
    windows.iter_mut().for_each(|windows| windows.sort_unstable());
    windows
}

/// Where rounds begin, and where each race ends if its runs come one after the other.
struct Stage {
    manifests: Manifests,
    planted: tempfile::TempDir,
    left: tempfile::TempDir,
    small: State,
    changed: State,
    both: State,
    other: State,
}

impl Stage {
    async fn set(cloud: &'static dyn Cloud) -> Self {
        let manifests = cloud.manifests();
        let world = World::start(cloud, None).await;
        cloud.plant(&world).await;
        let planted = world.stop().await;
        let world = World::start(cloud, Some(planted.path())).await;
        apply_alone(&world, &manifests.small).await;
        let small = world.state();
        let left = world.stop().await;
        let world = World::start(cloud, Some(left.path())).await;
        apply_alone(&world, &manifests.small_changed).await;
        let changed = world.state();
        let world = World::start(cloud, Some(left.path())).await;
        apply_alone(&world, &manifests.other).await;
        let both = world.state();
        let world = World::start(cloud, Some(planted.path())).await;
        apply_alone(&world, &manifests.other).await;
        Self { manifests, planted, left, small, changed, both, other: world.state() }
    }
}

async fn apply_alone(world: &World, manifest: &str) {
    World::converge(&world.session(manifest, settings(), Vec::new()).await.engine()).await;
}

/// One round: a race, with a person in it most of the time, then one more run of each stack.
async fn round(cloud: &'static dyn Cloud, stage: &Stage, round: u64) -> std::result::Result<Summary, String> {
    let mut random = Random::new(round);
    let race = RACES[usize::try_from(round).unwrap_or_default() % RACES.len()];
    let begins_with_left = matches!(race, Race::Versions | Race::ComingAndGoing);
    let folder = if begins_with_left { &stage.left } else { &stage.planted };
    let world = Arc::new(World::start(cloud, Some(folder.path())).await);
    world.turn(&format!("latency={}ms", random.below(4))).await;
    let stop = Arc::new(AtomicBool::new(false));
    let person = (race == Race::Person || random.below(3) > 0).then(|| {
        let (world, stop, mut random) = (world.clone(), stop.clone(), random.clone());
        async move {
            let mut person = cloud.person(&world).await;
            let hasty = random.below(3) == 0;
            while !stop.load(Ordering::Relaxed) {
                person.edit(&mut random).await;
                let longest = if hasty && random.below(3) > 0 { HASTE } else { PAUSE };
                tokio::time::sleep(random.time(longest)).await;
            }
            person
        }
    });
    let person = person.map(tokio::spawn);
    let manifests = &stage.manifests;
    let (one, two) = match race {
        Race::Twins => ((&manifests.small, false), Some((&manifests.small, false))),
        Race::Versions => ((&manifests.small_changed, false), Some((&manifests.small, false))),
        Race::Neighbours => ((&manifests.small, false), Some((&manifests.other, false))),
        Race::ComingAndGoing => ((&manifests.small, true), Some((&manifests.other, false))),
        Race::Person => ((&manifests.small, false), None),
    };
    let pause = random.time(PAUSE);
    let first = run(&world, one.0, one.1);
    let second = async {
        let (manifest, revoke) = two?;
        tokio::time::sleep(pause).await;
        Some(run(&world, manifest, revoke).await)
    };
    let (first, second) = tokio::join!(first, second);
    let mut summary = Summary { rounds: 1, ..Summary::default() };
    let mut told = Vec::new();
    for result in [Some(&first), second.as_ref()].into_iter().flatten() {
        summary.note(result);
        told.extend(Summary::told(result));
    }
    stop.store(true, Ordering::Relaxed);
    let mut person = match person {
        Some(person) => Some(person.await.map_err(|error| format!("the person: {error}"))?),
        None => None,
    };
    if let Some(person) = &mut person {
        person.let_go().await;
    }
    // One more run each, one after the other.
    let mut more = vec![one];
    more.extend(two.filter(|_| matches!(race, Race::Neighbours | Race::ComingAndGoing)));
    for (manifest, revoke) in more {
        match run(&world, manifest, revoke).await {
            Ok(report) if report.is_success() => {}
            other => return Err(format!("{race:?}: one more run failed: {other:#?}")),
        }
    }
    let mut state = world.state();
    summary.windows = cloud.windows(&world.log().await, 1);
    if let Some(person) = person {
        summary.losses = person.losses(&state, &world.log().await, &told);
        if !summary.losses.inexcusable.is_empty() {
            let ended = [Some(&first), second.as_ref()].map(|result| result.map(ended));
            let lost = &summary.losses.inexcusable;
            return Err(format!(
                "{race:?}: something foreign is lost: {lost:#?}\ntold: {told:#?}\nthe runs: {ended:#?}"
            ));
        }
        state = person.without(state);
    }
    let wrong = match race {
        Race::Twins | Race::Person => differences(&stage.small, &state),
        Race::Versions => differences(&stage.changed, &state),
        Race::Neighbours => differences(&cloud.whoever_made_it(stage.both.clone()), &cloud.whoever_made_it(state)),
        Race::ComingAndGoing => differences(&stage.other, &state),
    };
    if wrong.is_empty() { Ok(summary) } else { Err(format!("{race:?} ended elsewhere:\n{}", wrong.join("\n"))) }
}

async fn run(world: &World, manifest: &str, revoke: bool) -> Result<Report> {
    let settings = Settings { settle: Duration::from_secs(2), ..settings() };
    let session = world.session(manifest, settings, Vec::new()).await;
    let engine = if revoke { session.engine_without(None)? } else { session.engine() };
    match tokio::time::timeout(LONGEST_RUN, World::run(&engine)).await {
        Ok(result) => result.map(|(_, report)| report),
        Err(_) => Err(Error::new(ErrorKind::Unexpected, "a run never ended")),
    }
}
