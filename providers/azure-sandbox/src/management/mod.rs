//! What tests and curious people ask and do beside Azure's own API, below `/_sandbox/`.
//!
//! | request | what it does |
//! |---|---|
//! | `GET requests` | how often each operation was called |
//! | `GET log` | the last requests |
//! | `POST reset` | starts counting again |
//! | `POST knobs` | turns the knobs; the body is as on the command line |
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

use std::collections::VecDeque;
use std::sync::PoisonError;

use cloudgrant_sandbox_kit::{Knobs, Request, Response};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) use self::log::{Course, Log};
use crate::dispatch::Dispatcher;
use crate::query::Query;

/// Why a request is refused.
type Refusal = (StatusCode, String);

/// Answers `/_sandbox/...`.
pub(crate) fn handle(sandbox: &Dispatcher, request: &Request) -> Response {
    if let Some(answer) = sandbox.faults.manage(request) {
        return answer;
    }
    match carry_out(sandbox, request) {
        Ok(value) => answer(StatusCode::OK, &value),
        Err((status, why)) => answer(status, &json!({"error": why})),
    }
}

fn carry_out(sandbox: &Dispatcher, request: &Request) -> Result<Value, Refusal> {
    let log = || sandbox.log.lock().unwrap_or_else(PoisonError::into_inner);
    let state = || sandbox.state.lock().unwrap_or_else(PoisonError::into_inner);
    let body = || log::body(&request.body);
    Ok(match (&request.method, request.path.trim_start_matches("/_sandbox/")) {
        (&Method::GET, "requests") => json!(sandbox.counter.counts()),
        (&Method::GET, "log") => json!(log().lines),
        (&Method::POST, "reset") => {
            sandbox.counter.reset();
            json!(sandbox.counter.counts())
        }
        (&Method::POST, "knobs") => {
            let text = String::from_utf8_lossy(&request.body);
            let turned = text.parse::<Knobs>().and_then(|knobs| sandbox.turn(knobs));
            turned.map_err(|error| bad(&error.to_string()))?;
            json!({"knobs": sandbox.faults.knobs().to_string()})
        }
        (&Method::POST, "record") => {
            let on = body()["on"].as_bool().unwrap_or(true);
            log().recorded = on.then(VecDeque::new);
            json!({"on": on})
        }
        (&Method::GET, "recorded") => json!(log().recorded.as_ref().map_or(json!([]), |all| json!(all))),
        (&Method::GET, "state") => show::all(&state()),
        (&Method::POST, "put") => put::put(&mut state(), &body())?,
        (&Method::POST, "delete") => put::delete(&mut state(), &body())?,
        (&Method::GET, "access") => access::access(&state(), &Query::parse(&request.query))?,
        _ => {
            let known = "GET requests, log, recorded, state, access; POST reset, knobs, record, put, delete";
            let why = format!("there is no such thing below /_sandbox/; there are {known}");
            return Err((StatusCode::NOT_FOUND, why));
        }
    })
}

fn bad(why: &str) -> Refusal {
    (StatusCode::BAD_REQUEST, why.to_owned())
}

fn answer(status: StatusCode, value: &Value) -> Response {
    Response::new(status, value.to_string()).header(CONTENT_TYPE, "application/json")
}
