//! What a request brings, and in which format it wants its answer.

use cloudgrant_sandbox_kit::Request;
use serde_json::Value;

use super::errors::{Answer, ApiError};
use super::protobuf;
use crate::fields::schema::Type;

const FORMATS: [&str; 3] = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/// How a patch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patch {
    Apply,
    Merge,
    Strategic,
    Json,
}

impl Patch {
    /// Reads the format of a patch's body.
    ///
    /// # Errors
    /// 415 for others.
    pub(crate) fn read(request: &Request) -> Answer<Self> {
        match content_type(request) {
            "application/apply-patch+yaml" => Ok(Self::Apply),
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/json-patch+json" => Ok(Self::Json),
            _ => Err(ApiError::unsupported_media_type(&[
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
                "application/apply-patch+yaml",
            ])),
        }
    }
}

/// An object in JSON, YAML or protobuf, which Go's clients prefer.
pub(crate) fn object(request: &Request, of: &'static Type) -> Answer<Value> {
    match content_type(request) {
        "" | "application/json" => json(&request.body),
        "application/yaml" => yaml(&request.body),
        "application/vnd.kubernetes.protobuf" => protobuf::read(of, &request.body).ok_or_else(|| {
            ApiError::bad_request("the object provided is unrecognized: it isn't protobuf as Kubernetes writes it")
        }),
        _ => Err(ApiError::unsupported_media_type(&FORMATS)),
    }
}

/// A body of JSON.
pub(crate) fn json(body: &[u8]) -> Answer<Value> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the object provided is unrecognized: {error}")))
}

/// A body of YAML, of which JSON is a part.
pub(crate) fn yaml(body: &[u8]) -> Answer<Value> {
    let refused = |line: u64, why: &str| {
        ApiError::bad_request(format!("error decoding YAML: error converting YAML to JSON: yaml: line {line}: {why}"))
    };
    let text = std::str::from_utf8(body).map_err(|error| refused(1, &error.to_string()))?;
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(1, |at| at.line());
        refused(line, error.to_string().lines().next().unwrap_or_default())
    })
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Yaml,
    /// A table of JSON, as `kubectl get` shows it.
    Table,
    /// The discovery of all groups at once.
    Aggregated,
}

/// What stands for the discovery of all groups at once, as a media type.
pub(crate) const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

impl Format {
    /// The first that is asked for and that there is.
    pub(crate) fn read(request: &Request) -> Answer<Self> {
        let wanted = request.header("accept").unwrap_or("*/*");
        wanted.split(',').find_map(Self::of).ok_or_else(ApiError::not_acceptable)
    }

    fn of(wanted: &str) -> Option<Self> {
        let mut parts = wanted.split(';').map(str::trim);
        let format = parts.next()?;
        let parameters: Vec<&str> = parts.filter(|part| !part.starts_with("q=")).collect();
        let is = |parameter| parameters.contains(&parameter);
        match format {
            "application/json" if is("as=Table") => is("v=v1").then_some(Self::Table),
            "application/json" if is("as=APIGroupDiscoveryList") => is("v=v2").then_some(Self::Aggregated),
            "application/json" | "application/yaml" if parameters.iter().any(|part| part.starts_with("as=")) => None,
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "application/yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

fn content_type(request: &Request) -> &str {
    request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
}
