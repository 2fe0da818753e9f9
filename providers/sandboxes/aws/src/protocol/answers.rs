//! Answers of all services: how each writes what came out, and what it calls errors that all have.

use cloudgrant_sandbox_kit::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};

use crate::protocol::errors::ApiError;
use crate::protocol::{json, xml};
use crate::server::target::{Asked, Service};
use crate::services::s3;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What the REST services call the code of an error by.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// What a service answers.
pub(crate) enum Outcome {
    Xml(Option<xml::Xml>),
    Json(serde_json::Value),
    /// Of a service whose actions stand in paths.
    RestJson(serde_json::Value),
    S3(s3::Body),
}

impl Outcome {
    /// The policy of a repository, a bucket or a key in it.
    pub(crate) fn policy(&self) -> Option<String> {
        let answer = match self {
            Self::Json(answer) | Self::RestJson(answer) => answer,
            Self::S3(s3::Body::Json(policy)) => return Some(policy.clone()),
            Self::Xml(_) | Self::S3(_) => return None,
        };
        let text = answer.get("policyText").or_else(|| answer.get("Policy"));
        text.and_then(serde_json::Value::as_str).map(str::to_owned)
    }
}

/// What comes of a request that was carried out.
pub(crate) fn success(asked: &Asked, outcome: Outcome, request_id: &str) -> Response {
    match outcome {
        Outcome::Xml(result) => {
            let result = result.map(xml::Xml::into_string);
            let text = xml::answer(&asked.operation, asked.service.namespace(), result.as_deref(), request_id);
            respond(200, "text/xml", text, request_id)
        }
        Outcome::Json(value) => respond(200, "application/x-amz-json-1.1", value.to_string(), request_id),
        Outcome::RestJson(value) => respond(200, "application/json", value.to_string(), request_id),
        Outcome::S3(s3::Body::Xml(text)) => of_s3(respond(200, "application/xml", text, request_id), request_id),
        Outcome::S3(s3::Body::Json(text)) => of_s3(respond(200, "application/json", text, request_id), request_id),
        Outcome::S3(s3::Body::Nothing) => of_s3(Response::new(StatusCode::NO_CONTENT, String::new()), request_id),
        Outcome::S3(s3::Body::Head(region)) => {
            of_s3(Response::new(StatusCode::OK, String::new()), request_id).header(BUCKET_REGION, &region)
        }
    }
}

/// S3 has its own name for the header.
fn of_s3(response: Response, request_id: &str) -> Response {
    response.header(HeaderName::from_static("x-amz-request-id"), request_id)
}

/// What comes of one that was refused, in the words and with the status of its service.
pub(crate) fn failure(asked: &Asked, method: &Method, error: ApiError, request_id: &str) -> Response {
    let service = asked.service;
    match service {
        Service::S3 => {
            let status = if error.code == "Throttling" { 503 } else { error.status };
            let error = ApiError { code: s3_code(error.code), status, ..error };
            // An answer to HEAD has no body.
            let text = if method == Method::HEAD { String::new() } else { s3::error(&error, request_id) };
            let response = of_s3(respond(error.status, "application/xml", text, request_id), request_id);
            match &error.region {
                Some(region) => response.header(BUCKET_REGION, region),
                None => response,
            }
        }
        Service::Iam | Service::Sts => {
            let text = xml::error(service.namespace(), error.status, error.code, &error.message, request_id);
            respond(error.status, "text/xml", text, request_id)
        }
        Service::Eks => {
            let code = json_code(error.code);
            let text = json::error(false, code, &error.message);
            respond(error.status, "application/json", text, request_id).header(ERROR_TYPE, code)
        }
        Service::Ecr | Service::SecretsManager | Service::Kms => {
            let status = if error.status >= 500 { 500 } else { 400 };
            let text = json::error(service == Service::SecretsManager, json_code(error.code), &error.message);
            respond(status, "application/x-amz-json-1.1", text, request_id)
        }
    }
}

/// S3's names for errors that all services have. Source: Amazon S3 API reference, "Error responses".
fn s3_code(code: &'static str) -> &'static str {
    match code {
        "InvalidClientTokenId" => "InvalidAccessKeyId",
        "MissingAuthenticationToken" => "AccessDenied",
        "Throttling" => "SlowDown",
        "ServiceFailure" => "InternalError",
        other => other,
    }
}

/// The JSON services' names for errors that all services have. Source: "Common errors" of the API references.
fn json_code(code: &'static str) -> &'static str {
    match code {
        "InvalidClientTokenId" => "UnrecognizedClientException",
        "ExpiredToken" => "ExpiredTokenException",
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "AccessDenied" => "AccessDeniedException",
        "Throttling" => "ThrottlingException",
        "ServiceFailure" => "InternalFailure",
        other => other,
    }
}

fn respond(status: u16, content_type: &str, body: String, request_id: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::new(status, body).header(CONTENT_TYPE, content_type).header(REQUEST_ID, request_id)
}
