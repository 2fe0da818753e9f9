//! A thousand others who write the same record at any moment: nothing of theirs is lost but what Flyte admin gives nobody a way to
//! keep, and nothing of ours is in the end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::deployment::{Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _};

const VISION: &str = "vision/production";

/// Stands before the deployment. With each request that passes, others write first, and after it.
struct Crossing {
    deployment: Deployment,
    http: Client,
    others: Mutex<Others>,
}

/// What others have done so far.
#[derive(Debug, Default)]
struct Others {
    random: u64,
    written: usize,
    /// Whether the record was read, by a request after which it is written.
    is_read: bool,
    /// Who wrote between a read and the write that followed.
    in_window: BTreeSet<String>,
    since_read: BTreeSet<String>,
    /// Somebody careless: what they have read and write only later.
    stale: Option<Value>,
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

    /// Others write: each adds a key of their own, at once, or what they read a while ago.
    async fn others_write(&self) {
        match self.random(6) {
            // What they have not seen of ours is gone with this.
            0 => {
                let stale = self.others.lock().expect("a lock").stale.take();
                if let Some(mut stale) = stale {
                    // What others have written since stays: whom they harm is us alone.
                    let now = self.deployment.records().await[VISION].take();
                    for (key, value) in
                        now.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with("other-"))
                    {
                        stale[key] = value.clone();
                    }
                    self.deployment.put(VISION, stale).await;
                }
            }
            1 => {
                let read = self.deployment.records().await[VISION].take();
                self.others.lock().expect("a lock").stale = Some(if read.is_null() { json!({}) } else { read });
            }
            _ => {
                let key = {
                    let mut others = self.others.lock().expect("a lock");
                    others.written += 1;
                    let key = format!("other-{}", others.written);
                    if others.is_read {
                        others.since_read.insert(key.clone());
                    }
                    key
                };
                self.deployment.add(VISION, json!({ key: "1" })).await;
            }
        }
    }

    async fn pass(&self, request: &Request) -> Response {
        let is_of_record = request.path.ends_with(VISION);
        let is_write = is_of_record && request.method != Method::GET;
        if is_write {
            let mut others = self.others.lock().expect("a lock");
            let since = std::mem::take(&mut others.since_read);
            others.in_window.extend(since);
            others.is_read = false;
        }
        let url = format!("{}{}?{}", self.deployment.running.endpoint(), request.path, request.query);
        let passed = self.http.request(request.method.clone(), url).body(request.body.to_vec());
        let passed = passed.header("accept", "application/json").header("content-type", "application/json");
        let answer = passed.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        if request.method == Method::GET && (is_of_record || request.path.ends_with("matchable_attributes")) {
            let mut others = self.others.lock().expect("a lock");
            others.is_read = true;
            others.since_read.clear();
        }
        Response::new(StatusCode::from_u16(status.as_u16()).expect("a status"), body)
    }
}

#[async_trait]
impl Handler for Crossing {
    async fn handle(&self, request: Request) -> Response {
        if self.random(3) == 0 {
            self.others_write().await;
        }
        let response = self.pass(&request).await;
        if self.random(3) == 0 {
            self.others_write().await;
        }
        response
    }
}

