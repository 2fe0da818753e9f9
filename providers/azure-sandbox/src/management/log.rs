//! What came in: the last requests in short, and whole exchanges if asked for.

use cloudgrant_sandbox_kit::{Recent, Request, Response};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Serialize)]
pub(super) struct Line {
    sequence: u64,
    action: String,
    method: String,
    path: String,
    /// 0 where the connection was closed before the request was carried out.
    status: u16,
}

/// The last requests, and, if asked for, whole exchanges.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(super) lines: Recent<Line>,
    /// Nothing unless recording was turned on.
    pub(super) recorded: Option<Recent<Value>>,
}

impl Log {
    pub(crate) fn note(&mut self, sequence: u64, request: &Request, action: &str, status: u16) {
        let path =
            if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) };
        self.lines.push(Line { sequence, action: action.to_owned(), method: request.method.to_string(), path, status });
    }

    /// Keeps an exchange in the form that specification validators read. Entra's are left out: they hold secrets, and
    /// there is no specification of them.
    pub(crate) fn record(&mut self, base: &str, request: &Request, response: &Response) {
        let Some(recorded) = &mut self.recorded else { return };
        if request.path.to_ascii_lowercase().contains("/oauth2/") {
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
