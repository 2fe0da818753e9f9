//! What came in: the last requests in short.

use std::time::Instant;

use cloudgrant_sandbox_kit::{Recent, Request};
use serde::Serialize;

/// One request.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    sequence: u64,
    /// When it was answered, in microseconds since the sandbox began.
    at_us: u64,
    action: String,
    method: String,
    path: String,
    /// 0 where the connection was closed before the request was carried out.
    status: u16,
}

/// The last requests.
#[derive(Debug)]
pub(crate) struct Log {
    begun: Instant,
    pub(super) lines: Recent<Line>,
}

impl Default for Log {
    fn default() -> Self {
        Self { begun: Instant::now(), lines: Recent::default() }
    }
}

impl Log {
    pub(crate) fn note(&mut self, sequence: u64, request: &Request, action: &str, status: u16) {
        let path =
            if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) };
        self.lines.push(Line {
            sequence,
            at_us: u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            action: action.to_owned(),
            method: request.method.to_string(),
            path,
            status,
        });
    }
}
