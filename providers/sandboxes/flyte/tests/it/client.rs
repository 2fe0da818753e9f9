//! A sandbox that runs, and a client of it.

use cloudgrant_flyte_sandbox::{Seed, start_with};
use cloudgrant_sandbox_kit::{Running, Start};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A sandbox that runs, and a client of it.
pub(crate) struct Flyte {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
    http: Client,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Checks the form of an error, its codes, and a part of its message.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: u64, message: &str) {
        assert_eq!((self.status, self.body["code"].as_u64()), (status, Some(code)), "{}", self.body);
        let text = self.body["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "`{text}` does not contain `{message}`");
        assert!(self.body["details"].is_array(), "{}", self.body);
    }
}

impl Flyte {
    /// A sandbox with Flyte's own defaults in an empty folder.
    pub(crate) async fn start() -> Self {
        Self::with(Seed::default()).await
    }

    pub(crate) async fn with(seed: Seed) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), seed).await
    }

    pub(crate) async fn start_in(folder: TempDir, seed: Seed) -> Self {
        let running = start_with(Start::new(folder.path()), seed).await.expect("the sandbox starts");
        Self { running, folder, http: Client::builder().no_proxy().build().expect("a client") }
    }

    /// A request without any headers of ours.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.endpoint()))
    }

    /// A request as clients of the REST API send it: JSON in, JSON out.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header("accept", "application/json");
        let request = match body {
            Value::Null => request,
            body => request.header("content-type", "application/json").body(body.to_string()),
        };
        finish(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &Value::Null).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, &body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Value) -> Reply {
        self.send(Method::DELETE, path, &body).await
    }

    /// Archives a project.
    pub(crate) async fn archive(&self, project: &str) {
        self.put(&format!("/api/v1/projects/{project}"), json!({"state": "ARCHIVED"})).await.ok();
    }

    pub(crate) async fn knobs(&self, knobs: &str) {
        finish(self.request(Method::POST, "/_sandbox/knobs").body(knobs.to_owned())).await.ok();
    }
}

pub(crate) async fn finish(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    Reply { status, headers, body }
}
