//! What tests and curious people ask beside AWS's own API: what every sandbox answers, and `GET /_sandbox/log`, the last
//! requests, and `POST /_sandbox/allow`, what the callers of an account may do.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use cloudgrant_sandbox_kit::management::{PREFIX, answer, manage, refuse, unknown};
use cloudgrant_sandbox_kit::{Recent, Request, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::dispatch::Dispatcher;

/// One request.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) sequence: u64,
    /// Its place among the requests that were carried out, if it was.
    pub(crate) turn: Option<u64>,
    /// When it was answered, in microseconds since the sandbox began.
    pub(crate) at_us: u64,
    pub(crate) account: String,
    /// The access key, by which the sandbox tells callers apart.
    pub(crate) key: String,
    pub(crate) action: String,
    /// 0 where the connection was closed before the request was carried out.
    pub(crate) status: u16,
    /// The policy of a repository, a bucket or a key that was read or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
}

/// The last requests.
#[derive(Debug)]
pub(crate) struct Log {
    lines: Recent<Line>,
    begun: Instant,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Recent::default(), begun: Instant::now() }
    }
}

impl Log {
    pub(crate) fn since(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(crate) fn note(&mut self, line: Line) {
        self.lines.push(line);
    }
}

/// Answers `/_sandbox/...`. These requests are neither counted nor disturbed by faults.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    if let Some(answer) = manage(request, &sandbox.faults, &sandbox.counter, |knobs| sandbox.turn(knobs)) {
        return answer;
    }
    match (&request.method, request.path.trim_start_matches(PREFIX)) {
        (&Method::GET, "log") => {
            answer(StatusCode::OK, &json!(sandbox.log.lock().unwrap_or_else(PoisonError::into_inner).lines))
        }
        (&Method::POST, "allow") => match serde_json::from_slice(&request.body) {
            Ok(policies) => {
                sandbox.allowed.set(policies);
                answer(StatusCode::OK, &json!({}))
            }
            Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
        },
        _ => unknown(&["GET log", "POST allow"]),
    }
}
