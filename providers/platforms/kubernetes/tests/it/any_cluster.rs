//! A cluster that may be any: that of a sandbox, or the real one that CLOUDGRANT_TEST_KUBECONFIG names.
//!
//! What a test needs is made in namespaces of its own, all of which begin with a prefix (CLOUDGRANT_TEST_PREFIX, by default
//! `cloudgrant-test`) and what only this test has. Nothing is written anywhere else, and in the end the namespaces are deleted,
//! also where a test fails. Whoever calls must be allowed to make and delete namespaces, and all that there is in them.
//!
//! So that nobody does this in a cluster by mistake, CLOUDGRANT_TEST_CONTEXT names the context beside: it must be the current one
//! of the file. KUBECONFIG is the same file, as cloudgrant reaches the cluster in the way of `kubectl`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use cloudgrant_core::Stack;
use cloudgrant_platform_kubernetes::{SERVICE_ACCOUNT_ANNOTATION, ServiceAccounts, objects};
use cloudgrant_platform_tests::Setting;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, KEY};
use crate::stack::Runs;

/// The service account under which tasks run: not `default`, which a cluster's own controller makes anew.
pub(crate) const ACCOUNT: &str = "tasks";

/// How long a cluster may take for what it does by itself: deleting a namespace, above all.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster, and what one test has of it.
pub(crate) struct AnyCluster {
    /// Nothing where it is a real one.
    sandbox: Option<Cluster>,
    config: Config,
    client: Client,
    /// With what the names of all projects begin, and so those of all namespaces.
    prefix: String,
    /// What its tokens call their issuer.
    pub(crate) issuer: String,
}

/// What no other test has in its names: tests run at once in threads of a process, in processes of a machine, and on several machines.
fn of_this_test() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seconds = SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:06x}{:06x}{count:02x}", seconds & 0xff_ffff, std::process::id() & 0xff_ffff)
}

#[test]
fn no_two_tests_have_the_same_names() {
    let names: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(of_this_test)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a name")).collect()
    });
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

/// Why a real cluster is left alone, although a kubeconfig is named.
fn not_meant(
    file: &str,
    by_kubectl: Option<&str>,
    meant: Option<String>,
    current: Option<String>,
) -> Option<&'static str> {
    if by_kubectl != Some(file) {
        return Some("KUBECONFIG must name the file that CLOUDGRANT_TEST_KUBECONFIG does");
    }
    let is_current = meant.is_some() && meant == current;
    (!is_current).then_some("CLOUDGRANT_TEST_CONTEXT must name the current context of CLOUDGRANT_TEST_KUBECONFIG")
}

#[test]
fn no_cluster_is_written_to_by_mistake() {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let told = |by_kubectl, meant, current| not_meant("f", by_kubectl, text(meant), text(current));
    assert_eq!(told(Some("f"), Some("c"), Some("c")), None);
    for (by_kubectl, meant, current) in [
        (None, Some("c"), Some("c")),
        (Some("g"), Some("c"), Some("c")),
        (Some("f"), None, Some("c")),
        (Some("f"), Some("c"), Some("d")),
        (Some("f"), None, None),
    ] {
        assert!(told(by_kubectl, meant, current).is_some(), "{by_kubectl:?} {meant:?} {current:?}");
    }
}

