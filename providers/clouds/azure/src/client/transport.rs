//! One way out for both generations of the SDK: it only knows the hosts that it was told, keeps to Azure's pace, and counts.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Method, Request, Url};
use bytes::{Bytes, BytesMut};
use cloudgrant_core::audit::note_request;
use cloudgrant_core::{Answering, Error, ErrorKind, Pace, Result, Signal, nothing_listens, proxy_named};

use crate::client::throttling;
use crate::error::{Carried, innermost};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a single try may take where nothing is said.
const REQUEST: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes. A page of ten thousand role assignments has about 10 MB.
const ANSWER: usize = 64 * 1024 * 1024;

/// The HTTP client. Nothing is set up before the first request.
#[derive(Debug)]
pub(crate) struct Transport {
    hosts: Vec<Url>,
    ca_certificate: Option<PathBuf>,
    answer_limit: usize,
    patience: Duration,
    requests: AtomicU64,
    pace: Pace,
    answering: Answering,
    /// For this machine and its metadata service, which no proxy can reach.
    near: OnceLock<reqwest::Client>,
    far: OnceLock<reqwest::Client>,
}

impl Transport {
    /// A client that goes to these places only: scheme, host and port count.
    pub(crate) fn new(hosts: Vec<Url>, ca_certificate: Option<PathBuf>) -> Self {
        Self {
            hosts,
            ca_certificate,
            answer_limit: ANSWER,
            patience: REQUEST,
            requests: AtomicU64::new(0),
            pace: Pace::default(),
            answering: Answering::default(),
            near: OnceLock::new(),
            far: OnceLock::new(),
        }
    }

    /// The same with another limit, in bytes.
    #[cfg(test)]
    pub(crate) fn with_answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// The same with another time for a single try, from its first byte to the last one of the answer.
    #[must_use]
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many requests went out: each try counts.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How fast requests go out.
    pub(crate) fn pace(&self) -> &Pace {
        &self.pace
    }

    fn admit(&self, url: &Url) -> Result<()> {
        if self.hosts.iter().any(|host| host.origin() == url.origin()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unexpected, "cloudgrant was sent to a place that it doesn't know")
            .with("place", url.origin().ascii_serialization())
            .hint("nothing was sent there; check `azure.endpoint` and `azure.authority`"))
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client> {
        let near = is_near(url);
        let slot = if near { &self.near } else { &self.far };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = self.build(near)?;
        Ok(slot.get_or_init(|| client))
    }

    fn build(&self, near: bool) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(self.patience)
            .redirect(reqwest::redirect::Policy::none())
            // The pipeline has the one retry policy.
            .retry(reqwest::retry::never());
        if near {
            builder = builder.no_proxy();
        }
        if let Some(path) = &self.ca_certificate {
            let attempted = |cause: String| {
                Error::new(ErrorKind::Manifest, "the file of `azure.ca_certificate` can't be used")
                    .with("file", path.display())
                    .with("cause", cause)
            };
            let pem = std::fs::read(path).map_err(|error| attempted(error.to_string()))?;
            let certificates =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| attempted(innermost(&error)))?;
            if certificates.is_empty() {
                return Err(attempted("it holds no certificate in PEM".to_owned()));
            }
            // What is on this machine is either an emulator of that authority or nothing to be trusted.
            builder = if near { builder.tls_certs_only(certificates) } else { builder.tls_certs_merge(certificates) };
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Unexpected, "TLS can't be set up")
                .with("cause", innermost(&error))
                .hint("install the operating system's certificate authorities (package ca-certificates)")
        })
    }

    async fn exchange(&self, outgoing: reqwest::RequestBuilder, url: &Url) -> azure_core::Result<AsyncRawResponse> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = outgoing.send().await.map_err(|error| self.lost(&error, url))?;
        self.answering.answered(&url.origin().ascii_serialization());
        let status = response.status().as_u16();
        if let Some(id) = response.headers().get("x-ms-request-id").and_then(|id| id.to_str().ok()) {
            note_request(id);
        }
        let headers = headers(response.headers());
        let body = self.read(response, url).await?;
        Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
    }

    async fn read(&self, mut response: reqwest::Response, url: &Url) -> azure_core::Result<Bytes> {
        let too_large = || {
            let limit = format!("{} bytes", self.answer_limit);
            Carried::sdk(Error::new(ErrorKind::Unexpected, "the answer is too large").with("limit", limit))
        };
        if response.content_length().is_some_and(|length| length > self.answer_limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error, url))? {
            if body.len() + chunk.len() > self.answer_limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// What went wrong on the way. Only the kinds `Connection` and `Io` are tried again.
    fn lost(&self, error: &reqwest::Error, url: &Url) -> azure_core::Error {
        let host = url.origin().ascii_serialization();
        let cause = innermost(error);
        if cause.contains("certificate") {
            return Carried::sdk(
                Error::new(ErrorKind::Unexpected, "the server's certificate isn't trusted")
                    .with("place", host)
                    .with("cause", cause)
                    .hint("if the authority is one of your own, name its file: CLOUDGRANT_AZURE__CA_CERTIFICATE"),
            );
        }
        // One that lets nobody through to it is as silent as one that answers nobody.
        let is_silent = error.is_timeout() && self.answering.is_silent(&host);
        if error.is_connect() {
            return unreachable(url, &format!("no connection: {cause}"), nothing_listens(&host, error));
        }
        if is_silent {
            return unreachable(url, "no answer in time, and nothing ever came from there", None);
        }
        if error.is_timeout() {
            return azure_core::Error::with_message(SdkKind::Io, format!("{host}: no answer in time"));
        }
        azure_core::Error::with_message(SdkKind::Io, format!("{host}: {cause}"))
    }
}

