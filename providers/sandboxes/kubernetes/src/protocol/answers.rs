//! Answers, and the headers that they carry.

use bytes::Bytes;
use cloudgrant_sandbox_kit::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WARNING};
use http::{HeaderName, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::bodies::{AGGREGATED, Format};
use super::errors::ApiError;

/// An answer before it is written.
#[derive(Debug)]
pub(crate) enum Reply {
    Object {
        code: u16,
        body: Value,
        warnings: Vec<String>,
    },
    Text {
        code: u16,
        body: &'static str,
    },
    /// What has no end of its own: JSON, a line an event.
    Pieces(UnboundedReceiver<Bytes>),
    /// What is written in one way, whatever the client wants.
    Document {
        content_type: &'static str,
        body: Value,
    },
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn new(code: u16, body: Value) -> Self {
        Self::Object { code, body, warnings: Vec::new() }
    }

    /// What a server says of a path in no API that it has.
    pub(crate) fn no_such_path() -> Self {
        Self::Text { code: 404, body: "404 page not found\n" }
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::new(error.code, error.body())
    }
}

/// Writes an answer. `audit` is the id of the request.
pub(crate) fn respond(reply: Reply, format: Format, audit: &str) -> Response {
    let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = match reply {
        Reply::Text { code, body } => {
            Response::new(status(code), body).header(CONTENT_TYPE, "text/plain; charset=utf-8")
        }
        Reply::Pieces(pieces) => Response::in_pieces(StatusCode::OK, pieces).header(CONTENT_TYPE, "application/json"),
        Reply::Document { content_type, body } => {
            Response::new(StatusCode::OK, body.to_string()).header(CONTENT_TYPE, content_type)
        }
        Reply::Object { code, body, warnings } => {
            let (content_type, text) = match format {
                // JSON is YAML, too.
                Format::Yaml => ("application/yaml", format!("{body:#}\n")),
                Format::Aggregated if body["kind"] == "APIGroupDiscoveryList" => (AGGREGATED, body.to_string()),
                _ => ("application/json", body.to_string()),
            };
            let mut response = Response::new(status(code), text).header(CONTENT_TYPE, content_type);
            // The kit's responses hold one header of a name; several warnings may stand in one.
            if !warnings.is_empty() {
                let all: Vec<String> = warnings.iter().map(|text| format!("299 - {text:?}")).collect();
                response = response.header(WARNING, &all.join(", "));
            }
            if code == 429 { response.header(RETRY_AFTER, "1") } else { response }
        }
    };
    response
        .header(CACHE_CONTROL, "no-cache, private")
        .header(HeaderName::from_static("audit-id"), audit)
        .header(HeaderName::from_static("vary"), "Accept")
}
