//! A thousand others who write the same record at any moment: nothing of theirs is lost but what Flyte admin gives nobody a way to
//! keep, and nothing of ours is in the end.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cloudgrant_platform_tests::between::{Draw, Gate, Others, Passage, in_turn, say, serve};
use cloudgrant_sandbox_kit::{Handler, Request, Response, Server, async_trait};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::deployment::{Deployment, KEY, ROLE};
use crate::stack::{Run, Runs as _};

const VISION: &str = "vision/production";

/// Others who write the record.
#[derive(Debug)]
struct Careless {
    deployment: Deployment,
    done: Mutex<Done>,
}

/// What others have done so far.
#[derive(Debug, Default)]
struct Done {
    written: usize,
    /// Whether the record was read, by a request after which it is written.
    is_read: bool,
    /// Who wrote between a read and the write that followed.
    in_window: BTreeSet<String>,
    since_read: BTreeSet<String>,
    /// How often the record was written, and how often what was gone after the write was put back at once.
    writes: usize,
    /// Somebody careless: what they have read and write only later.
    stale: Option<Value>,
}

#[async_trait]
impl Others for Careless {
    /// Each adds a key of their own, at once, or what they read a while ago.
    async fn act(&self, draw: &Draw) {
        match draw.below(6) {
            // What they have not seen of ours is gone with this.
            0 => {
                let stale = self.done.lock().expect("a lock").stale.take();
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
                self.done.lock().expect("a lock").stale = Some(if read.is_null() { json!({}) } else { read });
            }
            _ => {
                let key = {
                    let mut done = self.done.lock().expect("a lock");
                    done.written += 1;
                    let key = format!("other-{}", done.written);
                    if done.is_read {
                        done.since_read.insert(key.clone());
                    }
                    key
                };
                self.deployment.add(VISION, json!({ key: "1" })).await;
            }
        }
    }

    fn passing(&self, request: &Request) {
        if request.path.ends_with(VISION) && request.method != Method::GET {
            let mut done = self.done.lock().expect("a lock");
            let since = std::mem::take(&mut done.since_read);
            done.in_window.extend(since);
            done.is_read = false;
            done.writes += 1;
        }
    }

    fn passed(&self, request: &Request, _: StatusCode) {
        let reads = request.path.ends_with(VISION) || request.path.ends_with("matchable_attributes");
        if request.method == Method::GET && reads {
            let mut done = self.done.lock().expect("a lock");
            done.is_read = true;
            done.since_read.clear();
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_but_in_the_moment_between_a_read_and_its_write() {
    let deployment = Deployment::start().await;
    let endpoint = deployment.running.endpoint().to_owned();
    let gate = Gate::before(&endpoint, 0, Careless { deployment, done: Mutex::default() });
    let (_server, endpoint) = serve(gate.clone()).await;
    let others = &gate.others;
    let mut run = Run::at(&endpoint);
    run.projects = &["vision"];
    let rounds = in_turn(&run, 5, || others.done.lock().expect("a lock").written).await;
    let done = std::mem::take(&mut *others.done.lock().expect("a lock"));
    let record = others.deployment.records().await[VISION].take();
    let lost: BTreeSet<_> =
        (1..=done.written).map(|at| format!("other-{at}")).filter(|key| record[key].is_null()).collect();
    assert!(lost.is_subset(&done.in_window), "{:?}", lost.difference(&done.in_window).collect::<Vec<_>>());
    let seen = format!(
        "{} writes of others beside {} of ours in {rounds} rounds: {} in the window, {} lost",
        done.written,
        done.writes,
        done.in_window.len(),
        lost.len()
    );
    say(&format!("Flyte admin: {seen}"));
    assert!(!lost.is_empty() && lost.len() < done.written / 4, "{seen}");
    // In peace, all is as it was asked for.
    let quiet = Run { projects: &["vision"], ..Run::of(&others.deployment) };
    assert!(quiet.revoke().await.is_success());
    let before = others.deployment.records().await;
    assert!(quiet.apply().await.is_success());
    let now = others.deployment.records().await[VISION].take();
    assert_eq!(now[KEY], ROLE);
    assert!(before[VISION].as_object().expect("a record").iter().all(|(key, value)| now[key] == *value), "{now}");
}

/// Somebody who writes once, right after a request of that method for the record.
#[derive(Debug)]
struct Meddler {
    deployment: Deployment,
    passage: Passage,
    after: Method,
    record: Value,
    seen: Mutex<Vec<String>>,
}

#[async_trait]
impl Handler for Meddler {
    async fn handle(&self, request: Request) -> Response {
        let (_, response) = self.passage.pass(&request).await;
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
        response
    }
}

async fn meddled(deployment: Deployment, after: Method, record: Value) -> (Arc<Meddler>, Server, String) {
    let passage = Passage::to(deployment.running.endpoint());
    let meddler = Arc::new(Meddler { deployment, passage, after, record, seen: Mutex::default() });
    let (server, endpoint) = serve(meddler.clone()).await;
    (meddler, server, endpoint)
}

#[tokio::test]
async fn what_overwrites_ours_at_once_is_seen_at_once_and_kept_beside_it() {
    let (meddler, _server, endpoint) = meddled(Deployment::start().await, Method::PUT, json!({ "theirs": "1" })).await;
    let run = Run { projects: &["vision"], ..Run::at(&endpoint) };
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
    let (meddler, _server, endpoint) = meddled(deployment, Method::GET, theirs).await;
    let run = Run { projects: &["vision"], ..Run::at(&endpoint) };
    assert!(run.revoke().await.is_success());
    assert_eq!(meddler.deployment.records().await, json!({ VISION: { "theirs": "1" } }));
}
