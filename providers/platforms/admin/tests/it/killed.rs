//! Killed at every request, carried out or not: the next run makes of it what was asked for.

use cloudgrant_platform_tests::between::killed;
use serde_json::json;

use crate::deployment::{Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _};

const VISION: &str = "vision/production";
const FORECASTING: &str = "forecasting/production";

#[tokio::test]
async fn a_run_that_is_killed_at_any_request_is_made_good_by_the_next() {
    let flyte = Deployment::start().await;
    let before = json!({ VISION: { "quota": "4" } });
    flyte.put(VISION, json!({ "quota": "4" })).await;
    for revokes in [false, true] {
        for carries_out in [false, true] {
            let mut after = 0;
            loop {
                if revokes {
                    assert!(Run::of(&flyte).apply().await.is_success());
                }
                let work = async |endpoint: String| {
                    let run = Run::at(&endpoint);
                    let report = if revokes { run.revoke().await } else { run.apply().await };
                    assert!(report.is_success(), "{report:?}");
                };
                let was_killed = killed(flyte.running.endpoint(), (after, carries_out), work).await;
                let report = if revokes { Run::of(&flyte).revoke().await } else { Run::of(&flyte).apply().await };
                assert!(report.is_success(), "{after}: {report:?}");
                if revokes {
                    assert_eq!(flyte.records().await, before, "{after}");
                } else {
                    assert_eq!(flyte.record(VISION).await, json!({ "quota": "4", KEY: ROLE }), "{after}");
                    assert_eq!(flyte.record(FORECASTING).await, json!({ KEY: ROLE }), "{after}");
                    assert!(Run::of(&flyte).revoke().await.is_success());
                }
                if !was_killed {
                    break;
                }
                after += 1;
            }
            assert!(after >= 8, "only {after} requests");
        }
    }
}
