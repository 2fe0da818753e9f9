//! Whether an answer is Azure's, and all of it.
//!
//! A proxy that cuts answers, or gives its own, must not end a run for good, nor make objects look gone: half of a refusal
//! has no code, and an object that isn't there may be answered for without one.

use std::sync::Arc;

use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, RawResponse, Request};
use serde::de::IgnoredAny;
use serde_json::Value;

/// Refuses answers that aren't whole, such that they are asked for again, but for those in which a server says that it
/// fails: those need no body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompleteResponse;

#[async_trait::async_trait]
impl Policy for CompleteResponse {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(context, request, &next[1..]).await?.try_into_raw_response().await?;
        let status = u16::from(response.status());
        if status < 500 && !is_complete(response.body()) {
            let host = request.url().origin().ascii_serialization();
            let message = format!("{host}: the answer, with status {status}, isn't Azure's, or ends in the middle");
            return Err(azure_core::Error::with_message(SdkKind::Io, message));
        }
        Ok(again(response))
    }
}

fn again(response: RawResponse) -> AsyncRawResponse {
    let (status, headers, body) = response.deconstruct();
    AsyncRawResponse::from_bytes(status, headers, body)
}

/// JSON, or nothing at all: what is deleted often needs no words. JSON that can't be read although nothing of it is
/// missing, for it goes too deep or is wrong, is left to its reader: another try would bring the same.
fn is_complete(body: &[u8]) -> bool {
    let Err(error) = serde_json::from_slice::<IgnoredAny>(body) else { return true };
    if error.is_eof() {
        // What is passed over may go as deep as it likes; what is kept may not.
        let too_deep = || serde_json::from_slice::<Value>(body).is_err_and(|error| !error.is_eof());
        return body.is_empty() || too_deep();
    }
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn what_is_not_all_of_an_answer() {
        let json = r#" {"value": [{"name": "a}"}], "nextLink": null}"#;
        assert!(is_complete(json.as_bytes()) && is_complete(b"") && is_complete(b"{}\r\n"));
        for end in 2..json.len() {
            assert!(!is_complete(&json.as_bytes()[..end]), "{}", &json[..end]);
        }
        let deep = "[".repeat(1000);
        for left_to_its_reader in [format!("{deep}{}", "]".repeat(1000)), deep, r#"{"a": 01}"#.to_owned()] {
            assert!(is_complete(left_to_its_reader.as_bytes()), "{left_to_its_reader}");
        }
        for bad in ["{", " ", "It works!", "<!DOCTYPE html><html></html>"] {
            assert!(!is_complete(bad.as_bytes()), "{bad}");
        }
    }
}
