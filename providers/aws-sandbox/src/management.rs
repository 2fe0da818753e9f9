//! What tests and curious people ask: how many requests of which kind there were, and what the last ones were.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use cloudgrant_sandbox_kit::{Knobs, Request, Response};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::dispatch::Dispatcher;

/// How many requests the log keeps.
const KEPT: usize = 10_000;

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
}

/// The last requests.
#[derive(Debug)]
pub(crate) struct Log {
    lines: VecDeque<Line>,
    begun: Instant,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: VecDeque::new(), begun: Instant::now() }
    }
}

impl Log {
    pub(crate) fn since(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(crate) fn note(&mut self, line: Line) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

/// Answers `/_sandbox/...`. These requests are neither counted nor disturbed by faults.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    if let Some(answer) = sandbox.faults.manage(request) {
        return answer;
    }
    let value = match (&request.method, request.path.as_str()) {
        (&Method::GET, "/_sandbox/requests") => json!(sandbox.counter.counts()),
        (&Method::GET, "/_sandbox/log") => {
            json!(sandbox.log.lock().unwrap_or_else(PoisonError::into_inner).lines)
        }
        (&Method::POST, "/_sandbox/reset") => {
            sandbox.counter.reset();
            json!(sandbox.counter.counts())
        }
        (&Method::POST, "/_sandbox/knobs") => {
            let text = String::from_utf8_lossy(&request.body);
            let turned = text.parse::<Knobs>().and_then(|knobs| sandbox.turn(knobs));
            match turned {
                Ok(()) => json!({"knobs": sandbox.faults.knobs().to_string()}),
                Err(error) => return answer(StatusCode::BAD_REQUEST, &json!({"error": error.to_string()})),
            }
        }
        _ => {
            let known = [
                "GET /_sandbox/requests",
                "GET /_sandbox/log",
                "GET /_sandbox/held",
                "POST /_sandbox/reset",
                "POST /_sandbox/knobs",
                "POST /_sandbox/release",
            ];
            return answer(StatusCode::NOT_FOUND, &json!({"error": "there is no such thing", "known": known}));
        }
    };
    answer(StatusCode::OK, &value)
}

fn answer(status: StatusCode, value: &serde_json::Value) -> Response {
    Response::new(status, value.to_string()).header(CONTENT_TYPE, "application/json")
}
