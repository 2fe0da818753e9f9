//! What came in: the last requests in short.

use std::time::{Duration, Instant};

use cloudgrant_sandbox_kit::Recent;
use serde::Serialize;

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
    /// What an `sts:AssumeRole` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<Session>,
}

/// How a session was to be called and how many seconds it was to last, as CloudTrail has it among a request's parameters.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    pub(crate) name: Option<String>,
    pub(crate) seconds: Option<String>,
}

/// The last requests.
#[derive(Debug)]
pub(crate) struct Log {
    pub(super) lines: Recent<Line>,
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
