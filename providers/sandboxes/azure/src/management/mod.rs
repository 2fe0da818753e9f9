//! What tests and curious people ask and do beside Azure's own API, below `/_sandbox/`: what every sandbox answers, and
//!
//! | request | what it does |
//! |---|---|
//! | `GET log` | the last requests |
//! | `POST record` `{"on": true}` | keeps whole exchanges from now on, or no more |
//! | `GET recorded` | the exchanges, as specification validators read them |
//! | `GET state` | everything there is, in a fixed order |
//! | `POST put` | makes or changes something behind everybody's back: see [`put`] |
//! | `POST delete` `{"id": …}` or `{"principal": …}` | the contrary |
//! | `GET access?principal=…&scope=…&action=…` | whether somebody may do something: see [`access`] |
//!
//! None of these are counted, disturbed by faults, or ask who is calling.

mod access;
mod log;
mod put;
mod put_roles;
mod show;

use std::sync::PoisonError;

use cloudgrant_sandbox_kit::management::{PREFIX, answer, manage, refuse, unknown};
use cloudgrant_sandbox_kit::{Recent, Request, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) use self::log::{Course, Log};
use crate::protocol::query::Query;
use crate::server::dispatch::Dispatcher;

/// The requests that only this sandbox answers.
const OWN: [&str; 7] = ["GET log", "POST record", "GET recorded", "GET state", "POST put", "POST delete", "GET access"];

/// Why a request is refused.
type Refusal = (StatusCode, String);

/// Answers `/_sandbox/...`.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    if let Some(answer) = manage(request, &sandbox.faults, &sandbox.counter, |knobs| sandbox.turn(knobs)) {
        return answer;
    }
    match carry_out(sandbox, request) {
        Ok(Some(value)) => answer(StatusCode::OK, &value),
        Ok(None) => unknown(&OWN),
        Err((status, why)) => refuse(status, &why),
    }
}

/// Carries a request out, if there is such a one.
fn carry_out(sandbox: &Dispatcher, request: &Request) -> Result<Option<Value>, Refusal> {
    let log = || sandbox.log.lock().unwrap_or_else(PoisonError::into_inner);
    let state = || sandbox.state.lock().unwrap_or_else(PoisonError::into_inner);
    let body = || log::body(&request.body);
    Ok(Some(match (&request.method, request.path.trim_start_matches(PREFIX)) {
        (&Method::GET, "log") => json!(log().lines),
        (&Method::POST, "record") => {
            let on = body()["on"].as_bool().unwrap_or(true);
            log().recorded = on.then(Recent::default);
            json!({"on": on})
        }
        (&Method::GET, "recorded") => json!(log().recorded.as_ref().map_or(json!([]), |all| json!(all))),
        (&Method::GET, "state") => show::all(&state()),
        (&Method::POST, "put") => put::put(&mut state(), &body())?,
        (&Method::POST, "delete") => put::delete(&mut state(), &body())?,
        (&Method::GET, "access") => access::access(&state(), &Query::parse(&request.query))?,
        _ => return Ok(None),
    }))
}

fn bad(why: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, why.to_owned())
}
