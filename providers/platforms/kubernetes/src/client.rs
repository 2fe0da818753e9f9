//! The way to the cluster: that of `kubectl`.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fmt, io};

use cloudgrant_core::Result;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError, NamedCluster};
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::bounds::{self, Received};
use crate::errors;
use crate::names::parts;

/// What a cluster answers.
pub(crate) type Asked<T> = std::result::Result<T, kube::Error>;

/// How long a connection may take to come about, and an answer to come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How many objects one answer may have.
const PAGE: u32 = 500;

/// What the cluster of a sandbox is called in the kubeconfig that it writes.
const SANDBOX: &str = "cloudgrant-sandbox";

/// Where the way to a cluster is told.
#[derive(Debug, Default)]
enum KubeconfigSource {
    /// Where `kubectl` looks.
    #[default]
    Kubectl,
    /// There, but it must be one of a sandbox's.
    OnlySandbox,
    /// In the kubeconfig of a sandbox.
    Sandbox(PathBuf),
}

/// A cluster, connected once somebody asks for something.
#[derive(Default)]
pub(crate) struct Cluster {
    told: KubeconfigSource,
    connected: OnceCell<(Client, String)>,
    /// A cluster has one for as long as it is there.
    issuer: OnceCell<String>,
    requests: AtomicU64,
    received: Received,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("told", &self.told).finish_non_exhaustive()
    }
}

impl Cluster {
    /// That of a sandbox.
    pub(crate) fn of(kubeconfig: PathBuf) -> Self {
        Self { told: KubeconfigSource::Sandbox(kubeconfig), ..Self::default() }
    }

    /// That of `kubectl`, where it is a sandbox's.
    pub(crate) fn only_of_sandbox() -> Self {
        Self { told: KubeconfigSource::OnlySandbox, ..Self::default() }
    }

    pub(crate) fn is_in_sandbox(&self) -> bool {
        !matches!(self.told, KubeconfigSource::Kubectl)
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
            let builder = ClientBuilder::try_from(config).map_err(|error| errors::of_configuration(&error))?;
            Ok((builder.with_layer(&self.received.bounded()).build(), address))
        };
        let (client, _) = self.connected.get_or_try_init(set_up).await?;
        Ok(Connected { client, issuer: &self.issuer, requests: &self.requests, received: &self.received })
    }

    async fn config(&self) -> Result<Config> {
        let read = match &self.told {
            KubeconfigSource::Sandbox(file) => Kubeconfig::read_from(file),
            KubeconfigSource::Kubectl | KubeconfigSource::OnlySandbox => kubeconfig_of_kubectl(),
        };
        if matches!(self.told, KubeconfigSource::OnlySandbox) {
            match &read {
                Ok(kubeconfig) if is_of_sandbox(kubeconfig) => {}
                // Which cluster it would be, nobody knows.
                Err(error) if !is_absent(error) => return Err(errors::of_kubeconfig(error)),
                _ => return Err(errors::of_real_cluster()),
            }
        }
        let read = match read {
            // Nobody has said where a cluster is: a pod knows its own.
            Err(error) if is_absent(&error) => return in_cluster(&error),
            read => read.map_err(|error| errors::of_kubeconfig(&error))?,
        };
        let names_proxy = cluster_of(&read).and_then(|cluster| cluster.cluster.as_ref()?.proxy_url.as_deref());
        let names_proxy = names_proxy.is_some_and(|proxy| !proxy.is_empty());
        let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
        let mut config = config.map(patient).map_err(|error| errors::of_kubeconfig(&error))?;
        if !names_proxy {
            config.proxy_url = proxy_of_environment(&config.cluster_url);
        }
        Ok(config)
    }
}

/// Whether the current context is that of a sandbox's kubeconfig, on this machine.
fn is_of_sandbox(kubeconfig: &Kubeconfig) -> bool {
    let cluster = cluster_of(kubeconfig).filter(|named| named.name == SANDBOX);
    let server = cluster.and_then(|named| named.cluster.as_ref()?.server.as_deref()?.strip_prefix("https://"));
    let address = server.and_then(|server| server.trim_end_matches('/').parse::<SocketAddr>().ok());
    address.is_some_and(|address| address.ip().is_loopback())
}

/// The cluster of the current context.
fn cluster_of(kubeconfig: &Kubeconfig) -> Option<&NamedCluster> {
    let current = kubeconfig.current_context.as_ref()?;
    let context = kubeconfig.contexts.iter().find(|context| context.name == *current)?.context.as_ref()?;
    kubeconfig.clusters.iter().find(|named| named.name == context.cluster)
}

/// The proxy that the environment names for a cluster, as `kubectl` takes it: none for this machine, nor for what `NO_PROXY` names.
/// The client itself holds that against the proxy in place of the cluster.
fn proxy_of_environment(cluster: &Uri) -> Option<Uri> {
    let host = cluster.host()?.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Matcher::from_env().intercept(cluster).filter(|_| !is_here)?;
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(said)?;
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    proxy.parse().ok()
}

