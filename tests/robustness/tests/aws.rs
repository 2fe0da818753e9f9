//! AWS.

use std::path::Path;
use std::time::Duration;

use cloudgrant_robustness::aws::Aws;
use cloudgrant_robustness::{Doing, crashes, faults, output, races};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cloudgrant-under-test");

async fn killed_everywhere(doing: Doing) {
    let summary = crashes::everywhere(&Aws, Path::new(PROGRAM), doing).await;
    output::say(&format!(
        "{doing:?}: {} requests, killed at {} points, all converge; {:.1} s",
        summary.requests,
        summary.points,
        summary.elapsed.as_secs_f64()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_apply_that_is_killed_anywhere_goes_on() {
    killed_everywhere(Doing::Apply).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_that_is_killed_anywhere_goes_on() {
    killed_everywhere(Doing::Change).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoke_that_is_killed_anywhere_goes_on() {
    killed_everywhere(Doing::Revoke).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn faults_end_well_or_are_told_truthfully() {
    let seeds = faults::seeds(100);
    let count = seeds.len();
    let summary = faults::from_seeds(&Aws, seeds).await;
    output::say(&format!(
        "{count} seeds, {} requests: {:?}; all converge; {:.1} s",
        summary.requests,
        summary.endings,
        summary.elapsed.as_secs_f64()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_lose_nothing_that_can_be_kept() {
    let summary = races::play(&Aws, races::rounds(100)).await;
    let (losses, share) = (&summary.losses, |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64);
    output::say(&format!(
        "{} rounds in {:.1} s: {} stale plans, {} runs undone at their end, {} failed: {:?}",
        summary.rounds,
        summary.elapsed.as_secs_f64(),
        summary.stale,
        summary.undone,
        summary.failed.len(),
        summary.failed.iter().take(3).collect::<Vec<_>>(),
    ));
    output::say(&format!(
        "a person's {} edits of the repository policy: {} missing for a time; overwritten in the window: {} mended by \
         the person ({:.2} %), {} lost in the end ({:.2} %); lost for any other reason: none",
        losses.writes,
        losses.for_a_time,
        losses.mended,
        share(losses.mended, losses.writes),
        losses.in_window.len(),
        share(losses.in_window.len(), losses.writes),
    ));
    output::say(&format!(
        "the window, from our last reading to our write, {} writes: median {:?}, 9 of 10 within {:?}, longest {:?}",
        summary.windows.len(),
        summary.window(50),
        summary.window(90),
        summary.window(100),
    ));
    assert!(
        losses.writes < 100 || share(losses.in_window.len(), losses.writes) < 5.0,
        "too much is lost in the window"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reading_beside_a_write_makes_the_window_smaller_than_a_round_trip() {
    let round_trip = Duration::from_millis(100);
    let [window, without] = races::windows(&Aws, round_trip).await.map(|windows| windows[windows.len() / 2]);
    output::say(&format!(
        "a round trip of {round_trip:?}: the window is {window:?} (median), and {without:?} without the reading beside the write"
    ));
    // How much smaller, only a machine with nothing else to do can say.
    assert!(window < without && without >= round_trip, "{window:?} {without:?}");
}
