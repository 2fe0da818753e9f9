//! What a platform is told, beside AWS: by annotations, by Flyte admin, and by settings.

use cloudgrant_robustness::Doing;
use cloudgrant_robustness::beside_edits::Delivery;
use cloudgrant_robustness::faults::seeds;
use cloudgrant_robustness::output::say;
use cloudgrant_robustness::told::{faults, killed_everywhere, late_writes};

/// How many seeds each delivery tries.
const USUAL: u64 = 8;

const ALL: [Doing; 3] = [Doing::Apply, Doing::Change, Doing::Revoke];

macro_rules! told {
    ($($name:ident: $delivery:expr;)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_run_that_is_stopped_at_any_request_to_the_platform_goes_on() {
                for doing in ALL {
                    let points = killed_everywhere($delivery, doing).await;
                    assert!(points >= 8, "{doing:?}: only {points}");
                    say(&format!("{:?}, {doing:?}: stopped at {points} points, all converge", $delivery));
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_write_that_is_carried_out_late_makes_no_report_false() {
                for doing in ALL {
                    let writes = late_writes($delivery, doing).await;
                    say(&format!("{:?}, {doing:?}: each of {writes} writes was late, all converge", $delivery));
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn faults_end_well_or_are_told_truthfully() {
                let seeds = seeds(USUAL);
                let count = seeds.len();
                let good = faults($delivery, seeds).await;
                say(&format!("{:?}: {count} seeds, {good} ended well by themselves, all converge", $delivery));
            }
        })*
    };
}

told! {
    by_annotations: Delivery::Kubernetes;
    by_flyte_admin: Delivery::Admin;
    by_settings: Delivery::Settings;
}