/// What `kubectl` would read.
fn kubeconfig_of_kubectl() -> std::result::Result<Kubeconfig, KubeconfigError> {
    let named = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let files: Vec<_> = std::env::split_paths(&named).filter(|file| !file.as_os_str().is_empty()).collect();
    if files.is_empty() { Kubeconfig::read() } else { merged(&files) }
}

/// Several files as one: of those that aren't there, nothing is said, as long as one is.
///
/// Source: client-go, `tools/clientcmd/loader.go`, `ClientConfigLoadingRules`.
fn merged(files: &[PathBuf]) -> std::result::Result<Kubeconfig, KubeconfigError> {
    let (mut all, mut missing) = (None::<Kubeconfig>, None);
    for file in files {
        match Kubeconfig::read_from(file) {
            Err(KubeconfigError::ReadConfig(error, path)) if error.kind() == io::ErrorKind::NotFound => {
                missing.get_or_insert(KubeconfigError::ReadConfig(error, path));
            }
            read => all = Some(all.unwrap_or_default().merge(read?)?),
        }
    }
    match (all, missing) {
        (None, Some(missing)) => Err(missing),
        (all, _) => Ok(all.unwrap_or_default()),
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
    let mut config = Config::incluster().map(patient).map_err(|_| errors::of_kubeconfig(absent))?;
    config.proxy_url = proxy_of_environment(&config.cluster_url);
    Ok(config)
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
    issuer: &'a OnceCell<String>,
    requests: &'a AtomicU64,
    received: &'a Received,
}

impl Connected<'_> {
    /// What the cluster calls itself in the tokens of its service accounts.
    pub(crate) async fn issuer(self) -> Asked<String> {
        let ask = || async {
            let request = http::Request::get("/.well-known/openid-configuration");
            let request =
                request.header("accept", "application/json").body(Vec::new()).map_err(kube::Error::HttpError)?;
            self.count();
            let said: Value = bounds::in_time(self.client.request(request)).await?;
            Ok(said["issuer"].as_str().unwrap_or_default().to_owned())
        };
        self.issuer.get_or_try_init(ask).await.cloned()
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
        let (mut all, mut list) = (Vec::new(), self.received.list());
        loop {
            self.count();
            let page = bounds::in_time(api.list(&params)).await?;
            all.extend(page.items);
            let Some(token) = page.metadata.continue_.filter(|token| !token.is_empty()) else { return Ok(all) };
            list.goes_on(&token)?;
            params = params.continue_token(&token);
        }
    }

    /// A service account, if it is there.
    pub(crate) async fn service_account(self, name: &str) -> Asked<Option<ServiceAccount>> {
        let (namespace, account) = parts(name);
        self.count();
        let api = Api::namespaced(self.client.clone(), namespace);
        bounds::in_time(api.get_opt(account)).await
    }

    /// Applies a configuration of a service account, and takes nothing from anybody for it.
    pub(crate) async fn apply(self, name: &str, manager: &str, configuration: &Value) -> Asked<ServiceAccount> {
        let (namespace, account) = parts(name);
        self.count();
        let api: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        let (parameters, patch) = (PatchParams::apply(manager), Patch::Apply(configuration));
        bounds::in_time(api.patch(account, &parameters, &patch)).await
    }

    fn count(self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_several_kubeconfigs_those_that_are_missing_are_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        let kubeconfig = |current: &str| json!({ "apiVersion": "v1", "kind": "Config", "current-context": current });
        for name in ["first", "second"] {
            std::fs::write(file(name), kubeconfig(name).to_string()).expect("written");
        }
        std::fs::write(file("odd"), "clusters: [").expect("written");
        let read = |names: &[&str]| merged(&names.iter().map(|name| file(name)).collect::<Vec<_>>());
        let current = |names: &[&str]| read(names).expect("a kubeconfig").current_context;
        assert_eq!(current(&["stale", "first", "second"]).as_deref(), Some("first"));
        assert_eq!(current(&["second", "stale", "first"]).as_deref(), Some("second"));
        let said = |names: &[&str]| errors::of_kubeconfig(&read(names).expect_err("a mistake")).to_string();
        assert!(said(&["stale", "gone"]).contains("stale"), "{}", said(&["stale", "gone"]));
        assert!(said(&["first", "odd"]).contains("can't be read as YAML"), "{}", said(&["first", "odd"]));
    }

    #[test]
    fn only_a_sandbox_s_own_cluster_on_this_machine_is_one_of_a_sandbox() {
        let is_of_sandbox = |cluster: &str, server: &str| {
            let kubeconfig = json!({
                "current-context": "it",
                "contexts": [{ "name": "it", "context": { "cluster": cluster } }],
                "clusters": [{ "name": cluster, "cluster": { "server": server } }],
            });
            is_of_sandbox(&serde_json::from_value(kubeconfig).expect("a kubeconfig"))
        };
        assert!(is_of_sandbox(SANDBOX, "https://127.0.0.1:6443"));
        assert!(!is_of_sandbox("kind-kind", "https://127.0.0.1:6443"));
        assert!(!is_of_sandbox(SANDBOX, "https://127.0.0.1.example.com:6443"));
        assert!(!is_of_sandbox(SANDBOX, "https://192.0.2.1:6443"));
    }
}
