//! Azure.

use std::path::Path;
use std::time::Duration;

use cloudgrant_robustness::azure::Azure;
use cloudgrant_robustness::{Doing, crashes, faults, late, output, races};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cloudgrant-under-test");

async fn killed_everywhere(doing: Doing) {
    let summary = crashes::everywhere(&Azure, Path::new(PROGRAM), doing).await;
    output::say(&format!("{doing:?}: {summary}"));
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
    let summary = faults::from_seeds(&Azure, faults::seeds(100)).await;
    output::say(&summary.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_is_carried_out_late_makes_no_report_false() {
    for doing in [Doing::Apply, Doing::Change, Doing::Revoke] {
        let summary = late::everywhere(&Azure, doing).await;
        output::say(&format!("{doing:?}: {summary}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn races_lose_nothing_that_can_be_kept() {
    let summary = races::play(&Azure, races::rounds(100)).await;
    output::say(&summary.to_string());
    assert!(summary.lost_share().is_none_or(|share| share < 5.0), "too much is lost in the window");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_reading_beside_a_write_makes_the_window_smaller_than_a_round_trip() {
    let round_trip = Duration::from_millis(100);
    let [window, without] = races::windows(&Azure, round_trip).await.map(|windows| windows[windows.len() / 2]);
    output::say(&format!(
        "a round trip of {round_trip:?}: the window is {window:?} (median), and {without:?} without the reading beside the write"
    ));
    // How much smaller, only a machine with nothing else to do can say.
    assert!(window < without && without >= round_trip, "{window:?} {without:?}");
}
