//! A thin typed client of the Azure Resource Manager: made when it is first needed, counted.

use std::collections::HashSet;
use std::sync::Arc;

use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::headers::{ACCEPT, CONTENT_TYPE};
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, RawResponse, Request, StatusCode, Url};
use cloudgrant_core::{Caller, Error, ErrorKind, Pace, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::credentials::Login;
use crate::client::sdk_options::sdk_options;
use crate::client::throttling::retry_after;
use crate::client::transport::Transport;
use crate::config::Config;
use crate::config::cloud::Place;
use crate::error::call::Call;
use crate::error::wording::is_about;
use crate::error::{answered, failed, is_absent, line};

/// More pages than these are no list any more.
const PAGES: usize = 2000;
/// The most bytes of one list. The most role assignments that a subscription can have fill some 10 MB.
const LARGEST: usize = 512 * 1024 * 1024;
/// Whoever is asked to wait for longer than this tells the engine, which has more patience.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// The Resource Manager.
#[derive(Debug)]
pub(crate) struct Arm {
    wire: Wire,
    transport: Arc<Transport>,
    login: Arc<Login>,
}

impl Arm {
    /// A client that has done nothing yet: no network, no TLS, no file is read.
    ///
    /// # Errors
    /// If the endpoint or the authority isn't a URL that credentials may be sent to.
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let place = Place::of(config)?;
        let transport = Transport::new(Login::hosts(&place), config.ca_certificate.clone());
        let transport = Arc::new(transport.with_patience(config.request_timeout.0));
        Ok(Self::over(config, &place, transport))
    }

    pub(crate) fn over(config: &Config, place: &Place, transport: Arc<Transport>) -> Self {
        let options = sdk_options(&transport);
        let login = Arc::new(Login::new(config, place, transport.clone()));
        let bearer = BearerTokenAuthorizationPolicy::new(login.clone(), [place.scope.as_str()]);
        let pipeline = Pipeline::new(
            option_env!("CARGO_PKG_NAME"),
            option_env!("CARGO_PKG_VERSION"),
            options,
            Vec::new(),
            vec![Arc::new(Patience), Arc::new(bearer)],
            None,
        );
        Self { wire: Wire { endpoint: place.endpoint.clone(), pipeline }, transport, login }
    }

    /// How many requests went over the wire: token requests and retries included.
    pub(crate) fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// How fast requests go out.
    pub(crate) fn pace(&self) -> &Pace {
        self.transport.pace()
    }

    /// Who the tokens are for, once there was one.
    pub(crate) fn caller(&self) -> Option<Caller> {
        self.login.caller()
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Reads an object that must be there.
    pub(crate) async fn get<T: DeserializeOwned>(&self, call: &Call<'_>, version: &str) -> Result<T> {
        let mut request = self.wire.request(call.object, version, Method::Get)?;
        let answer = self.wire.exchange(call, &mut request).await?.found()?;
        decode(call, &answer)
    }

    /// Reads an object that may be missing.
    pub(crate) async fn get_optional<T: DeserializeOwned>(&self, call: &Call<'_>, version: &str) -> Result<Option<T>> {
        let mut request = self.wire.request(call.object, version, Method::Get)?;
        match self.wire.exchange(call, &mut request).await? {
            Answer::Found(answer) => decode(call, &answer).map(Some),
            Answer::Absent(_) => Ok(None),
        }
    }

    /// Looks whether an object is there, and if not, whether what it would be in is: for what Azure knows by the code that its
    /// own provider has for it.
    pub(crate) async fn look(&self, call: &Call<'_>, version: &str, own: &str) -> Result<Presence> {
        let mut request = self.wire.request(call.object, version, Method::Get)?;
        let error = match self.wire.exchange(call, &mut request).await? {
            Answer::Found(_) => return Ok(Presence::There),
            Answer::Absent(error) => error,
        };
        let name = call.object.rsplit('/').next().unwrap_or_default();
        let is_missing = error.cloud_code() == own || is_about(&error, name);
        Ok(if is_missing { Presence::Missing } else { Presence::HolderMissing })
    }

    /// Makes or replaces an object.
    pub(crate) async fn put<B: Serialize, T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        version: &str,
        body: &B,
    ) -> Result<T> {
        let mut request = self.wire.request(call.object, version, Method::Put)?;
        let json = serde_json::to_vec(body)
            .map_err(|error| call.error(ErrorKind::Unexpected, "the request can't be written").source(error))?;
        request.insert_header(CONTENT_TYPE, "application/json");
        request.set_body(json);
        let answer = self.wire.exchange(call, &mut request).await?.found()?;
        decode(call, &answer)
    }

    /// Deletes an object. It is no error if there is none.
    pub(crate) async fn delete(&self, call: &Call<'_>, version: &str) -> Result<()> {
        let mut request = self.wire.request(call.object, version, Method::Delete)?;
        self.wire.exchange(call, &mut request).await.map(|_| ())
    }

    /// Reads all pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(&self, call: &Call<'_>, version: &str) -> Result<Vec<T>> {
        self.list_at_most(call, version, usize::MAX).await
    }

    /// Reads the first pages of a list, so many or all.
    pub(crate) async fn list_at_most<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        version: &str,
        most: usize,
    ) -> Result<Vec<T>> {
        let mut pages = Pages::default();
        let mut request = self.wire.request(call.object, version, Method::Get)?;
        let mut items = Vec::new();
        for _ in 0..most {
            pages.turn(call, request.url())?;
            let answer = self.wire.exchange(call, &mut request).await?.found()?;
            pages.weigh(call, answer.body())?;
            let page: Page<T> = decode(call, &answer)?;
            items.extend(page.value);
            let Some(next) = page.next_link.filter(|link| !link.is_empty()) else { return Ok(items) };
            let next = self.wire.endpoint.join(&next).map_err(|error| {
                call.error(ErrorKind::Unexpected, "Azure's link to the next page is no URL").with("cause", error)
            })?;
            request = Request::new(next, Method::Get);
        }
        Ok(items)
    }
}