#[async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url();
        self.admit(url).map_err(Carried::sdk)?;
        let client = self.client(url).map_err(Carried::sdk)?;
        let Body::Bytes(body) = request.body() else {
            return Err(Carried::sdk(Error::new(ErrorKind::Unexpected, "streams can't be sent")));
        };
        let mut outgoing = client.request(method(request.method())?, url.clone()).body(body.clone());
        for (name, value) in request.headers().iter() {
            outgoing = outgoing.header(name.as_str(), header(value)?);
        }
        let turn = self.pace.turn(&throttling::lane(request)).await;
        outgoing = outgoing.timeout(self.answering.patience(&url.origin().ascii_serialization(), self.patience));
        let begun = Instant::now();
        let answer = self.exchange(outgoing, url).await;
        // Never the query: a filter may hold what the manifest has, and a login's URL more than that.
        tracing::debug!(
            method = request.method().as_ref(),
            host = url.host_str(),
            path = url.path(),
            status = answer.as_ref().ok().map(|response| u16::from(response.status())),
            milliseconds = begun.elapsed().as_millis(),
            "a request was made"
        );
        turn.answered(match &answer {
            Ok(response) => throttling::signal(response.status(), response.headers()),
            Err(_) => Signal::Overloaded,
        });
        answer
    }
}

/// Whether a host is this machine, or on its own link as the metadata service is.
pub(crate) fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host == "localhost" {
        return true;
    }
    match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

/// The same in the client's words. The SDK may learn others: none of them is sent as something else.
fn method(method: Method) -> azure_core::Result<reqwest::Method> {
    Ok(match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Patch => reqwest::Method::PATCH,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        other => {
            let message =
                format!("a request with the method {other} was about to be sent, which this program doesn't know");
            return Err(Carried::sdk(Error::new(ErrorKind::Unexpected, message)));
        }
    })
}

/// Marked as sensitive, so that no layer below shows it.
fn header(value: &HeaderValue) -> azure_core::Result<http::HeaderValue> {
    let mut value = http::HeaderValue::from_str(value.as_str())
        .map_err(|_| Carried::sdk(Error::new(ErrorKind::Unexpected, "a header holds what no header may hold")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn headers(map: &http::HeaderMap) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in map {
        if let Ok(value) = value.to_str() {
            headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
        }
    }
    headers
}

/// There is no way to a place: its name isn't known, nobody listens, no connection comes about in time, or nobody ever
/// answers. How long to look for the way is the engine's to decide, and not the pipeline's.
fn unreachable(url: &Url, cause: &str, ended: Option<String>) -> azure_core::Error {
    let host = url.origin().ascii_serialization();
    let proxy = if is_near(url) { None } else { proxy_named(url.scheme()) };
    let to = proxy.map_or_else(|| host.clone(), |proxy| format!("{host} ({proxy})"));
    Carried::sdk(
        Error::new(ErrorKind::Unreachable, "there is no way to Azure").with("cause", format!("{to}: {cause}")).hint(
            ended.unwrap_or_else(|| {
                "check the connection to Azure: network, DNS, proxy, `azure.endpoint` and `azure.authority`".to_owned()
            }),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_this_machine_and_its_link() {
        for (url, near) in [
            ("https://127.0.0.1:4443", true),
            ("https://[::1]:4443", true),
            ("https://localhost", true),
            ("http://169.254.169.254/metadata", true),
            ("https://management.azure.com", false),
            ("https://localhost.example.com", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(is_near(&url.parse().expect("a URL")), near, "{url}");
        }
    }

    #[tokio::test]
    async fn unknown_hosts_are_refused_by_name_and_nothing_goes_out() {
        let known = "https://management.azure.com".parse().expect("a URL");
        let transport = Transport::new(vec![known], None);
        for url in ["https://evil.example/x", "http://management.azure.com/", "https://management.azure.com:444/"] {
            let request = Request::new(url.parse().expect("a URL"), Method::Get);
            let error = transport.execute_request(&request).await.expect_err(url);
            let error = Carried::find(&error).expect("our error");
            let host = url.parse::<Url>().expect("a URL").origin().ascii_serialization();
            assert!(error.context().contains(&("place", host)), "{error}");
        }
        assert_eq!(transport.requests(), 0);
    }

    #[tokio::test]
    async fn a_missing_certificate_file_is_named() {
        let near: Url = "https://127.0.0.1:9".parse().expect("a URL");
        let transport = Transport::new(vec![near.clone()], Some("/nowhere/ca.pem".into()));
        let error = transport.execute_request(&Request::new(near, Method::Get)).await.expect_err("no file");
        let error = Carried::find(&error).expect("our error");
        assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
        assert_eq!(transport.requests(), 0);
    }
}
