//! Every proof, for one cloud.

/// All proofs as tests, for a [`Cloud`](crate::Cloud): one call in a file of its own in `tests/`.
#[macro_export]
macro_rules! proofs {
    ($cloud:expr) => {
        const PROGRAM: &str = env!("CARGO_BIN_EXE_cloudgrant-under-test");

        async fn killed_everywhere(doing: $crate::Doing) {
            let summary = $crate::crashes::everywhere(&$cloud, ::std::path::Path::new(PROGRAM), doing).await;
            $crate::output::say(&format!("{doing:?}: {summary}"));
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn an_apply_that_is_killed_anywhere_goes_on() {
            killed_everywhere($crate::Doing::Apply).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn a_change_that_is_killed_anywhere_goes_on() {
            killed_everywhere($crate::Doing::Change).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn a_revoke_that_is_killed_anywhere_goes_on() {
            killed_everywhere($crate::Doing::Revoke).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn faults_end_well_or_are_told_truthfully() {
            let summary = $crate::faults::from_seeds(&$cloud, $crate::faults::seeds(100)).await;
            $crate::output::say(&summary.to_string());
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn a_request_that_is_carried_out_late_makes_no_report_false() {
            for doing in [$crate::Doing::Apply, $crate::Doing::Change, $crate::Doing::Revoke] {
                let summary = $crate::late::everywhere(&$cloud, doing).await;
                $crate::output::say(&format!("{doing:?}: {summary}"));
            }
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn races_lose_nothing_that_can_be_kept() {
            let summary = $crate::races::play(&$cloud, $crate::races::rounds(100)).await;
            $crate::output::say(&summary.to_string());
            assert!(summary.lost_share().is_none_or(|share| share < 5.0), "too much is lost in the window");
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn the_reading_beside_a_write_makes_the_window_smaller_than_a_round_trip() {
            let round_trip = ::std::time::Duration::from_millis(100);
            let [window, without] = $crate::races::windows(&$cloud, round_trip).await.map(|windows| windows[windows.len() / 2]);
            $crate::output::say(&format!(
                "a round trip of {round_trip:?}: the window is {window:?} (median), and {without:?} without the reading beside the write"
            ));
            // How much smaller, only a machine with nothing else to do can say.
            assert!(window < without && without >= round_trip, "{window:?} {without:?}");
        }
    };
}
