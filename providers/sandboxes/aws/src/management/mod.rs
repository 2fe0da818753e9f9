//! What tests and curious people ask beside AWS's own API: what every sandbox answers, and `GET /_sandbox/log`, the last
//! requests, and `POST /_sandbox/allow`, what the callers of an account may do.

mod log;

use std::sync::PoisonError;

use cloudgrant_sandbox_kit::management::{PREFIX, answer, manage, refuse, unknown};
use cloudgrant_sandbox_kit::{Request, Response};
use http::{Method, StatusCode};
use serde_json::json;

pub(crate) use self::log::{Line, Log, Session};
use crate::server::dispatch::Dispatcher;

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
