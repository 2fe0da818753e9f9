//! What tests and curious people ask beside Kubernetes' own API, below `/_sandbox/`: what every sandbox answers, and
//!
//! | request | what it does |
//! |---|---|
//! | `GET log` | the last requests |
//!
//! None of these are counted, disturbed by faults, or ask who is calling.

use std::sync::PoisonError;

use cloudgrant_sandbox_kit::management::{PREFIX, answer, manage, unknown};
use cloudgrant_sandbox_kit::{Quotas, Recent, Request, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::server::dispatch::Dispatcher;

/// The requests that only this sandbox answers.
const OWN: [&str; 1] = ["GET log"];

/// The last requests.
pub(crate) type Log = Recent<Value>;

/// Answers `/_sandbox/...`.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    let turn = |knobs: cloudgrant_sandbox_kit::Knobs| {
        // It has no quotas, so none can be set.
        Quotas::new(&[], &knobs.quotas)?;
        sandbox.faults.turn(knobs);
        Ok(())
    };
    if let Some(answer) = manage(request, &sandbox.faults, &sandbox.counter, turn) {
        return answer;
    }
    match (request.method.as_str(), request.path.trim_start_matches(PREFIX)) {
        ("GET", "log") => {
            let log = sandbox.log.lock().unwrap_or_else(PoisonError::into_inner);
            answer(StatusCode::OK, &json!(*log))
        }
        _ => unknown(&OWN),
    }
}
