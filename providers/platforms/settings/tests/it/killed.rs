//! Killed at every request, carried out or not: the next run makes of it what was asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use reqwest::Client;
use serde_json::json;
use tokio::sync::Notify;

use crate::deployment::{ACCOUNT, Deployment, FORECASTING, VISION, account, text};
use crate::interleaved::passed;
use crate::stack::{Run, Runs as _};

/// Lets so many requests pass. The next one is carried out or isn't, and gets no answer, nor does any after it.
#[derive(Debug)]
struct Killer {
    endpoint: String,
    http: Client,
    left: AtomicU64,
    carries_out: bool,
    reached: Notify,
}

#[async_trait]
impl Handler for Killer {
    async fn handle(&self, request: Request) -> Response {
        let last = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err();
        if last && !self.carries_out {
            self.reached.notify_one();
            return std::future::pending().await;
        }
        let (status, body) = passed(&self.http, &self.endpoint, &request).await;
        if last {
            self.reached.notify_one();
            return std::future::pending().await;
        }
        Response::new(status, body)
    }
}

/// Whether it was killed before it was done.
async fn killed(flyte: &Deployment, after: u64, carries_out: bool, revokes: bool) -> bool {
    let killer = Arc::new(Killer {
        endpoint: flyte.running.endpoint().to_owned(),
        http: Client::builder().no_proxy().build().expect("a client"),
        left: AtomicU64::new(after),
        carries_out,
        reached: Notify::new(),
    });
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, killer.clone()).await.expect("a server");
    let run = Run::at(&format!("http://{}", server.address()));
    let work = async {
        let report = if revokes { run.revoke().await } else { run.apply().await };
        assert!(report.is_success(), "{report:?}");
    };
    tokio::select! {
        () = work => false,
        () = killer.reached.notified() => true,
    }
}

#[tokio::test]
async fn a_run_that_is_killed_at_any_request_is_made_good_by_the_next() {
    let flyte = Deployment::start().await;
    let before = json!({ "run": { "defaultQueue": text("gpu") } });
    flyte.put(VISION, &before).await;
    let mut with_ours = before.clone();
    with_ours["security"] = account(ACCOUNT)["security"].clone();
    for revokes in [false, true] {
        for carries_out in [false, true] {
            let mut after = 0;
            loop {
                if revokes {
                    assert!(Run::of(&flyte).apply().await.is_success());
                }
                let was_killed = killed(&flyte, after, carries_out, revokes).await;
                let report = if revokes { Run::of(&flyte).revoke().await } else { Run::of(&flyte).apply().await };
                assert!(report.is_success(), "{after}: {report:?}");
                if revokes {
                    assert_eq!(flyte.settings(VISION).await, before, "{after}");
                    assert_eq!(flyte.settings(FORECASTING).await, json!({}), "{after}");
                } else {
                    assert_eq!(flyte.unmarked(VISION).await, with_ours, "{after}");
                    assert_eq!(flyte.unmarked(FORECASTING).await, account(ACCOUNT), "{after}");
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
