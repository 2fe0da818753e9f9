//! The program is killed before and after each of its requests, and run again.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};

use crate::cloud::{Cloud, Doing, differences};
use crate::process::Sandbox;
use crate::world::{self, Stage, copy};

/// How many points are tried at a time.
const AT_A_TIME: usize = 6;

/// One in so many points may not be reached: writes that go side by side share a reading in one run and not in another, so that runs differ
/// by a few requests.
const FEW: usize = 20;

/// What came of it.
#[derive(Debug)]
pub struct Summary {
    /// How many requests an undisturbed run sends.
    pub requests: u64,
    /// At how many points the program was killed.
    pub points: usize,
    /// At how many it wasn't, as that run had ended before.
    pub unreached: usize,
    /// How long all of it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, points, unreached, elapsed } = self;
        let seconds = elapsed.as_secs_f64();
        write!(
            f,
            "{requests} requests, killed at {points} points, {unreached} not reached, all converge; {seconds:.1} s"
        )
    }
}

/// Kills the program at every point of what it does, and expects that a second run always comes to the same end.
///
/// # Panics
/// It doesn't; the message names the points.
pub async fn everywhere(cloud: &'static dyn Cloud, program: &Path, doing: Doing) -> Summary {
    let begun = Instant::now();
    let stage = Arc::new(Stage::set(cloud, doing).await);
    let (requests, sandbox_end) = undisturbed(cloud, program, &stage).await;
    assert_eq!(sandbox_end, Vec::<String>::new(), "the process does what the library does");
    let points: Vec<_> = (1..=requests).flat_map(|request| [(request, false), (request, true)]).collect();
    let count = points.len();
    let results = stream::iter(points).map(|(request, carried_out)| {
        let (stage, program) = (stage.clone(), program.to_owned());
        let point = tokio::spawn(async move { point(cloud, &program, &stage, request, carried_out).await });
        async move {
            let (is_reached, wrong) = point.await.unwrap_or_else(|error| (false, vec![error.to_string()]));
            let when = if carried_out { "after" } else { "before" };
            let said = |what: String| format!("killed {when} request {request}: {what}");
            (is_reached, wrong.into_iter().map(said).collect::<Vec<_>>())
        }
    });
    let results: Vec<_> = results.buffer_unordered(AT_A_TIME).collect().await;
    let points = results.iter().filter(|(is_reached, _)| *is_reached).count();
    let wrong: Vec<String> = results.into_iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{} of {count} points are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let unreached = count - points;
    assert!(unreached * FEW <= count, "{unreached} of {count} points were never reached");
    Summary { requests, points, unreached, elapsed: begun.elapsed() }
}

fn prepared(cloud: &dyn Cloud, stage: &Stage) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let manifests = cloud.manifests();
    std::fs::write(folder.path().join("first.yaml"), manifests.first).expect("written");
    std::fs::write(folder.path().join("second.yaml"), manifests.second).expect("written");
    copy(stage.before.path(), &folder.path().join("state"));
    folder
}

async fn undisturbed(cloud: &'static dyn Cloud, program: &Path, stage: &Stage) -> (u64, Vec<String>) {
    let folder = prepared(cloud, stage);
    let sandbox = Sandbox::start(program, folder.path(), "").await;
    let client = sandbox.client(program, folder.path(), stage.doing);
    let mut wrong = succeeded(client).await;
    let requests = sandbox.requests().await;
    sandbox.end().await;
    wrong.extend(differences(&stage.after, &world::state(cloud, &folder.path().join("state"))));
    (requests, wrong)
}

/// Whether the point was reached, and what is wrong.
async fn point(
    cloud: &'static dyn Cloud,
    program: &Path,
    stage: &Stage,
    request: u64,
    carried_out: bool,
) -> (bool, Vec<String>) {
    let folder = prepared(cloud, stage);
    let knob = if carried_out { "hold-after" } else { "hold-before" };
    let sandbox = Sandbox::start(program, folder.path(), &format!("{knob}={request}")).await;
    let mut client = sandbox.client(program, folder.path(), stage.doing);
    let is_reached = sandbox.holds(request, carried_out, &mut client).await;
    let mut wrong = Vec::new();
    if is_reached {
        // SIGKILL: no destructor runs, nothing is flushed.
        client.kill().await.expect("killed");
        // Turning the knobs has nothing come of what is held.
        sandbox.ask("POST", "/_sandbox/knobs", "").await;
        wrong.extend(succeeded(sandbox.client(program, folder.path(), stage.doing)).await);
    } else {
        // It ended by itself, with fewer requests: then it is a run like the undisturbed one.
        wrong.extend(succeeded(client).await);
        let sent = sandbox.requests().await;
        if sent >= request {
            wrong.push(format!("it was never held, although {sent} requests came"));
        }
    }
    sandbox.end().await;
    wrong.extend(differences(&stage.after, &world::state(cloud, &folder.path().join("state"))));
    (is_reached, wrong)
}

async fn succeeded(client: tokio::process::Child) -> Vec<String> {
    let output = client.wait_with_output().await.expect("an end");
    if output.status.success() {
        return Vec::new();
    }
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    vec![format!("it ended with {}: {}{}", output.status, said(&output.stdout), said(&output.stderr))]
}
