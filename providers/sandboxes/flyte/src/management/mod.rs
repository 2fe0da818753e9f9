//! What tests ask beside Flyte's own API, below `/_sandbox/`: what every sandbox answers, and
//!
//! | request | what it does |
//! |---|---|
//! | `GET log` | the last requests |
//! | `GET synced?namespace=…` | what the cluster-resource sync would make of each namespace's `default` account: see [`synced`] |
//! | `GET token?namespace=…&service_account=…&audience=…` | the token that a pod under this account presents to a cloud: see [`token`] |
//! | `GET run_accounts` | under which service account the next run of each project and domain is, as its settings say |
//!
//! None of these are counted, disturbed by faults, or ask who is calling.

mod log;
mod synced;
mod token;

use std::sync::PoisonError;

use cloudgrant_sandbox_kit::management::{PREFIX, answer, manage, unknown};
use cloudgrant_sandbox_kit::{Request, Response};
use http::{Method, StatusCode};
use serde_json::json;

pub(crate) use self::log::Log;
use crate::protocol::query::Query;
use crate::server::dispatch::Dispatcher;
use crate::services::settings;

/// Answers `/_sandbox/...`.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    if let Some(answer) = manage(request, &sandbox.faults, &sandbox.counter, |knobs| sandbox.turn(knobs)) {
        return answer;
    }
    let value = match (&request.method, request.path.trim_start_matches(PREFIX)) {
        (&Method::GET, "log") => json!(sandbox.log.lock().unwrap_or_else(PoisonError::into_inner).lines),
        (&Method::GET, "synced") => {
            let query = Query::parse(&request.query);
            let state = sandbox.state.lock().unwrap_or_else(PoisonError::into_inner);
            synced::accounts(&state, &sandbox.seed, query.get("namespace"))
        }
        (&Method::GET, "token") => match token::token(&sandbox.issuer, &Query::parse(&request.query)) {
            Ok(token) => token,
            Err(problem) => return answer(StatusCode::BAD_REQUEST, &json!({"error": problem})),
        },
        (&Method::GET, "run_accounts") => {
            let state = sandbox.state.lock().unwrap_or_else(PoisonError::into_inner);
            settings::run_accounts(&state, &sandbox.seed)
        }
        _ => return unknown(&["GET log", "GET synced", "GET token", "GET run_accounts"]),
    };
    answer(StatusCode::OK, &value)
}
