//! Answers and errors of the service, which are in XML.

use http::HeaderName;
use http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};
use time::UtcDateTime;

use crate::protocol::answers::Outcome;
use crate::state::time::{self as clock, Millis};

const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");

/// An error: status, code, message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlobError {
    pub(crate) status: u16,
    code: &'static str,
    message: String,
}

impl BlobError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The answer, with the id of the request.
    pub(crate) fn outcome(&self, request_id: &str) -> Outcome {
        let at = clock::iso(clock::now());
        let text = xml(&format!("{}\nRequestId:{request_id}\nTime:{at}", self.message));
        let body = format!("{HEAD}<Error><Code>{}</Code><Message>{text}</Message></Error>", self.code);
        let mut outcome = document(self.status, body);
        outcome.headers.push((ERROR_CODE, self.code.to_owned()));
        outcome
    }
}

/// State that can't be written is the sandbox's failure, and clients see it as the service's.
impl From<cloudgrant_sandbox_kit::SandboxError> for BlobError {
    fn from(error: cloudgrant_sandbox_kit::SandboxError) -> Self {
        tracing::error!(%error, "the sandbox could not keep its state");
        Self::new(500, "InternalError", error.to_string())
    }
}

pub(super) const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>"#;

/// An answer with a document.
pub(super) fn document(status: u16, body: String) -> Outcome {
    let mut outcome = content(status, body.into_bytes());
    outcome.headers.push((CONTENT_TYPE, "application/xml".to_owned()));
    outcome
}

/// An answer with bytes.
pub(super) fn content(status: u16, body: Vec<u8>) -> Outcome {
    Outcome { status, body: None, bytes: Some(body), headers: Vec::new() }
}

/// The same with when something was changed.
pub(super) fn dated(mut outcome: Outcome, changed: Millis) -> Outcome {
    outcome.headers.push((LAST_MODIFIED, http_date(changed)));
    outcome.headers.push((ETAG, etag(changed)));
    outcome
}

pub(super) fn etag(changed: Millis) -> String {
    format!("\"0x{changed:X}\"")
}

/// A date as HTTP has it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn http_date(millis: Millis) -> String {
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    let moment = UtcDateTime::from_unix_timestamp(seconds).unwrap_or(UtcDateTime::MAX);
    let (hour, minute, second) = moment.as_hms();
    let short = |word: String| word.chars().take(3).collect::<String>();
    format!(
        "{}, {:02} {} {:04} {hour:02}:{minute:02}:{second:02} GMT",
        short(moment.weekday().to_string()),
        moment.day(),
        short(moment.month().to_string()),
        moment.year()
    )
}

/// A text in a document.
pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
