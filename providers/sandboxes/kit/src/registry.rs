//! How the sandboxes that are linked into a program are found, and what a running one offers.

use std::fmt;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::{Counter, Counts, Knobs, Result, SandboxError, Server};

/// A boxed future that may be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Where the state is kept; made if it is not there.
    pub folder: PathBuf,
    /// The address to listen on; only loopback addresses are accepted. Port 0 lets the system choose.
    pub address: SocketAddr,
    /// The merged manifest, from which the sandbox seeds what the manifest takes for granted.
    pub config: Value,
    /// Faults, delays and quotas.
    pub knobs: Knobs,
}

impl Start {
    /// State in `folder`, a free port of 127.0.0.1, an empty manifest and no faults.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            config: Value::Object(serde_json::Map::new()),
            knobs: Knobs::default(),
        }
    }

    /// The same with a manifest.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// The same with knobs.
    #[must_use]
    pub fn knobs(mut self, knobs: Knobs) -> Self {
        self.knobs = knobs;
        self
    }
}

/// What a program needs before it talks to a sandbox, where variables alone don't make it do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The program, as it is on `PATH`, for example `az`.
    pub tool: &'static str,
    /// Its commands, in their order, for a shell that has the exports. They hold for one set of exports, and each begins with the
    /// program's name.
    pub commands: Vec<String>,
}

/// A sandbox that serves. It stops when it is dropped; [`Running::stop`] also waits for that.
pub struct Running {
    endpoint: String,
    settings: Value,
    exports: Vec<(String, String)>,
    setup: Option<Setup>,
    commands: &'static [&'static str],
    begun_otherwise: Vec<String>,
    issuers: Vec<String>,
    counter: Arc<Counter>,
    server: Server,
}

impl Running {
    /// Puts together what a sandbox offers once its server runs.
    ///
    /// `settings` is laid over the configuration so that the provider talks to the sandbox; `exports` are environment
    /// variables that make other programs do so.
    pub fn new(
        endpoint: String,
        settings: Value,
        exports: Vec<(String, String)>,
        counter: Arc<Counter>,
        server: Server,
    ) -> Self {
        Self {
            endpoint,
            settings,
            exports,
            setup: None,
            commands: &[],
            begun_otherwise: Vec::new(),
            issuers: Vec::new(),
            counter,
            server,
        }
    }

    /// With what the cloud's own tool needs once, where variables alone don't make it talk to this sandbox.
    #[must_use]
    pub fn with_setup(mut self, setup: Setup) -> Self {
        self.setup = Some(setup);
        self
    }

    /// With how the commands of other programs begin that this sandbox answers, such as `aws iam`.
    #[must_use]
    pub fn with_commands(mut self, commands: &'static [&'static str]) -> Self {
        self.commands = commands;
        self
    }

    /// With what its folder was begun with and is otherwise now, as [`Store`](crate::Store) says it.
    #[must_use]
    pub fn with_another_beginning(mut self, otherwise: Vec<String>) -> Self {
        self.begun_otherwise = otherwise;
        self
    }

    /// With the OpenID Connect issuers of the clusters that are there.
    #[must_use]
    pub fn with_issuers(mut self, issuers: Vec<String>) -> Self {
        self.issuers = issuers;
        self
    }

    /// The issuers of the clusters that are there, where the cloud has clusters.
    pub fn issuers(&self) -> &[String] {
        &self.issuers
    }

    /// What its folder was begun with and the manifest names otherwise now; empty where that is the same.
    pub fn begun_otherwise(&self) -> &[String] {
        &self.begun_otherwise
    }

    /// The address that clients talk to, for example `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What to lay over the configuration so that the provider talks to this sandbox.
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// Environment variables that make other programs talk to this sandbox.
    pub fn exports(&self) -> &[(String, String)] {
        &self.exports
    }

    /// What the cloud's own tool needs once, if variables alone don't do.
    pub fn setup(&self) -> Option<&Setup> {
        self.setup.as_ref()
    }

    /// How the commands of other programs begin that this sandbox answers. Others of these programs fail in it.
    pub fn commands(&self) -> &'static [&'static str] {
        self.commands
    }

    /// How often each action was called so far.
    pub fn counts(&self) -> Counts {
        self.counter.counts()
    }

    /// Stops accepting, lets requests that are under way finish, and gives the folder free.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Exports hold keys; they are worth nothing outside the sandbox, but habits are.
        f.debug_struct("Running").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A sandbox that is linked in. Made by [`register_sandbox!`](crate::register_sandbox).
#[derive(Debug)]
pub struct Registration {
    /// The id of the provider that this sandbox stands in for, for example `aws`, or what a platform calls what it stands in for.
    pub provider: &'static str,
    /// Starts it.
    pub start: fn(Start) -> BoxFuture<'static, Result<Running>>,
}

inventory::collect!(Registration);

/// Every sandbox that is linked in.
///
/// A crate that is only named in `Cargo.toml` registers nothing: the program must use something of it, if only by
/// `use the_crate as _;`.
pub fn all() -> impl Iterator<Item = &'static Registration> {
    inventory::iter::<Registration>.into_iter()
}

/// The sandbox for a provider, if one is linked in.
pub fn find(provider: &str) -> Option<&'static Registration> {
    all().find(|registration| registration.provider == provider)
}

/// Starts the sandbox for a provider.
///
/// # Errors
/// When no sandbox for the provider is linked in, or when the sandbox can't start.
pub async fn start(provider: &str, start: Start) -> Result<Running> {
    match find(provider) {
        Some(registration) => (registration.start)(start).await,
        None => {
            let known: Vec<_> = all().map(|registration| registration.provider).collect();
            Err(SandboxError::new(format!("start a sandbox for the provider `{provider}`"))
                .because("no sandbox of that name is linked into this program")
                .hint(format!(
                    "sandboxes that are linked in: {}",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                )))
        }
    }
}

/// Registers a sandbox: `register_sandbox!("aws", start);`, where `start` is an
/// `async fn(Start) -> Result<Running, SandboxError>`.
#[macro_export]
macro_rules! register_sandbox {
    ($provider:expr, $start:path) => {
        $crate::inventory::submit! {
            $crate::Registration { provider: $provider, start: |start| ::std::boxed::Box::pin($start(start)) }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refuse(start: Start) -> Result<Running> {
        Err(SandboxError::new(format!("start in {}", start.folder.display())))
    }

    crate::register_sandbox!("test", refuse);

    #[tokio::test]
    async fn what_is_registered_is_found() {
        assert_eq!(find("test").map(|found| found.provider), Some("test"));
        assert!(find("other").is_none());
        let error = start("test", Start::new("here")).await.expect_err("it always refuses");
        assert_eq!(error.attempted(), "start in here");
        let error = start("other", Start::new("here")).await.expect_err("not linked in").to_string();
        assert!(error.contains("linked in: test"), "{error}");
    }
}