impl AnyCluster {
    /// With the namespaces of two projects, and an account in each.
    pub(crate) async fn start() -> Self {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (sandbox, kubeconfig, prefix) = match named("CLOUDGRANT_TEST_KUBECONFIG") {
            None => {
                let cluster = Cluster::with_namespaces(Vec::new()).await;
                let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).expect("a kubeconfig");
                (Some(cluster), kubeconfig, None)
            }
            Some(file) => {
                let kubeconfig = Kubeconfig::read_from(&file).expect("a kubeconfig");
                let (by_kubectl, meant) = (named("KUBECONFIG"), named("CLOUDGRANT_TEST_CONTEXT"));
                if let Some(why) = not_meant(&file, by_kubectl.as_deref(), meant, kubeconfig.current_context.clone()) {
                    panic!("{why}");
                }
                (None, kubeconfig, named("CLOUDGRANT_TEST_PREFIX"))
            }
        };
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        let config = config.expect("a configuration");
        let client = Client::try_from(config.clone()).expect("a client");
        let request = http::Request::get("/.well-known/openid-configuration").body(Vec::new()).expect("a request");
        let discovered: Value = client.request(request).await.expect("the cluster's issuer");
        let prefix = format!("{}-{}-", prefix.unwrap_or_else(|| "cloudgrant-test".to_owned()), of_this_test());
        let issuer = discovered["issuer"].as_str().expect("an issuer").to_owned();
        let cluster = Self { sandbox, config, client, prefix, issuer };
        for project in ["forecasting", "vision"] {
            cluster.create_namespace(project).await;
            cluster.create(project).await;
        }
        cluster
    }

    /// The namespace of a project. All that is written goes to one of these.
    pub(crate) fn namespace(&self, project: &str) -> String {
        format!("{}{project}-production", self.prefix)
    }

    /// A text without what only this test's names begin with.
    pub(crate) fn plain(&self, text: &str) -> String {
        text.replace(&self.prefix, "")
    }

    fn accounts(&self, project: &str) -> Api<ServiceAccount> {
        Api::namespaced(self.client.clone(), &self.namespace(project))
    }

    /// The account of a project.
    pub(crate) async fn account(&self, project: &str) -> Option<ServiceAccount> {
        self.accounts(project).get_opt(ACCOUNT).await.expect("an answer")
    }

    pub(crate) async fn annotations(&self, project: &str) -> Value {
        json!(self.account(project).await.expect("the account").metadata.annotations.unwrap_or_default())
    }

    /// Who manages anything of an account.
    pub(crate) async fn managers(&self, project: &str) -> Vec<String> {
        let fields = self.account(project).await.expect("the account").metadata.managed_fields;
        fields.into_iter().flatten().filter_map(|entry| entry.manager).collect()
    }

    /// In which version each account is: who writes nothing leaves them.
    pub(crate) async fn versions(&self) -> Vec<Option<String>> {
        let mut versions = Vec::new();
        for project in ["forecasting", "vision"] {
            versions.push(self.account(project).await.and_then(|account| account.metadata.resource_version));
        }
        versions
    }

    /// As Helm 4 and Argo CD do.
    pub(crate) async fn apply(&self, project: &str, manager: &str, annotations: Value) {
        let metadata = json!({ "name": ACCOUNT, "annotations": annotations });
        let applied = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
        let params = PatchParams::apply(manager);
        self.accounts(project).patch(ACCOUNT, &params, &Patch::Apply(applied)).await.expect("applied");
    }

    /// As `kubectl annotate` and Helm 3 do.
    pub(crate) async fn annotate(&self, project: &str, annotations: Value) {
        let params = PatchParams { field_manager: Some("kubectl-annotate".to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(json!({ "metadata": { "annotations": annotations } }));
        self.accounts(project).patch(ACCOUNT, &params, &patch).await.expect("annotated");
    }

    pub(crate) async fn delete(&self, project: &str) {
        self.accounts(project).delete(ACCOUNT, &DeleteParams::default()).await.expect("deleted");
    }

    pub(crate) async fn create(&self, project: &str) {
        let account = serde_json::from_value(json!({ "metadata": { "name": ACCOUNT } })).expect("an account");
        self.accounts(project).create(&PostParams::default(), &account).await.expect("made");
    }

    /// Makes the namespace of a project.
    pub(crate) async fn create_namespace(&self, project: &str) {
        let metadata = json!({ "metadata": { "name": self.namespace(project) } });
        let namespace = serde_json::from_value(metadata).expect("a namespace");
        let api: Api<Namespace> = Api::all(self.client.clone());
        api.create(&PostParams::default(), &namespace).await.expect("made");
    }

    /// What the stack's home is called: another one for each test, so that what one has annotated is none of another's.
    fn home(&self) -> String {
        format!("home of {}", self.prefix)
    }
}

/// Deletes the namespaces of the test, and waits until they are gone. Looks for what was written elsewhere.
async fn clean_up(config: Config, prefix: String) -> Result<(), String> {
    let client = Client::try_from(config).map_err(|error| error.to_string())?;
    let failed = |error: kube::Error| format!("what begins with {prefix} could not be cleaned up: {error}");
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let own = async || -> Result<Vec<String>, String> {
        let all = namespaces.list(&ListParams::default()).await.map_err(failed)?;
        let names = all.items.into_iter().filter_map(|one| one.metadata.name);
        Ok(names.filter(|name| name.starts_with(&prefix)).collect())
    };
    for name in own().await? {
        namespaces.delete(&name, &DeleteParams::default()).await.map_err(failed)?;
    }
    let until = Instant::now() + PATIENCE;
    while !own().await?.is_empty() {
        if Instant::now() > until {
            return Err(format!("the namespaces that begin with {prefix} are being deleted, and still there"));
        }
        sleep(Duration::from_millis(200)).await;
    }
    let accounts: Api<ServiceAccount> = Api::all(client);
    for account in accounts.list(&ListParams::default()).await.map_err(failed)?.items {
        let entries = account.metadata.managed_fields.unwrap_or_default();
        let is_annotated = account.metadata.annotations.unwrap_or_default().contains_key(KEY);
        let is_ours = |manager: &String| manager.starts_with("cloudgrant.acme.");
        let namespace = account.metadata.namespace.unwrap_or_default();
        // Other tests may run meanwhile, in namespaces of theirs.
        let base = prefix.trim_end_matches('-').rsplit_once('-').map_or("", |(base, _)| base);
        let is_elsewhere = !namespace.starts_with(base);
        if is_elsewhere && is_annotated && entries.iter().filter_map(|entry| entry.manager.as_ref()).any(is_ours) {
            return Err(format!("an account of the namespace {namespace} was annotated"));
        }
    }
    Ok(())
}

impl Drop for AnyCluster {
    /// In a thread of its own, as the test's runtime may be ending. A sandbox runs in this one, and goes with the test.
    fn drop(&mut self) {
        if self.sandbox.is_some() {
            return;
        }
        let (config, prefix) = (self.config.clone(), self.prefix.clone());
        let cleaned = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_err(|error| error.to_string())?.block_on(clean_up(config, prefix))
        });
        let cleaned = cleaned.join().unwrap_or_else(|_| Err("the cleaning up panicked".to_owned()));
        if let Err(why) = cleaned
            && !std::thread::panicking()
        {
            panic!("{why}");
        }
    }
}

