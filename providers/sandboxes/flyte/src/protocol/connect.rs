//! Connect: a call is a `POST` whose body is a message, in JSON or in binary form, compressed or not; an error is always JSON, as
//! `{"code": "not_found", "message": …}`.
//!
//! Source: connectrpc.com, "Connect Protocol Reference", unary requests; connect-go, which serves Flyte 2: `protocol_connect.go`,
//! `codec.go`, `compression.go`.

use std::io::{Read as _, Write as _};

use cloudgrant_sandbox_kit::{Request, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use super::decode::{self, Unknown};
use super::json::Json;
use super::schema::Message;
use super::status::{Answer, Code, Status};
use super::{binary, encode};

/// The largest message that is read, in bytes, once it is no longer compressed.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    Binary,
}

impl Codec {
    /// That of a request; nothing where nobody knows it.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let named = request.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let mut parts = named.split(';').map(|part| part.trim().to_ascii_lowercase());
        let codec = match parts.next().as_deref() {
            Some("application/json") => Self::Json,
            Some("application/proto") => Self::Binary,
            _ => return None,
        };
        // No other parameter, and no other set of characters.
        parts.all(|part| codec == Self::Json && part == "charset=utf-8").then_some(codec)
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Binary => "application/proto",
        }
    }
}

/// The message of a request.
///
/// # Errors
/// It is in another form than the headers say, or for another version of the protocol.
pub(crate) fn asked(request: &Request, codec: Codec, message: &Message) -> Answer<Map<String, Value>> {
    let compression = request.header(CONTENT_ENCODING.as_str()).unwrap_or_default();
    let bytes = match compression {
        "" | "identity" => request.body.to_vec(),
        "gzip" => unpacked(&request.body)?,
        other => {
            let said = format!("unknown compression {other:?}: supported encodings are gzip");
            return Err(Status::new(Code::Unimplemented, said));
        }
    };
    match request.header("connect-protocol-version") {
        None | Some("1") => {}
        Some(other) => {
            return Err(Status::invalid(format!("Connect-Protocol-Version must be \"1\": got {other:?}")));
        }
    }
    let invalid = |why: String| Status::invalid(format!("unmarshal message: {why}"));
    match codec {
        Codec::Binary => binary::read(message, &bytes).map_err(invalid),
        Codec::Json => {
            let json = Json::first(&bytes).map_err(|why| invalid(format!("proto: syntax error: {why}")))?;
            let json = json.ok_or_else(|| invalid("zero-length payload is not a valid JSON object".to_owned()))?;
            // Client and server may know different versions of a message.
            decode::message(message, &json, Unknown::Discard).map_err(invalid)
        }
    }
}

fn unpacked(body: &[u8]) -> Answer<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(body).take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Status::invalid(format!("decompress: {error}")))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        let said = format!("message size is larger than configured max {LARGEST}");
        return Err(Status::new(Code::ResourceExhausted, said));
    }
    Ok(bytes)
}

/// An answer with a message.
pub(crate) fn answer(request: &Request, codec: Codec, message: &Message, set: &Map<String, Value>) -> Response {
    let bytes = match codec {
        Codec::Json => encode::only_set(message, set).to_string().into_bytes(),
        Codec::Binary => binary::write(message, set),
    };
    finished(request, StatusCode::OK, codec.media_type(), bytes)
}

/// An answer with an error.
pub(crate) fn refuse(request: &Request, status: &Status) -> Response {
    let code = StatusCode::from_u16(status.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "code": status.code.name(), "message": status.message });
    finished(request, code, Codec::Json.media_type(), body.to_string().into_bytes())
}

/// Where the media type is none of Connect's.
pub(crate) fn unsupported() -> Response {
    Response::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "")
        .header(HeaderName::from_static("accept-post"), "application/json, application/proto")
}

fn finished(request: &Request, code: StatusCode, media_type: &str, bytes: Vec<u8>) -> Response {
    let accepted = request.header(ACCEPT_ENCODING.as_str()).unwrap_or_default();
    let takes_gzip = accepted.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == "gzip");
    let packed = if takes_gzip && !bytes.is_empty() { packed(&bytes) } else { None };
    match packed {
        Some(packed) => Response::new(code, packed).header(CONTENT_TYPE, media_type).header(CONTENT_ENCODING, "gzip"),
        None => Response::new(code, bytes).header(CONTENT_TYPE, media_type),
    }
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
