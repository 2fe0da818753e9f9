//! A thousand others who write the same service account at any moment: nothing of theirs is lost, and nothing of ours. A server-side
//! apply changes the fields of whoever applies, and no others.

use std::collections::BTreeMap;
use std::sync::Mutex;

use cloudgrant_platform_tests::between::{Draw, Gate, Others, in_turn, say, serve};
use cloudgrant_sandbox_kit::{Request, async_trait};
use k8s_openapi::api::core::v1::ServiceAccount;
use reqwest::StatusCode;
use serde_json::json;

use crate::cluster::{Cluster, KEY};
use crate::stack::{Run, Runs as _};

const VISION: &str = "vision-production";

/// Others who write the account.
#[derive(Debug)]
struct Careless {
    cluster: Cluster,
    done: Mutex<Done>,
}

/// What others have done so far, and how often ours were written.
#[derive(Debug, Default)]
struct Done {
    written: usize,
    /// What was written last by each key.
    last: BTreeMap<String, String>,
    /// What Helm has of these: an apply that leaves something out gives it up.
    of_helm: BTreeMap<String, String>,
    /// Somebody careless: what they have read and replace only later.
    stale: Option<ServiceAccount>,
    /// How often somebody careless was refused.
    refused: usize,
    writes: usize,
}

/// By how many keys others write.
const KEYS: usize = 40;

impl Careless {
    /// The next key of somebody's, and its value.
    fn next(&self, whose: &str) -> (String, String) {
        let mut done = self.done.lock().expect("a lock");
        done.written += 1;
        let (key, value) = (format!("example.com/{whose}-{}", done.written % KEYS), done.written.to_string());
        done.last.insert(key.clone(), value.clone());
        (key, value)
    }
}

#[async_trait]
impl Others for Careless {
    /// Some come at once.
    async fn act(&self, draw: &Draw) {
        for _ in 0..=draw.below(4) {
            self.one_acts(draw).await;
        }
    }

    fn passed(&self, request: &Request, _: StatusCode) {
        if request.path.ends_with("/serviceaccounts/default") && request.method == "PATCH" {
            self.done.lock().expect("a lock").writes += 1;
        }
    }
}

impl Careless {
    /// Each adds an annotation of their own, by hand or by an apply, or replaces the account by what they read a while ago.
    async fn one_acts(&self, draw: &Draw) {
        match draw.below(6) {
            0 => {
                let stale = self.done.lock().expect("a lock").stale.take();
                if let Some(stale) = stale {
                    let is_replaced = self.cluster.replace(VISION, &stale).await;
                    self.done.lock().expect("a lock").refused += usize::from(!is_replaced);
                }
            }
            1 => {
                let read = self.cluster.account(VISION).await;
                self.done.lock().expect("a lock").stale = read;
            }
            2 => {
                let (key, value) = self.next("helm");
                let all = {
                    let mut done = self.done.lock().expect("a lock");
                    done.of_helm.insert(key, value);
                    json!(done.of_helm)
                };
                self.cluster.apply(VISION, "helm", all).await;
            }
            _ => {
                let (key, value) = self.next("hand");
                self.cluster.annotate(VISION, json!({ key: value })).await;
            }
        }
    }
}

#[tokio::test]
async fn nothing_of_anybody_is_lost_at_any_moment() {
    let cluster = Cluster::start().await;
    let endpoint = cluster.running.endpoint().to_owned();
    let gate = Gate::before(&endpoint, 0, Careless { cluster, done: Mutex::default() });
    let (_server, endpoint) = serve(gate.clone()).await;
    let others = &gate.others;
    let run =
        Run { projects: &["vision"], by: Some(others.cluster.kubeconfig_by(&endpoint)), ..Run::of(&others.cluster) };
    let rounds = in_turn(&run, 1, || others.done.lock().expect("a lock").written).await;
    // They go on, and ours is as it was asked for.
    assert!(run.apply().await.is_success());
    assert_eq!(others.cluster.annotations(VISION).await[KEY], "client-1");
    assert!(run.revoke().await.is_success());
    let done = std::mem::take(&mut *others.done.lock().expect("a lock"));
    let there = others.cluster.annotations(VISION).await;
    assert!(there[KEY].is_null(), "{there}");
    let lost: Vec<_> = done.last.iter().filter(|(key, value)| there[*key] != value.as_str()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let (written, writes, refused) = (done.written, done.writes, done.refused);
    say(&format!(
        "kubernetes: {written} writes of others beside {writes} of ours in {rounds} rounds: {refused} of others were refused, none lost"
    ));
    assert!(writes >= 2 * rounds && refused > 0, "{writes} {refused}");
    assert!(others.cluster.managers(VISION).await.iter().all(|manager| !manager.starts_with("cloudgrant.")));
}