#[tokio::test]
async fn nothing_is_lost_but_in_the_moment_between_a_read_and_its_write() {
    let deployment = Deployment::start().await;
    let http = Client::builder().no_proxy().build().expect("a client");
    let crossing = Arc::new(Crossing { deployment, http, others: Mutex::default() });
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, crossing.clone()).await.expect("a server");
    let mut run = Run::at(&format!("http://{}", server.address()));
    run.projects = &["vision"];
    let mut rounds = 0;
    while crossing.others.lock().expect("a lock").written < 1000 {
        rounds += 1;
        // Somebody may overwrite ours again after the last look at it: the next run mends that.
        let (mut report, mut runs) = (run.apply().await, 1);
        while !report.is_success() && runs < 5 {
            (report, runs) = (run.apply().await, runs + 1);
        }
        assert!(report.is_success(), "{report:?}");
        let (mut report, mut runs) = (run.revoke().await, 1);
        while !report.is_success() && runs < 5 {
            (report, runs) = (run.revoke().await, runs + 1);
        }
        assert!(report.is_success(), "{report:?}");
    }
    let others = std::mem::take(&mut *crossing.others.lock().expect("a lock"));
    let record = crossing.deployment.records().await[VISION].take();
    let lost: BTreeSet<_> =
        (1..=others.written).map(|at| format!("other-{at}")).filter(|key| record[key].is_null()).collect();
    assert!(lost.is_subset(&others.in_window), "{:?}", lost.difference(&others.in_window).collect::<Vec<_>>());
    assert!(
        !lost.is_empty() && lost.len() < others.written / 4,
        "{} of {} in {rounds} rounds",
        lost.len(),
        others.written
    );
    // In peace, all is as it was asked for.
    let quiet = Run { projects: &["vision"], ..Run::of(&crossing.deployment) };
    assert!(quiet.revoke().await.is_success());
    let before = crossing.deployment.records().await;
    assert!(quiet.apply().await.is_success());
    let now = crossing.deployment.records().await[VISION].take();
    assert_eq!(now[KEY], ROLE);
    assert!(before[VISION].as_object().expect("a record").iter().all(|(key, value)| now[key] == *value), "{now}");
}

/// Somebody who writes once, right after a request of that method for the record.
struct Meddler {
    deployment: Deployment,
    http: Client,
    after: Method,
    record: Value,
    seen: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meddler").finish_non_exhaustive()
    }
}

#[async_trait]
impl Handler for Meddler {
    async fn handle(&self, request: Request) -> Response {
        let url = format!("{}{}?{}", self.deployment.running.endpoint(), request.path, request.query);
        let passed = self.http.request(request.method.clone(), url).body(request.body.to_vec());
        let passed = passed.header("accept", "application/json").header("content-type", "application/json");
        let answer = passed.send().await.expect("an answer");
        let (status, body) = (answer.status(), answer.text().await.expect("a body"));
        let name = request.path.rsplit('/').next().unwrap_or_default();
        let line = format!("{} {name}", request.method);
        let is_first = {
            let mut seen = self.seen.lock().expect("a lock");
            seen.push(line.clone());
            request.method == self.after && seen.iter().filter(|one| **one == line).count() == 1
        };
        if is_first && request.path.ends_with(VISION) {
            self.deployment.put(VISION, self.record.clone()).await;
        }
        Response::new(status, body)
    }
}

async fn meddled(deployment: Deployment, after: Method, record: Value) -> (Arc<Meddler>, Server) {
    let http = Client::builder().no_proxy().build().expect("a client");
    let meddler = Arc::new(Meddler { deployment, http, after, record, seen: Mutex::default() });
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, meddler.clone()).await.expect("a server");
    (meddler, server)
}

#[tokio::test]
async fn what_overwrites_ours_at_once_is_seen_at_once_and_kept_beside_it() {
    let (meddler, server) = meddled(Deployment::start().await, Method::PUT, json!({ "theirs": "1" })).await;
    let run = Run { projects: &["vision"], ..Run::at(&format!("http://{}", server.address())) };
    assert!(run.apply().await.is_success());
    assert_eq!(meddler.deployment.record(VISION).await, json!({ "theirs": "1", KEY: ROLE }));
    let seen = meddler.seen.lock().expect("a lock").clone();
    let writing = ["GET production", "PUT production", "GET production", "PUT production", "GET production"];
    assert!(seen.windows(writing.len()).any(|some| some == writing), "{seen:?}");
}

/// A record that only the stack had is deleted, unless somebody came into it meanwhile.
#[tokio::test]
async fn what_comes_into_a_record_before_it_is_deleted_stays() {
    let deployment = Deployment::start().await;
    let quiet = Run { projects: &["vision"], ..Run::of(&deployment) };
    assert!(quiet.apply().await.is_success());
    let mut theirs = Run::written(VISION, KEY, ROLE);
    theirs["theirs"] = "1".into();
    let (meddler, server) = meddled(deployment, Method::GET, theirs).await;
    let run = Run { projects: &["vision"], ..Run::at(&format!("http://{}", server.address())) };
    assert!(run.revoke().await.is_success());
    assert_eq!(meddler.deployment.records().await, json!({ VISION: { "theirs": "1" } }));
}
