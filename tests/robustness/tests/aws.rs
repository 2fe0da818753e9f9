//! AWS.

use std::path::Path;

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
    let seeds = faults::seeds(500);
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
    let summary = races::play(&Aws, races::rounds(200)).await;
    let losses = &summary.losses;
    output::say(&format!(
        "{} rounds in {:.1} s: {} stale plans, {} runs undone at their end, {} failed. A person's {} edits of the \
         repository policy: {} were missing for a time, {} were lost because a write came between somebody's last \
         reading and its write ({:.2} %), none for any other reason",
        summary.rounds,
        summary.elapsed.as_secs_f64(),
        summary.stale,
        summary.undone,
        summary.failed,
        losses.writes,
        losses.for_a_time,
        losses.in_window.len(),
        100.0 * losses.in_window.len() as f64 / losses.writes.max(1) as f64,
    ));
}
