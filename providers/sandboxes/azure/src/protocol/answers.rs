//! Answers of all services: what they look like when something goes wrong on request, and what headers they carry.

use cloudgrant_sandbox_kit::{Request, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use serde_json::Value;

use crate::protocol::errors::ArmError;
use crate::server::target::Target;
use crate::services::blob::BlobError;
use crate::services::entra::errors::TokenError;
use crate::services::graph::errors::GraphError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const ROUTING_ID: HeaderName = HeaderName::from_static("x-ms-routing-request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// An answer before it has its headers.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// A body that is no JSON.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Outcome {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), bytes: None, headers: Vec::new() }
    }
}

impl From<ArmError> for Outcome {
    fn from(error: ArmError) -> Self {
        Self { status: error.status, body: Some(error.body()), bytes: None, headers: error.headers }
    }
}

/// The address that the client used.
pub(crate) fn base(request: &Request) -> String {
    format!("https://{}", request.header("host").unwrap_or("127.0.0.1"))
}

pub(crate) fn too_many(seconds: u64) -> ArmError {
    ArmError::throttled(
        "TooManyRequests",
        "The request is being throttled as the limit has been reached for the operation.",
        seconds,
    )
}

pub(crate) fn throttled(target: &Target, request_id: &str) -> Outcome {
    match target {
        Target::Entra(_) => {
            let error = TokenError::new(
                429,
                "temporarily_unavailable",
                90_055,
                "The server has terminated the request due to throttling.",
            );
            let mut outcome = Outcome::new(429, error.body(request_id, request_id));
            outcome.headers.push((RETRY_AFTER, "1".to_owned()));
            outcome
        }
        Target::Blob(_) => {
            let mut outcome = BlobError::new(503, "ServerBusy", "The server is busy.").outcome(request_id);
            outcome.headers.push((RETRY_AFTER, "1".to_owned()));
            outcome
        }
        Target::Graph(_) => {
            let error = GraphError::new(429, "TooManyRequests", "Too many requests. Please retry after 1 second.");
            let mut outcome = Outcome::new(429, error.body(request_id));
            outcome.headers.push((RETRY_AFTER, "1".to_owned()));
            outcome
        }
        _ => too_many(1).into(),
    }
}

pub(crate) fn failed(target: &Target, request_id: &str) -> Outcome {
    match target {
        Target::Entra(_) => {
            let error = TokenError::new(
                503,
                "temporarily_unavailable",
                90_033,
                "A transient error has occurred. Please try again.",
            );
            Outcome::new(503, error.body(request_id, request_id))
        }
        Target::Blob(_) => {
            BlobError::new(500, "InternalError", "Server encountered an internal error. Please try again.")
                .outcome(request_id)
        }
        Target::Graph(_) => {
            let message = "The service is temporarily unavailable. Please retry the request.";
            let error = GraphError::new(503, "ServiceUnavailable", message);
            Outcome::new(503, error.body(request_id))
        }
        _ => ArmError::unexpected().into(),
    }
}

pub(crate) fn unknown_path(request: &Request) -> ArmError {
    let lower = request.path.to_ascii_lowercase();
    if let Some((_, rest)) = lower.rsplit_once("/providers/") {
        let mut segments = rest.split('/');
        let namespace = segments.next().unwrap_or_default();
        let message = match segments.next() {
            Some(kind) => {
                format!("The resource type '{kind}' could not be found in the namespace '{namespace}' for the sandbox.")
            }
            None => format!("The resource namespace '{namespace}' is invalid."),
        };
        return ArmError::not_found("InvalidResourceType", message);
    }
    ArmError::not_found("NotFound", format!("The sandbox has nothing at '{}'.", request.path))
}

pub(crate) fn correlation(request: &Request, request_id: &str) -> String {
    let asked = request.header("client-request-id").or_else(|| request.header("x-ms-correlation-request-id"));
    asked.unwrap_or(request_id).to_owned()
}

/// Adds what all answers carry. Source: "Common request and response headers" of Azure Resource Manager.
pub(crate) fn respond(request: &Request, outcome: Outcome, request_id: &str) -> Response {
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = outcome.body.map(|body| body.to_string());
    let is_json = body.is_some();
    let bytes = body.map(String::into_bytes).or(outcome.bytes).unwrap_or_default();
    let mut response = Response::new(status, bytes)
        .header(CACHE_CONTROL, "no-cache")
        .header(REQUEST_ID, request_id)
        .header(CORRELATION_ID, &correlation(request, request_id))
        .header(ROUTING_ID, &format!("SANDBOX:{request_id}"))
        .header(HeaderName::from_static("strict-transport-security"), "max-age=31536000; includeSubDomains")
        .header(HeaderName::from_static("x-content-type-options"), "nosniff");
    if is_json {
        response = response.header(CONTENT_TYPE, "application/json; charset=utf-8");
    }
    for (name, value) in &outcome.headers {
        response = response.header(name.clone(), value);
    }
    // Azure Resource Manager gives the client's own id back only if it is asked to.
    let wants = request.header("x-ms-return-client-request-id").is_some_and(|wants| wants.eq_ignore_ascii_case("true"));
    if let (true, Some(id)) = (wants, request.header("x-ms-client-request-id")) {
        response = response.header(CLIENT_REQUEST_ID, id);
    }
    response
}
