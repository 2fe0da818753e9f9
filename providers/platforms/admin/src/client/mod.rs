//! The way to Flyte admin: its REST API, as its gateway has it.
//!
//! Source: flyteorg/flyte, `flyteidl/protos/flyteidl/service/admin.proto` and its swagger.

mod errors;
mod http;
mod records;
mod sign_in;
pub(crate) mod surroundings;
mod trust;

use std::sync::atomic::Ordering;

use cloudgrant_core::{Error, ErrorKind, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::sync::OnceCell;

pub(crate) use self::http::Http;
pub(crate) use self::records::{Project, Read, Record};
use self::sign_in::SignIn;
use self::surroundings::{Credentials, Surroundings, Told};

/// Whose deployment is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    /// The one that the surroundings name.
    Named,
    /// The same, but it must be one of a sandbox's.
    OnlySandbox,
    /// A sandbox's, at this address.
    Sandbox(String),
}

/// A deployment, found once somebody asks for something.
#[derive(Debug)]
pub(crate) struct Deployment {
    surroundings: Surroundings,
    is_union: bool,
    whose: Whose,
    /// The host of the one that is meant, where anybody says so.
    meant: Option<String>,
    http: Http,
    told: OnceCell<Told>,
    sign_in: SignIn,
}

impl Deployment {
    pub(crate) fn of(surroundings: Surroundings, is_union: bool) -> Self {
        Self {
            surroundings,
            is_union,
            whose: Whose::Named,
            meant: None,
            http: Http::default(),
            told: OnceCell::new(),
            sign_in: SignIn::default(),
        }
    }

    pub(crate) fn surround(&mut self, surroundings: Surroundings) {
        self.surroundings = surroundings;
    }

    pub(crate) fn put_in_sandbox(&mut self, endpoint: String) {
        self.whose = Whose::Sandbox(endpoint);
    }

    pub(crate) fn keep_in_sandbox(&mut self) {
        self.whose = Whose::OnlySandbox;
    }

    pub(crate) fn keep_to(&mut self, host: String) {
        self.meant = Some(host);
    }

    pub(crate) fn is_in_sandbox(&self) -> bool {
        self.whose != Whose::Named
    }

    pub(crate) fn requests(&self) -> u64 {
        self.http.requests.load(Ordering::Relaxed)
    }

    /// For people.
    pub(crate) fn place(&self) -> String {
        match self.told.get() {
            Some(told) => format!("deployment {}", told.endpoint.origin().ascii_serialization()),
            None => "its deployment".to_owned(),
        }
    }

    /// Which one it is, in every run. A sandbox that is started for a run is on another port each time.
    pub(crate) async fn reached(&self) -> Result<String> {
        match &self.whose {
            Whose::Sandbox(_) => Ok("the deployment of the sandbox".to_owned()),
            Whose::Named | Whose::OnlySandbox => self.told().await.map(|_| self.place()),
        }
    }

    async fn told(&self) -> Result<&Told> {
        self.told.get_or_try_init(|| self.find()).await
    }

    async fn find(&self) -> Result<Told> {
        let told = match &self.whose {
            // No credentials of a person's are for a sandbox.
            Whose::Sandbox(endpoint) => {
                let variables = [("FLYTE_PLATFORM_URL".to_owned(), endpoint.clone())];
                return Surroundings::given(variables.into(), "").told(false);
            }
            Whose::Named | Whose::OnlySandbox => self.surroundings.told(self.is_union)?,
        };
        if let (Whose::Named, Some(meant)) = (&self.whose, &self.meant)
            && !trust::is_at(&told.endpoint, meant)
        {
            return Err(errors::of_another_deployment(&told, meant));
        }
        self.http.trust(told.ca_certificate.clone());
        if self.whose == Whose::OnlySandbox && !self.is_sandbox(&told).await? {
            return Err(errors::of_real_deployment(&told.endpoint));
        }
        Ok(told)
    }

    /// Whether a deployment is a sandbox's: on this machine, and it answers what no other does. A real one may be on this machine as
    /// well, by a forwarded port.
    async fn is_sandbox(&self, told: &Told) -> Result<bool> {
        if !trust::is_here(&told.endpoint) {
            return Ok(false);
        }
        let url = self.http.url(&told.endpoint, &["_sandbox", "requests"])?;
        let what = "can't ask whether the deployment is a sandbox's";
        let (status, body) = self.http.exchange(what, self.http.request(Method::GET, &url)?, &url).await?;
        Ok(status == 200 && body["by_action"].is_object())
    }

    /// A call of the API. Answers with the status, and with what came.
    async fn call(
        &self,
        what: &str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let told = self.told().await?;
        let mut url = self.http.url(&told.endpoint, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        for is_last in [false, true] {
            let header = self.sign_in.header(&self.http, told).await?;
            let is_signed_in = header.is_some();
            let mut request = in_json(self.http.request(method.clone(), &url)?);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            if let Some(body) = body {
                request = request.body(body.to_string());
            }
            let (status, body) = self.http.exchange(what, request, &url).await?;
            match status {
                // It may have been taken back, or be of before a restart.
                401 if is_signed_in && !is_last => self.sign_in.forget().await,
                401 => return Err(self.unauthenticated(what, &body, told)),
                status => return Ok((status, body)),
            }
        }
        Err(Error::provider_bug("admin", "a request was given up without an answer"))
    }

    fn unauthenticated(&self, what: &str, body: &Value, told: &Told) -> Error {
        match &told.credentials {
            Credentials::Person(way) => {
                let message = format!("{what}: `{way}` of {} takes a person at a browser", told.source);
                Error::new(ErrorKind::Credentials, message).hint(format!(
                    "sign in by a client of its own (`admin.authType: ClientSecret`), or by a command that prints a token \
                     (`ExternalCommand`); {}",
                    errors::WITHOUT_ADMIN
                ))
            }
            _ => errors::answered(what, 401, body),
        }
    }
}

/// With another type, or none, the gateway answers in protobuf's binary form, or in other names.
fn in_json(request: RequestBuilder) -> RequestBuilder {
    request.header("accept", "application/json").header("content-type", "application/json")
}