/// What a run is of: the service accounts of some projects.
pub(crate) struct AnyRun<'a> {
    pub(crate) cluster: &'a AnyCluster,
    pub(crate) projects: &'a [&'a str],
    /// Which issuers the principal trusts.
    pub(crate) issuers: Vec<String>,
}

impl<'a> AnyRun<'a> {
    pub(crate) fn of(cluster: &'a AnyCluster, projects: &'a [&'a str]) -> Self {
        Self { cluster, projects, issuers: vec![cluster.issuer.clone()] }
    }
}

impl Runs for AnyRun<'_> {
    fn setting(&self) -> Setting {
        let stack = Stack::parse("acme").expect("a stack");
        let accounts = ServiceAccounts::new(&stack, &self.cluster.home());
        let accounts = match &self.cluster.sandbox {
            Some(sandbox) => accounts.in_sandbox(sandbox.kubeconfig()),
            None => accounts,
        };
        Setting {
            stack,
            projects: self.projects.iter().map(|project| format!("{}{project}", self.cluster.prefix)).collect(),
            account: ACCOUNT.to_owned(),
            value: "client-1".to_owned(),
            annotation: KEY,
            issuers: self.issuers.clone(),
            platform: "pods",
            backend: Box::new(accounts),
            kinds: &[SERVICE_ACCOUNT_ANNOTATION],
            objects: |principal| Ok(objects(principal)),
        }
    }
}
