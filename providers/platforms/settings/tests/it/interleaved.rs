//! A thousand others who write the same settings at any moment: nothing of theirs is lost, and nothing of ours is in the end. The
//! versions are locks.

use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::deployment::{ACCOUNT, Deployment, VISION, text};
use crate::stack::{Run, Runs as _};

/// Stands before the deployment. Before each request that passes, and after it, others may write.
struct Crossing {
    deployment: Deployment,
    http: Client,
    others: Mutex<Others>,
    /// One request at a time, so that whoever writes knows which version is there.
    turn: tokio::sync::Mutex<()>,
}

/// What others have done so far, and what came of ours.
#[derive(Debug, Default)]
struct Others {
    random: u64,
    written: usize,
    /// Somebody careless: what they have read and write only later, with its version.
    stale: Option<(Value, u64)>,
    /// How often somebody careless was refused.
    refused: usize,
    /// How often a write of ours was, as somebody else was quicker.
    outrun: usize,
}

impl std::fmt::Debug for Crossing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crossing").finish_non_exhaustive()
    }
}

impl Crossing {
    /// As numerical recipes have it: the same for each seed.
    fn random(&self, below: u64) -> u64 {
        let mut others = self.others.lock().expect("a lock");
        others.random = others.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (others.random >> 33) % below
    }

    /// Others write: each adds an annotation of their own, at once, or replaces all by what they read a while ago.
    async fn others_write(&self) {
        match self.random(6) {
            0 => {
                let stale = self.others.lock().expect("a lock").stale.take();
                if let Some((settings, version)) = stale {
                    let now = self.deployment.version(VISION).await;
                    let (status, answer) = self.deployment.put_over(VISION, &settings, version).await;
                    assert_eq!(status == 200, version == now, "{answer}");
                    self.others.lock().expect("a lock").refused += usize::from(status != 200);
                }
            }
            1 => {
                let (settings, version) =
                    (self.deployment.settings(VISION).await, self.deployment.version(VISION).await);
                self.others.lock().expect("a lock").stale = Some((settings, version));
            }
            _ => {
                let key = {
                    let mut others = self.others.lock().expect("a lock");
                    others.written += 1;
                    format!("other-{}", others.written)
                };
                self.deployment.annotate(VISION, &key).await;
            }
        }
    }
}

#[async_trait]
impl Handler for Crossing {
    async fn handle(&self, request: Request) -> Response {
        let _turn = self.turn.lock().await;
        if self.random(3) == 0 {
            self.others_write().await;
        }
        let (status, body) = passed(&self.http, self.deployment.running.endpoint(), &request).await;
        let is_write = request.path.ends_with("/CreateSettings") || request.path.ends_with("/UpdateSettings");
        if is_write && status != 200 {
            self.others.lock().expect("a lock").outrun += 1;
        }
        if self.random(3) == 0 {
            self.others_write().await;
        }
        Response::new(status, body)
    }
}

/// Hands a request on.
pub(crate) async fn passed(http: &Client, endpoint: &str, request: &Request) -> (StatusCode, String) {
    let url = format!("{endpoint}{}?{}", request.path, request.query);
    let passed = http.request(request.method.clone(), url).body(request.body.to_vec());
    let passed = passed.header("content-type", "application/json").header("connect-protocol-version", "1");
    let answer = passed.send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a body"))
}

#[tokio::test]
async fn nothing_of_others_is_lost_at_any_moment() {
    let deployment = Deployment::start().await;
    let http = Client::builder().no_proxy().build().expect("a client");
    let crossing = Arc::new(Crossing { deployment, http, others: Mutex::default(), turn: Default::default() });
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, crossing.clone()).await.expect("a server");
    let mut run = Run::at(&format!("http://{}", server.address()));
    run.projects = &["vision"];
    let mut rounds = 0;
    while crossing.others.lock().expect("a lock").written < 1000 {
        rounds += 1;
        // Somebody careless who was just in time may put back what was there before: the next run mends that.
        for revokes in [false, true] {
            let (mut is_done, mut runs) = (false, 0);
            while !is_done && runs < 5 {
                let report = if revokes { run.revoke().await } else { run.apply().await };
                (is_done, runs) = (report.is_success(), runs + 1);
            }
            assert!(is_done, "round {rounds}");
        }
    }
    let others = std::mem::take(&mut *crossing.others.lock().expect("a lock"));
    let settings = crossing.deployment.settings(VISION).await;
    let there = &settings["annotations"]["mapValue"]["entries"];
    let lost: Vec<_> =
        (1..=others.written).map(|at| format!("other-{at}")).filter(|key| there[key].is_null()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!(others.outrun > rounds && others.refused > 10, "{} of {rounds}, {}", others.outrun, others.refused);
    // In peace, all is as it was asked for.
    let quiet = Run { projects: &["vision"], ..Run::of(&crossing.deployment) };
    assert!(quiet.revoke().await.is_success());
    let before = crossing.deployment.settings(VISION).await;
    assert!(quiet.apply().await.is_success());
    let now = crossing.deployment.unmarked(VISION).await;
    assert_eq!((&now["annotations"], &now["security"]["serviceAccount"]), (&before["annotations"], &text(ACCOUNT)));
    assert!(quiet.revoke().await.is_success());
    assert_eq!(crossing.deployment.settings(VISION).await, before);
}

/// Somebody who writes right before each write of ours, and never stops.
struct Racer {
    deployment: Deployment,
    http: Client,
    calls: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Racer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Racer").finish_non_exhaustive()
    }
}

#[async_trait]
impl Handler for Racer {
    async fn handle(&self, request: Request) -> Response {
        let call = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        if call.ends_with("eSettings") {
            self.deployment.annotate(VISION, "theirs").await;
        }
        self.calls.lock().expect("a lock").push(call);
        let (status, body) = passed(&self.http, self.deployment.running.endpoint(), &request).await;
        Response::new(status, body)
    }
}

/// The first write makes a record, and is refused as there is one by then; those after it know a version, and another one is there.
#[tokio::test]
async fn who_is_always_outrun_gives_up_and_has_forced_nothing() {
    let http = Client::builder().no_proxy().build().expect("a client");
    let racer = Arc::new(Racer { deployment: Deployment::start().await, http, calls: Mutex::default() });
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, racer.clone()).await.expect("a server");
    let run = Run { projects: &["vision"], ..Run::at(&format!("http://{}", server.address())) };
    let report = run.apply().await;
    let failed = &report.failed.first().expect("it failed").error;
    assert!(failed.message().contains("somebody else writes them at the same time"), "{failed}");
    assert!(failed.hint_text().is_some(), "{failed:?}");
    let unmarked = racer.deployment.settings(VISION).await;
    assert_eq!(unmarked, json!({ "annotations": crate::deployment::entries(&json!({ "theirs": "1" })) }));
    let calls = racer.calls.lock().expect("a lock").clone();
    assert!(calls.contains(&"CreateSettings".to_owned()), "{calls:?}");
    let pair = ["GetSettingsForEdit".to_owned(), "UpdateSettings".to_owned()];
    assert!(calls.windows(2).filter(|two| *two == pair).count() >= 5, "{calls:?}");
    assert!(
        !calls.windows(2).any(|two| two[0] != pair[0] && two[1] == pair[1]),
        "each write follows a read: {calls:?}"
    );
}