/// Whether something is in a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It is there.
    There,
    /// The resource is there, and it isn't.
    Missing,
    /// The resource isn't there either.
    HolderMissing,
}

/// What the bridge to the older SDK shares with the client: one pipeline, and with it one token and one retry policy.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    endpoint: Url,
    pipeline: Pipeline,
}

/// What came back, unless it is an error.
pub(crate) enum Answer {
    Found(RawResponse),
    /// The object isn't there. The error is for those to whom that matters.
    Absent(Error),
}

impl Answer {
    pub(crate) fn found(self) -> Result<RawResponse> {
        match self {
            Self::Found(response) => Ok(response),
            Self::Absent(error) => Err(error),
        }
    }
}

impl Wire {
    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// A request for a resource ID. Each segment is percent-encoded by itself, so that none can become two.
    pub(crate) fn request(&self, path: &str, version: &str, method: Method) -> Result<Request> {
        let mut url = self.endpoint.clone();
        let bad = || Error::new(ErrorKind::Unexpected, "this is no resource ID").with("object", path);
        check_path(path)?;
        url.path_segments_mut().map_err(|()| bad())?.clear().extend(path.split('/').skip(1));
        url.query_pairs_mut().append_pair("api-version", version);
        Ok(Request::new(url, method))
    }

    /// Sends a request, with the token, and as often as needed. Never to any other place than the endpoint.
    pub(crate) async fn exchange(&self, call: &Call<'_>, request: &mut Request) -> Result<Answer> {
        if request.url().origin() != self.endpoint.origin() {
            return Err(call
                .error(ErrorKind::Unexpected, "Azure sends us to another place for the next page")
                .with("place", request.url().origin().ascii_serialization())
                .hint("nothing was sent there; if that place is Azure's, name it in `azure.endpoint`"));
        }
        request.insert_header(ACCEPT, "application/json");
        let options = PipelineSendOptions { skip_checks: true, ..Default::default() };
        let sent = self.pipeline.send(&Context::new(), request, Some(options)).await;
        let response = sent.map_err(|error| failed(call, &error))?;
        if response.status().is_success() {
            return Ok(Answer::Found(response));
        }
        let error = answered(call, &response);
        if is_absent(call, &response) { Ok(Answer::Absent(error)) } else { Err(error) }
    }
}

