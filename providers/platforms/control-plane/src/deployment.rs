//! A deployment, and calls of one of its services.

use std::sync::atomic::Ordering;

use cloudgrant_core::{Error, ErrorKind, Result};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::environment::{Credentials, DeploymentConfig, Environment};
use crate::http::Http;
use crate::list::List;
use crate::service::Service;
use crate::sign_in::SignIn;
use crate::{errors, trust};

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

/// A deployment with the service that is asked there, found once somebody asks for something.
#[derive(Debug)]
pub struct Deployment {
    service: &'static Service,
    environment: Environment,
    is_union: bool,
    whose: Whose,
    /// The host of the one that is meant, where anybody says so.
    meant: Option<String>,
    http: Http,
    config: OnceCell<DeploymentConfig>,
    sign_in: SignIn,
}

impl Deployment {
    /// The one that the platform's own tools would reach. Nothing is read yet, and nothing sent.
    pub fn of(service: &'static Service, environment: Environment, is_union: bool) -> Self {
        Self {
            service,
            environment,
            is_union,
            whose: Whose::Named,
            meant: None,
            http: Http::of(service),
            config: OnceCell::new(),
            sign_in: SignIn::default(),
        }
    }

    /// The same with other surroundings than those of the process.
    pub fn set_environment(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// A sandbox's, by its address.
    pub fn put_in_sandbox(&mut self, endpoint: String) {
        self.whose = Whose::Sandbox(endpoint);
    }

    /// No other than one of a sandbox's: the cloud is one's.
    pub fn keep_in_sandbox(&mut self) {
        self.whose = Whose::OnlySandbox;
    }

    /// No other than the one of this host, or host and port.
    pub fn keep_to(&mut self, host: String) {
        self.meant = Some(host);
    }

    /// Whether it is one of a sandbox's.
    pub fn is_in_sandbox(&self) -> bool {
        self.whose != Whose::Named
    }

    /// How many requests were sent so far.
    pub fn requests(&self) -> u64 {
        self.http.requests.load(Ordering::Relaxed)
    }

    /// A list that is about to be read, page by page.
    pub fn list(&self) -> List<'_> {
        List::begun(&self.http.received)
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        match self.config.get() {
            Some(config) => format!("deployment {}", config.endpoint.origin().ascii_serialization()),
            None => "its deployment".to_owned(),
        }
    }

    /// Which one it is, in every run. A sandbox that is started for a run is on another port each time.
    ///
    /// # Errors
    /// Nobody says which one, or it is none that is meant.
    pub async fn reached(&self) -> Result<String> {
        match &self.whose {
            Whose::Sandbox(_) => Ok("the deployment of the sandbox".to_owned()),
            Whose::Named | Whose::OnlySandbox => self.config().await.map(|_| self.place()),
        }
    }

    async fn config(&self) -> Result<&DeploymentConfig> {
        self.config.get_or_try_init(|| self.find()).await
    }

    async fn find(&self) -> Result<DeploymentConfig> {
        let config = match &self.whose {
            // No credentials of a person's are for a sandbox.
            Whose::Sandbox(endpoint) => {
                let variables = [("FLYTE_PLATFORM_URL".to_owned(), endpoint.clone())];
                return Environment::given(variables.into(), "").deployment(false);
            }
            Whose::Named | Whose::OnlySandbox => self.environment.deployment(self.is_union)?,
        };
        if let (Whose::Named, Some(meant)) = (&self.whose, &self.meant)
            && !trust::is_at(&config.endpoint, meant)
        {
            return Err(errors::of_another_deployment(&config, meant));
        }
        self.http.trust(config.ca_certificate.clone());
        if self.whose == Whose::OnlySandbox && !self.is_sandbox(&config).await? {
            return Err(errors::of_real_deployment(&config.endpoint));
        }
        Ok(config)
    }

    /// Whether a deployment is a sandbox's: on this machine, and it answers what no other does. A real one may be on this machine as
    /// well, by a forwarded port.
    async fn is_sandbox(&self, config: &DeploymentConfig) -> Result<bool> {
        if !trust::is_here(&config.endpoint) {
            return Ok(false);
        }
        let url = self.http.url(&config.endpoint, &["_sandbox", "requests"])?;
        let what = "can't ask whether the deployment is a sandbox's";
        let (status, body) = self.http.exchange(what, self.http.request(Method::GET, &url)?, &url).await?;
        Ok(status == 200 && body["by_action"].is_object())
    }

    /// A call of the service. Answers with the status, and with the JSON that came, or null where it was none.
    ///
    /// # Errors
    /// No answer came, or whoever asks isn't signed in.
    pub async fn call(
        &self,
        what: &str,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let config = self.config().await?;
        let mut url = self.http.url(&config.endpoint, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        for is_last in [false, true] {
            let header = self.sign_in.header(&self.http, config).await?;
            let is_signed_in = header.is_some();
            let mut request = self.service.protocol.in_json(self.http.request(method.clone(), &url)?);
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
                401 => return Err(self.unauthenticated(what, &body, config)),
                status => return Ok((status, body)),
            }
        }
        Err(Error::provider_bug(self.service.permissions, "a request was given up without an answer"))
    }

    /// An answer that isn't what was asked for, as an error. `what` was attempted.
    pub fn answered(&self, what: &str, status: u16, body: &Value) -> Error {
        errors::answered(self.service, what, status, body)
    }

    /// The same where what was asked before shows that the service is there: an answer of which nothing can be read is that of
    /// something on the way, or was cut.
    pub fn refused(&self, what: &str, status: u16, body: &Value) -> Error {
        match status {
            400 | 404 | 405..=428 if !body.is_object() => self.of_another(what),
            status => self.answered(what, status, body),
        }
    }

    /// An answer of somebody else's, such as a proxy's.
    pub fn of_another(&self, what: &str) -> Error {
        match self.config.get() {
            Some(config) => errors::of_another(self.service, what, &config.endpoint),
            None => Error::provider_bug(self.service.permissions, what),
        }
    }

    fn unauthenticated(&self, what: &str, body: &Value, config: &DeploymentConfig) -> Error {
        match &config.credentials {
            Credentials::Person(way) => {
                let message = format!("{what}: `{way}` of {} takes a person at a browser", config.source);
                Error::new(ErrorKind::Credentials, message).hint(format!(
                    "sign in by a client of its own (`admin.authType: ClientSecret`), or by a command that prints a token \
                     (`ExternalCommand`); {}",
                    errors::HAND_OFF
                ))
            }
            _ => errors::answered(self.service, what, 401, body),
        }
    }
}
