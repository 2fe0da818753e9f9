//! Each request is carried out late: after its client has given it up, and over what was written since.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudgrant_core::{Approval, Cancel, Settings, Silent};
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use crate::cloud::{Cloud, Doing, differences};
use crate::faults::{LATENESS, TIMEOUT};
use crate::random::Random;
use crate::truth;
use crate::world::{Stage, World, settings};

/// How many are tried at a time: they mostly wait.
const AT_A_TIME: usize = 12;

/// A round trip, so that what is sent first comes first.
const LATENCY: Duration = Duration::from_millis(20);

/// What came of it.
#[derive(Debug)]
pub struct Summary {
    /// How many requests an undisturbed run sends after its plan was made.
    pub requests: usize,
    /// How many runs ended well, although a request was late.
    pub successes: usize,
    /// How many runs said that something failed.
    pub told: usize,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, successes, told, elapsed } = self;
        write!(
            f,
            "{requests} requests, each late once where it is tried again and once where it isn't: {successes} runs \
             succeed, {told} say what failed, no report is false, all converge; {:.1} s",
            elapsed.as_secs_f64()
        )
    }
}

/// Has every request of what is done come late, one in each run, and holds the report against what is there once it has
/// come: one change at a time, so that others follow the late one; and once more where nothing is tried again.
///
/// # Panics
/// A report is false, or one more run doesn't come to the usual end; the message names the requests.
pub async fn everywhere(cloud: &'static dyn Cloud, doing: Doing) -> Summary {
    let begun = Instant::now();
    let stage = Arc::new(Stage::set(cloud, doing).await);
    let requests = undisturbed(cloud, &stage).await.len();
    let points = (1..=requests).flat_map(|request| [(request, true), (request, false)]);
    let results = stream::iter(points).map(|(request, tried_again)| {
        let stage = stage.clone();
        let point = tokio::spawn(async move { point(cloud, &stage, request, tried_again).await });
        async move {
            let result = point.await.unwrap_or_else(|error| Err(vec![error.to_string()]));
            result
                .map_err(|wrong| format!("request {request} is late, tried again: {tried_again}: {}", wrong.join("\n")))
        }
    });
    let results: Vec<_> = results.buffer_unordered(AT_A_TIME).collect().await;
    let wrong: Vec<_> = results.iter().filter_map(|result| result.as_ref().err().cloned()).collect();
    assert!(wrong.is_empty(), "{} of {} runs are wrong:\n{}", wrong.len(), results.len(), wrong.join("\n\n"));
    let successes = results.iter().filter(|result| **result == Ok(true)).count();
    Summary { requests, successes, told: results.len() - successes, elapsed: begun.elapsed() }
}

fn patient(tried_again: bool) -> Settings {
    let patience = if tried_again { Duration::from_secs(5) } else { Duration::ZERO };
    Settings { concurrency: 1, patience, ..settings() }
}

/// The requests of an undisturbed run after its plan was made, in the order in which they come.
async fn undisturbed(cloud: &'static dyn Cloud, stage: &Stage) -> Vec<Value> {
    let world = World::start(cloud, Some(stage.before.path())).await;
    world.turn(&format!("latency={}ms", LATENCY.as_millis())).await;
    let engine = world.engine(stage.doing, patient(true), Vec::new()).await;
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let planned = world.log().await.len();
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    assert!(report.is_ok_and(|report| report.is_success()), "an undisturbed run succeeds");
    let mut requests = world.log().await.split_off(planned);
    requests.sort_by_key(|request| request["sequence"].as_u64());
    requests
}

/// Whether the run succeeded.
async fn point(
    cloud: &'static dyn Cloud,
    stage: &Stage,
    request: usize,
    tried_again: bool,
) -> Result<bool, Vec<String>> {
    let world = World::start(cloud, Some(stage.before.path())).await;
    let engine = world.engine(stage.doing, patient(tried_again), vec![cloud.request_timeout(TIMEOUT)]).await;
    let latency = format!("latency={}ms", LATENCY.as_millis());
    world.turn(&latency).await;
    let plan = engine.plan(&Silent).await.map_err(|error| vec![format!("{error:?}")])?;
    world.turn(&format!("{latency},late-at={request},lateness={}ms", LATENESS.as_millis())).await;
    let result = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    // What comes late has come by then.
    tokio::time::sleep(LATENESS).await;
    let (mut wrong, mut success) = (Vec::new(), false);
    match result {
        Ok(report) => {
            success = report.is_success();
            wrong.extend(truth::lies(cloud, &plan, &report, &world.state()));
            if success {
                wrong.extend(differences(&stage.after, &world.state()));
            }
        }
        Err(error) if error.kind().is_retryable() => {}
        Err(error) => wrong.push(format!("applying failed for good: {error:?}")),
    }
    world.turn("").await;
    match World::run(&world.engine(stage.doing, settings(), Vec::new()).await).await {
        Ok((_, report)) if report.is_success() => {}
        Ok((_, report)) => wrong.push(format!("one more run without faults failed: {report:#?}")),
        Err(error) => wrong.push(format!("one more run without faults failed: {error:?}")),
    }
    wrong.extend(differences(&stage.after, &world.state()));
    if wrong.is_empty() { Ok(success) } else { Err(wrong) }
}