/// A scope or a resource ID, as far as it becomes a path.
///
/// # Errors
/// If a URL would mean something else by it.
pub(crate) fn check_path(path: &str) -> Result<()> {
    let plain = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && !segment.contains(['%', '?', '#', '\\'])
            && !segment.contains(char::is_control)
    };
    match path.strip_prefix('/') {
        Some(rest) if rest.split('/').all(plain) => Ok(()),
        _ => Err(Error::new(ErrorKind::Unexpected, "this is no resource ID").with("object", path)),
    }
}

/// Keeps lists from going on for ever.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    seen: HashSet<Url>,
    bytes: usize,
}

impl Pages {
    pub(crate) fn turn(&mut self, call: &Call<'_>, url: &Url) -> Result<()> {
        if self.seen.len() == PAGES {
            return Err(call.error(ErrorKind::Unexpected, format!("the list has more than {PAGES} pages")));
        }
        if !self.seen.insert(url.clone()) {
            return Err(call.error(ErrorKind::Unexpected, "Azure's pages go round in a circle"));
        }
        Ok(())
    }

    /// Takes note of a page's size.
    pub(crate) fn weigh(&mut self, call: &Call<'_>, page: &[u8]) -> Result<()> {
        self.bytes = self.bytes.saturating_add(page.len());
        if self.bytes > LARGEST {
            return Err(call.error(ErrorKind::Unexpected, format!("the list has more than {LARGEST} bytes")));
        }
        Ok(())
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(default = "Vec::new")]
    value: Vec<T>,
    next_link: Option<String>,
}

fn decode<T: DeserializeOwned>(call: &Call<'_>, response: &RawResponse) -> Result<T> {
    serde_json::from_slice(response.body()).map_err(|error| unreadable(call, &error))
}

/// An answer that isn't what the interface's description says.
pub(crate) fn unreadable(call: &Call<'_>, error: &dyn std::fmt::Display) -> Error {
    call.error(ErrorKind::Unexpected, "Azure's answer can't be read").with("cause", line(&error.to_string()))
}

/// Ends the tries where Azure asks to wait for longer than a single call may take.
#[derive(Debug)]
struct Patience;

#[async_trait::async_trait]
impl Policy for Patience {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = next[0].send(context, request, &next[1..]).await?;
        let status = response.status();
        if !matches!(status, StatusCode::TooManyRequests | StatusCode::ServiceUnavailable) {
            return Ok(response);
        }
        match retry_after(response.headers()) {
            Some(wait) if wait > PATIENCE => {
                let response = response.try_into_raw_response().await?;
                let kind = SdkKind::HttpResponse { status, error_code: None, raw_response: Some(Box::new(response)) };
                Err(azure_core::Error::with_message(kind, "asked to wait for too long"))
            }
            _ => Ok(response),
        }
    }
}

pub(crate) mod arm;
pub(crate) mod bridge;
pub(crate) mod complete_response;
pub(crate) mod credentials;
pub(crate) mod host;
#[cfg(test)]
mod hostile;
mod long_running;
#[cfg(test)]
pub(crate) mod loopback;
pub(crate) mod remedies;
pub(crate) mod sdk_options;
#[cfg(test)]
mod tests;
pub(crate) mod throttling;
pub(crate) mod transport;
