//! The older generation of the SDK, on which the crate for authorization sits, over the newer one's pipeline.
//!
//! The older SDK never sees a token: it shows its requests, headers included, to whoever logs at the level `debug`. It
//! signs with a word that means nothing, and what sends its requests puts the token in place of that. It doesn't see
//! failures either, because its errors show whole answers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::http::headers::CONTENT_TYPE;
use azure_core::http::{Method, Request};
use azure_core_legacy as legacy;
use azure_mgmt_authorization::package_2022_04_01::Client;
use cloudgrant_core::{Error, ErrorKind, Result};
use legacy::auth::{AccessToken, TokenCredential};

use crate::client::{Answer, Arm, Pages, Wire, unreadable};
use crate::error::call::Call;
use crate::error::{Carried, line};

impl Arm {
    /// The client of the crate for authorization, for one call.
    pub(crate) fn authorization(&self, call: &Call<'_>) -> Client {
        let bridge = Bridge {
            wire: self.wire().clone(),
            operation: call.operation,
            object: call.object.to_owned(),
            pages: Mutex::new(Pages::default()),
        };
        let options = legacy::ClientOptions::new(legacy::TransportOptions::new(Arc::new(bridge)))
            // The pipeline has the one retry policy.
            .retry(legacy::RetryOptions::none());
        Client::new(self.wire().endpoint().clone(), Arc::new(Nobody), vec!["unused".to_owned()], options)
    }
}

/// An error of the crate for authorization.
pub(crate) fn failed(call: &Call<'_>, error: &legacy::Error) -> Error {
    match Carried::find(error) {
        Some(error) => error,
        // What is left is what the crate itself makes of an answer. Its kind says enough.
        None => match error.kind() {
            legacy::error::ErrorKind::DataConversion => unreadable(call, error),
            kind => call
                .error(ErrorKind::Unexpected, format!("{} failed", call.operation))
                .with("cause", line(&kind.to_string())),
        },
    }
}

/// Signs with nothing.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl TokenCredential for Nobody {
    async fn get_token(&self, _: &[&str]) -> legacy::Result<AccessToken> {
        let expiry = azure_core::time::OffsetDateTime::now_utc() + azure_core::time::Duration::hours(1);
        Ok(AccessToken::new("unused", expiry))
    }

    async fn clear_cache(&self) -> legacy::Result<()> {
        Ok(())
    }
}

/// Sends what the older SDK wants to send.
#[derive(Debug)]
struct Bridge {
    wire: Wire,
    operation: &'static str,
    object: String,
    pages: Mutex<Pages>,
}

impl Bridge {
    async fn send(&self, request: &legacy::Request) -> Result<legacy::Response> {
        let call = Call::new(self.operation, &self.object);
        let method = match request.method() {
            legacy::Method::Get => Method::Get,
            legacy::Method::Put => Method::Put,
            legacy::Method::Delete => Method::Delete,
            other => return Err(call.error(ErrorKind::Unexpected, format!("{other} isn't bridged"))),
        };
        if let Ok(mut pages) = self.pages.lock() {
            pages.turn(&call, request.url())?;
        }
        let mut outgoing = Request::new(request.url().clone(), method);
        if let legacy::Body::Bytes(body) = request.body()
            && !body.is_empty()
        {
            outgoing.insert_header(CONTENT_TYPE, "application/json");
            outgoing.set_body(without_nulls(&call, body)?);
        }
        let answer = self.wire.exchange(&call, &mut outgoing).await?;
        let (status, body) = match answer {
            Answer::Found(response) => (u16::from(response.status()), response.body().to_vec()),
            Answer::Absent(_) if method == Method::Delete => (204, Vec::new()),
            Answer::Absent(error) => return Err(error),
        };
        if let Ok(mut pages) = self.pages.lock() {
            pages.weigh(&call, &body)?;
        }
        let status = legacy::StatusCode::try_from(status)
            .map_err(|error| call.error(ErrorKind::Unexpected, "Azure's status can't be read").with("cause", error))?;
        let body = Box::pin(legacy::BytesStream::new(body));
        Ok(legacy::Response::new(status, legacy::headers::Headers::new(), body))
    }
}

#[async_trait]
impl legacy::HttpClient for Bridge {
    async fn execute_request(&self, request: &legacy::Request) -> legacy::Result<legacy::Response> {
        self.send(request)
            .await
            .map_err(|error| legacy::Error::new(legacy::error::ErrorKind::Other, Carried::new(error)))
    }
}

/// The crate writes fields that only Azure fills in, as nothing. The interface's description wants them left out.
fn without_nulls(call: &Call<'_>, body: &[u8]) -> Result<Vec<u8>> {
    let unwritten = |error| call.error(ErrorKind::Unexpected, "the request can't be written").source(error);
    let mut value: serde_json::Value = serde_json::from_slice(body).map_err(unwritten)?;
    strip(&mut value);
    serde_json::to_vec(&value).map_err(unwritten)
}

fn strip(value: &mut serde_json::Value) {
    if let serde_json::Value::Object(fields) = value {
        fields.retain(|_, value| !value.is_null());
        fields.values_mut().for_each(strip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_azure_fills_in_is_left_out() {
        let call = Call::new("a", "/b");
        let body = br#"{"properties":{"principalId":"p","createdOn":null,"deep":{"x":null}}}"#;
        let written = without_nulls(&call, body).expect("JSON");
        assert_eq!(String::from_utf8_lossy(&written), r#"{"properties":{"principalId":"p","deep":{}}}"#);
    }
}