/// After how many seconds a write is given up beside which a person edits: enough for the edit, and for one more reading;
/// and enough for it once the machine has turned out to be busy with something else.
const LONG_TIMEOUTS: [f64; 3] = [1.5, 3.0, 6.0];

/// Has each write of documents without a version token, which the action names, come late, and a person edit the document
/// while it is under way, so that it overwrites the edit when it comes.
///
/// Returns how many writes there are.
///
/// # Panics
/// A run fails, or the person's edit isn't there in the end.
pub async fn beside_a_person(cloud: &'static dyn Cloud, action: &str) -> usize {
    let stage = Stage::set(cloud, Doing::Apply).await;
    let requests = undisturbed(cloud, &stage).await;
    let positions =
        (1..).zip(&requests).filter(|(_, request)| request["action"] == action).map(|(position, _)| position);
    let writes: Vec<usize> = positions.collect();
    let stage = &stage;
    let runs = (0..).zip(&writes).map(|(earlier, position)| async move {
        for timeout in LONG_TIMEOUTS {
            if overwritten(cloud, stage, action, earlier, *position, timeout).await {
                return;
            }
        }
        panic!("{action} {earlier} was given up each time before the person's edit was done");
    });
    futures_util::future::join_all(runs).await;
    writes.len()
}

/// How many requests have come, but for the late ones that are still to be carried out.
async fn total(world: &World) -> usize {
    let counts: Value = serde_json::from_str(&world.ask("GET", "/_sandbox/requests", "").await).expect("JSON");
    counts["total"].as_u64().map_or(0, |total| usize::try_from(total).unwrap_or_default())
}

/// Whether the person's edit was done while the write was under way and before it was given up, so that one more reading
/// shows the edit: then it must be there in the end. An edit that comes later is in the window.
async fn overwritten(
    cloud: &'static dyn Cloud,
    stage: &Stage,
    action: &str,
    earlier: u64,
    position: usize,
    timeout: f64,
) -> bool {
    let world = World::start(cloud, Some(stage.before.path())).await;
    // A write that is given up is waited for as long again.
    let settings = Settings { patience: Duration::from_secs_f64(timeout * 4.0), ..patient(true) };
    let engine = world.engine(stage.doing, settings, vec![cloud.request_timeout(timeout)]).await;
    let latency = format!("latency={}ms", LATENCY.as_millis());
    world.turn(&latency).await;
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let planned = total(&world).await;
    let lateness = Duration::from_secs_f64(timeout * 1.5).as_millis();
    world.turn(&format!("{latency},late-at={position},lateness={lateness}ms")).await;
    let person = async {
        // All that come before it have come, and it comes at once.
        while total(&world).await < planned + position - 1 {
            tokio::time::sleep(LATENCY / 4).await;
        }
        let begun = Instant::now();
        tokio::time::sleep(LATENCY).await;
        let (mut person, mut random) = (cloud.person_at(&world, action).await, Random::new(earlier));
        while person.losses(&world.state(), &[], &[]).writes == 0 {
            person.edit(&mut random).await;
        }
        let took = begun.elapsed();
        (person, took, world.log().await)
    };
    let cancel = Cancel::default();
    let applied = engine.apply(plan.approve(Approval::InAdvance), &Silent, &cancel);
    let (report, (person, took, log)) = tokio::join!(applied, person);
    assert!(report.as_ref().is_ok_and(|report| report.is_success()), "{action} {earlier}: {report:#?}");
    // One is the person's.
    let done = log.iter().filter(|line| line["action"] == action).count() as u64;
    if done != earlier + 1 || took.as_secs_f64() > timeout * 0.8 {
        return false;
    }
    assert_eq!(person.losses(&world.state(), &[], &[]).inexcusable, Vec::<String>::new(), "{action} {earlier}");
    let wrong = differences(&stage.after, &person.without(world.state()));
    assert_eq!(wrong, Vec::<String>::new(), "{action} {earlier}");
    true
}
