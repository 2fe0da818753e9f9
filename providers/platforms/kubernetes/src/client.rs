//! The way to the cluster: that of `kubectl`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fmt, io};

use cloudgrant_core::Result;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::account::parts;
use crate::errors;

/// What a cluster answers.
type Asked<T> = std::result::Result<T, kube::Error>;

/// How long a connection may take to come about, and an answer to come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How many objects one answer may have.
const PAGE: u32 = 500;

/// A cluster, connected once somebody asks for something.
#[derive(Default)]
pub(crate) struct Cluster {
    sandbox: Option<PathBuf>,
    connected: OnceCell<(Client, String)>,
    requests: AtomicU64,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("sandbox", &self.sandbox).finish_non_exhaustive()
    }
}

impl Cluster {
    /// That of a sandbox.
    pub(crate) fn of(kubeconfig: PathBuf) -> Self {
        Self { sandbox: Some(kubeconfig), ..Self::default() }
    }

    pub(crate) fn is_in_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// For people.
    pub(crate) fn place(&self) -> String {
        match self.connected.get() {
            Some((_, address)) => format!("cluster {address}"),
            None => "its cluster".to_owned(),
        }
    }

    /// The client; set up, but without a request, when somebody asks for it first.
    pub(crate) async fn connected(&self) -> Result<Connected<'_>> {
        let set_up = || async {
            let config = self.config().await?;
            let address = config.cluster_url.to_string().trim_end_matches('/').to_owned();
            let client = Client::try_from(config).map_err(|error| errors::of_configuration(&error))?;
            Ok((client, address))
        };
        let (client, _) = self.connected.get_or_try_init(set_up).await?;
        Ok(Connected { client, requests: &self.requests })
    }

    async fn config(&self) -> Result<Config> {
        let read = match &self.sandbox {
            Some(file) => Kubeconfig::read_from(file),
            None => Kubeconfig::read(),
        };
        let read = match read {
            // Nobody has said where a cluster is: a pod knows its own.
            Err(error) if is_absent(&error) => return in_cluster(&error),
            read => read.map_err(|error| errors::of_kubeconfig(&error))?,
        };
        let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
        config.map(patient).map_err(|error| errors::of_kubeconfig(&error))
    }
}

/// Whether there is no kubeconfig at all. One that `KUBECONFIG` names and that isn't there is a mistake.
fn is_absent(error: &KubeconfigError) -> bool {
    let is_named = std::env::var_os("KUBECONFIG").is_some_and(|files| !files.is_empty());
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == io::ErrorKind::NotFound && !is_named,
        _ => false,
    }
}

fn in_cluster(absent: &KubeconfigError) -> Result<Config> {
    Config::incluster().map(patient).map_err(|_| errors::of_kubeconfig(absent))
}

/// Whoever waits is told, and core tries again by itself.
fn patient(mut config: Config) -> Config {
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(READ_TIMEOUT);
    config.write_timeout = Some(READ_TIMEOUT);
    config.reset_reader_on_write = true;
    config.default_retry = false;
    config
}

/// A cluster that can be asked.
#[derive(Clone, Copy)]
pub(crate) struct Connected<'a> {
    client: &'a Client,
    requests: &'a AtomicU64,
}

impl Connected<'_> {
    /// What the cluster calls itself in the tokens of its service accounts.
    pub(crate) async fn issuer(self) -> Asked<String> {
        let request = http::Request::get("/.well-known/openid-configuration");
        let request = request.header("accept", "application/json").body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.count();
        let said: Value = self.client.request(request).await?;
        Ok(said["issuer"].as_str().unwrap_or_default().to_owned())
    }

    /// The service accounts of a namespace, or of all.
    pub(crate) async fn service_accounts(self, namespace: Option<&str>) -> Asked<Vec<ServiceAccount>> {
        self.pages(match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        })
        .await
    }

    /// The names of all namespaces.
    pub(crate) async fn namespaces(self) -> Asked<HashSet<String>> {
        let namespaces: Vec<Namespace> = self.pages(Api::all(self.client.clone())).await?;
        Ok(namespaces.into_iter().filter_map(|namespace| namespace.metadata.name).collect())
    }

    async fn pages<K: Clone + DeserializeOwned + fmt::Debug>(self, api: Api<K>) -> Asked<Vec<K>> {
        let mut params = ListParams::default().limit(PAGE);
        let mut all = Vec::new();
        loop {
            self.count();
            let page = api.list(&params).await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }

    /// A service account, if it is there.
    pub(crate) async fn service_account(self, name: &str) -> Asked<Option<ServiceAccount>> {
        let (namespace, account) = parts(name);
        self.count();
        Api::namespaced(self.client.clone(), namespace).get_opt(account).await
    }

    /// Applies a configuration of a service account, and takes nothing from anybody for it.
    pub(crate) async fn apply(self, name: &str, manager: &str, configuration: &Value) -> Asked<ServiceAccount> {
        let (namespace, account) = parts(name);
        self.count();
        let api: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        api.patch(account, &PatchParams::apply(manager), &Patch::Apply(configuration)).await
    }

    fn count(self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}
