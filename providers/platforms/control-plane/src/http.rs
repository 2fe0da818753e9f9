//! Requests: to the addresses that were named, never anywhere else that an answer sends them, and bounded.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cloudgrant_core::{Answering, Error, ErrorKind, Result};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::Value;

use crate::service::Service;
use crate::{errors, trust};

/// How long a connection may take to come about, and a request.
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes: all records of a large deployment are some megabytes.
const ANSWER: usize = 64 * 1024 * 1024;

/// The client. Nothing is set up before the first request.
#[derive(Debug)]
pub(crate) struct Http {
    service: &'static Service,
    ca_certificate: Mutex<Option<PathBuf>>,
    answering: Answering,
    pub(crate) requests: AtomicU64,
    /// How many bytes of answers were read.
    pub(crate) received: AtomicU64,
    /// For this machine, which no proxy can reach.
    near: OnceLock<reqwest::Client>,
    far: OnceLock<reqwest::Client>,
}

impl Http {
    pub(crate) fn of(service: &'static Service) -> Self {
        Self {
            service,
            ca_certificate: Mutex::default(),
            answering: Answering::default(),
            requests: AtomicU64::new(0),
            received: AtomicU64::new(0),
            near: OnceLock::new(),
            far: OnceLock::new(),
        }
    }

    /// Whose requests these are.
    pub(crate) fn service(&self) -> &'static Service {
        self.service
    }

    /// Takes an authority of one's own for good as well.
    pub(crate) fn trust(&self, ca_certificate: Option<PathBuf>) {
        *self.ca_certificate.lock().unwrap_or_else(PoisonError::into_inner) = ca_certificate;
    }

    /// An address of these segments. An empty one would be about every project, or every domain.
    pub(crate) fn url(&self, endpoint: &Url, segments: &[&str]) -> Result<Url> {
        let mut url = endpoint.clone();
        let is_odd = segments.iter().any(|segment| matches!(*segment, "" | "." | ".."));
        match url.path_segments_mut() {
            Ok(mut path) if !is_odd => _ = path.clear().extend(segments),
            _ => {
                let what = format!("it was about to ask for {}", segments.join("/"));
                return Err(Error::provider_bug(self.service.permissions, what));
            }
        }
        Ok(url)
    }

    pub(crate) fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder> {
        let slot = if trust::is_here(url) { &self.near } else { &self.far };
        let client = match slot.get() {
            Some(client) => client,
            None => {
                let client = self.build(trust::is_here(url))?;
                slot.get_or_init(|| client)
            }
        };
        Ok(client.request(method, url.clone()))
    }

    fn build(&self, near: bool) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // What is sent here holds credentials, and an answer is no reason to send them elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            // Core has the one retry policy.
            .retry(reqwest::retry::never());
        if near {
            builder = builder.no_proxy();
        }
        let authority = self.ca_certificate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(path) = authority {
            let failed = |cause: String| {
                Error::new(ErrorKind::Credentials, "the file of the deployment's certificate authority can't be used")
                    .with("file", path.display())
                    .with("cause", cause)
            };
            let pem = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem);
            let certificates = certificates.map_err(|error| failed(errors::innermost(&error)))?;
            if certificates.is_empty() {
                return Err(failed("it holds no certificate in PEM".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Unexpected, "TLS can't be set up")
                .with("cause", errors::innermost(&error))
                .hint("install the operating system's certificate authorities (package ca-certificates)")
        })
    }

    /// Sends a request. Answers with the status and the JSON that came, or null where it was none.
    pub(crate) async fn exchange(&self, what: &str, request: RequestBuilder, url: &Url) -> Result<(u16, Value)> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let host = url.origin().ascii_serialization();
        let place: Url = {
            let mut place = url.clone();
            place.set_query(None);
            place
        };
        let begun = Instant::now();
        let lost = |error: reqwest::Error| {
            let is_silent = error.is_timeout() && self.answering.is_silent(&host);
            let lost = errors::lost(self.service, what, &place, &error);
            if is_silent {
                Error::new(ErrorKind::Unreachable, what).with("cause", format!("{host}: nothing ever came from there"))
            } else {
                lost
            }
        };
        let mut response = request.timeout(self.answering.patience(&host, REQUEST)).send().await.map_err(lost)?;
        self.answering.answered(&host);
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > ANSWER {
                return Err(Error::new(ErrorKind::Unexpected, what)
                    .with("cause", format!("the answer is larger than {ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        self.received.fetch_add(u64::try_from(body.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        tracing::debug!(
            host,
            path = place.path(),
            status,
            milliseconds = begun.elapsed().as_millis(),
            "a request was made"
        );
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Protocol;

    static SERVICE: Service = Service { name: "x", permissions: "x", protocol: Protocol::Rest, missing: "" };

    #[test]
    fn no_segment_is_empty_and_each_stays_one() {
        let (http, endpoint) = (Http::of(&SERVICE), Url::parse("https://x.example").expect("a URL"));
        let url = |segments: &[&str]| http.url(&endpoint, segments).map(|url| url.to_string());
        assert_eq!(url(&["a", "b/c"]).expect("a URL"), "https://x.example/a/b%2Fc");
        for segments in [&["a", ""][..], &["", "a"], &["a", ".."], &["."]] {
            assert!(url(segments).is_err(), "{segments:?}");
        }
    }
}
