//! What came in: the last requests in short, and whole exchanges if asked for.

use std::time::Instant;

use cloudgrant_sandbox_kit::{Recent, Request, Response};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::Serialize;
use serde_json::{Value, json};

/// What is known of a request once it was carried out, or at least begun.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Course {
    /// Its place among the requests that were carried out, if it was.
    pub(crate) turn: Option<u64>,
    /// The client that calls.
    pub(crate) caller: String,
    /// The caller's token, by its claim `uti`: what tells runs apart that log in as the same client.
    pub(crate) token: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Line {
    sequence: u64,
    #[serde(flatten)]
    course: Course,
    /// When it was answered, in microseconds since the sandbox began.
    at_us: u64,
    action: String,
    method: String,
    path: String,
    /// 0 where the connection was closed before the request was carried out.
    status: u16,
}

/// The last requests, and, if asked for, whole exchanges.
#[derive(Debug)]
pub(crate) struct Log {
    begun: Instant,
    pub(super) lines: Recent<Line>,
    /// Nothing unless recording was turned on.
    pub(super) recorded: Option<Recent<Value>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { begun: Instant::now(), lines: Recent::default(), recorded: None }
    }
}

impl Log {
    pub(crate) fn note(&mut self, sequence: u64, request: &Request, action: &str, course: Course, status: u16) {
        let path =
            if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) };
        self.lines.push(Line {
            sequence,
            course,
            at_us: u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            action: action.to_owned(),
            method: request.method.to_string(),
            path,
            status,
        });
    }

    /// Keeps an exchange in the form that specification validators read. Entra's are left out, and those of Microsoft
    /// Graph that make a secret: they hold secrets, and there is no specification of them.
    pub(crate) fn record(&mut self, base: &str, request: &Request, response: &Response) {
        let Some(recorded) = &mut self.recorded else { return };
        let path = request.path.to_ascii_lowercase();
        if path.contains("/oauth2/") || path.ends_with("/addpassword") {
            return;
        }
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        recorded.push(json!({
            "request": {
                "method": request.method.as_str(),
                "url": format!("{base}{}{query}", request.path),
                "headers": headers(&request.headers),
                "body": body(&request.body),
            },
            "response": {
                "statusCode": response.status.as_u16().to_string(),
                "headers": headers(&response.headers),
                "body": body(&response.body),
            },
        }));
    }
}

fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().filter(|(name, _)| *name != AUTHORIZATION);
    shown.filter_map(|(name, value)| Some((name.as_str().to_owned(), json!(value.to_str().ok()?)))).collect()
}

pub(super) fn body(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}
