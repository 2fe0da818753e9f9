//! What every sandbox is asked beside its cloud's own API.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /_sandbox/requests` | how often each operation was called |
//! | `POST /_sandbox/reset` | starts counting again |
//! | `POST /_sandbox/knobs` | turns the knobs; the body is as on the command line |
//! | `GET /_sandbox/held` | the requests that the knobs `hold-before` and `hold-after` hold |
//! | `POST /_sandbox/release` | lets them go; with `discard` as the body, nothing comes of them |
//!
//! None of these are counted, disturbed by faults, or ask who is calling.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::{Counter, Faults, Knobs, Request, Response, Result};

/// What the paths of all these requests begin with.
pub const PREFIX: &str = "/_sandbox/";

/// The requests that [`manage`] answers.
const KNOWN: [&str; 5] = ["GET requests", "POST reset", "POST knobs", "GET held", "POST release"];

/// Answers what every sandbox is asked; `None` for everything else. `turn` turns the knobs.
pub fn manage(
    request: &Request,
    faults: &Faults,
    counter: &Counter,
    turn: impl FnOnce(Knobs) -> Result<()>,
) -> Option<Response> {
    let value = match (request.method.as_str(), request.path.strip_prefix(PREFIX)?) {
        ("GET", "requests") => json!(counter.counts()),
        ("POST", "reset") => {
            counter.reset();
            json!(counter.counts())
        }
        ("POST", "knobs") => match String::from_utf8_lossy(&request.body).parse().and_then(turn) {
            Ok(()) => json!({"knobs": faults.knobs().to_string()}),
            Err(error) => return Some(refuse(StatusCode::BAD_REQUEST, &error.to_string())),
        },
        ("GET", "held") => faults.held(),
        ("POST", "release") => {
            faults.release(request.body != "discard");
            faults.held()
        }
        _ => return None,
    };
    Some(answer(StatusCode::OK, &value))
}

/// Says that there is no such request, and which there are: these, and the sandbox's own.
pub fn unknown(own: &[&str]) -> Response {
    let known = [&KNOWN, own].concat().join(", ");
    refuse(StatusCode::NOT_FOUND, &format!("there is no such thing below {PREFIX}; there are {known}"))
}

/// An answer that says why not.
pub fn refuse(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({"error": why}))
}

/// An answer.
pub fn answer(status: StatusCode, value: &Value) -> Response {
    Response::new(status, value.to_string()).header(CONTENT_TYPE, "application/json")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    fn ask(faults: &Faults, counter: &Counter, method: Method, path: &str, body: &str) -> Option<Response> {
        let body = body.to_owned().into();
        let request = Request { method, path: path.to_owned(), query: String::new(), headers: HeaderMap::new(), body };
        manage(&request, faults, counter, |knobs| {
            faults.turn(knobs);
            Ok(())
        })
    }

    fn said(response: Option<Response>) -> (u16, Value) {
        let response = response.expect("an answer");
        (response.status.as_u16(), serde_json::from_slice(&response.body).expect("JSON"))
    }

    #[test]
    fn requests_are_counted_until_a_reset() {
        let (faults, counter) = (Faults::new(Knobs::default()), Counter::default());
        let ask = |method, path| said(ask(&faults, &counter, method, path, ""));
        counter.count("iam:GetRole");
        let counted = json!({"total": 1, "by_action": {"iam:GetRole": 1}});
        assert_eq!(ask(Method::GET, "/_sandbox/requests"), (200, counted));
        assert_eq!(ask(Method::POST, "/_sandbox/reset").1["total"], 0);
        assert_eq!(ask(Method::GET, "/_sandbox/requests").1["total"], 0);
    }

    #[test]
    fn knobs_are_turned_or_refused() {
        let (faults, counter) = (Faults::new(Knobs::default()), Counter::default());
        let turn = |knobs| said(ask(&faults, &counter, Method::POST, "/_sandbox/knobs", knobs));
        assert_eq!(turn("seed=7,throttle=0.5"), (200, json!({"knobs": "seed=7,throttle=0.5"})));
        let (status, why) = turn("throttle=2");
        assert_eq!((status, faults.knobs().throttle), (400, 0.5), "{why}");
        assert!(why["error"].as_str().is_some_and(|why| why.contains("throttle=2")), "{why}");
    }

    #[test]
    fn the_rest_is_the_sandbox_s_own() {
        let (faults, counter) = (Faults::new(Knobs::default()), Counter::default());
        for path in ["/_sandbox/log", "/_sandbox/", "/requests", "/"] {
            assert!(ask(&faults, &counter, Method::GET, path, "").is_none(), "{path}");
        }
        assert!(ask(&faults, &counter, Method::POST, "/_sandbox/requests", "").is_none());
        let (status, why) = said(Some(unknown(&["GET log"])));
        assert_eq!(status, 404);
        assert!(
            why["error"].as_str().is_some_and(|why| why.contains("POST knobs") && why.contains("GET log")),
            "{why}"
        );
    }
}
