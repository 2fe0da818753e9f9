//! A sandbox of Flyte's control plane, and requests to it as other people's programs send them.

use cloudgrant_conformance::Requests;
use cloudgrant_flyte_sandbox::{Seed, start_with};
use cloudgrant_sandbox_kit::{Running, Start};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// A sandbox of Flyte's control plane.
#[derive(Debug)]
pub struct Flyte {
    /// The sandbox.
    pub running: Running,
    _folder: TempDir,
    http: Client,
}

impl Flyte {
    /// Begins one.
    pub async fn start(seed: Seed, knobs: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let begin = Start::new(folder.path()).knobs(knobs.parse().expect("knobs"));
        let running = start_with(begin, seed).await.expect("the sandbox starts");
        Self { running, _folder: folder, http: Client::builder().no_proxy().build().expect("a client") }
    }

    /// Sends JSON, or nothing, and gives what is answered, whatever that is.
    pub async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.running.endpoint()));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        let request = match body {
            Some(body) => request.body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The same, which must succeed.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.exchange(method, path, body.as_ref()).await;
        assert!(status.is_success(), "{status}: {answer}");
        answer
    }

    /// Turns the sandbox's knobs.
    pub async fn turn(&self, knobs: &str) {
        let request = self.http.post(format!("{}/_sandbox/knobs", self.running.endpoint())).body(knobs.to_owned());
        assert!(request.send().await.is_ok_and(|answer| answer.status().is_success()), "{knobs}");
    }

    /// How often a call was made.
    pub fn calls(&self, action: &str) -> u64 {
        self.running.counts().by_action.get(action).copied().unwrap_or_default()
    }

    /// How many requests there were.
    pub fn requests(&self, only_reads: impl Fn(&str) -> bool) -> Requests {
        Requests::of(&self.running.counts().by_action, only_reads)
    }
}
