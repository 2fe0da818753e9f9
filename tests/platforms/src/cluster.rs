//! A cluster on loopback, and other people who change what is in it.

use std::path::{Path, PathBuf};

use cloudgrant_kubernetes_sandbox::{Rule, Seed, User, start};
use cloudgrant_sandbox_kit::{Running, Start};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the tokens of the cluster's service accounts call their issuer.
pub const ISSUER: &str = "https://oidc.example/id/ONE";

/// The annotation that the tests are about.
pub const KEY: &str = "example.com/client-id";

/// A cluster.
pub struct Cluster {
    /// Its sandbox.
    pub running: Running,
    folder: TempDir,
    administrator: Client,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("running", &self.running).finish_non_exhaustive()
    }
}

impl Cluster {
    /// With the namespaces of both projects, and an administrator who calls.
    pub async fn start() -> Self {
        Self::start_with("", &[]).await
    }

    /// With these namespaces.
    pub async fn with_namespaces(namespaces: Vec<String>) -> Self {
        Self::begin("", &[], namespaces).await
    }

    /// With faults, and somebody who may do what the rules say.
    pub async fn start_with(knobs: &str, rules: &[Rule]) -> Self {
        Self::begin(knobs, rules, vec!["forecasting-production".to_owned(), "vision-production".to_owned()]).await
    }

    async fn begin(knobs: &str, rules: &[Rule], namespaces: Vec<String>) -> Self {
        let user = |name: &str, groups: &[&str]| User {
            name: name.to_owned(),
            token: format!("token-{name}"),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let administrator = user("administrator", &["system:masters"]);
        let users = if rules.is_empty() { vec![administrator] } else { vec![user("caller", &[]), administrator] };
        let seed = Seed { issuer: ISSUER.to_owned(), users, rules: rules.to_vec(), namespaces, ..Seed::default() };
        let folder = tempfile::tempdir().expect("a folder");
        let begin = Start::new(folder.path()).knobs(knobs.parse().expect("knobs"));
        let running = start(begin, &seed).await.expect("the sandbox starts");
        let kubeconfig = Kubeconfig::read_from(folder.path().join("kubeconfig")).expect("a kubeconfig");
        let context = Some("cloudgrant-sandbox-administrator".to_owned());
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration");
        Self { running, folder, administrator: Client::try_from(config).expect("a client") }
    }

    /// Where its kubeconfig is.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// Turns the sandbox's knobs.
    pub async fn turn(&self, knobs: &str) {
        let builder = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy();
        let request = builder.build().expect("a client").post(format!("{}/_sandbox/knobs", self.running.endpoint()));
        let answer = request.body(knobs.to_owned()).send().await;
        assert!(answer.is_ok_and(|answer| answer.status().is_success()), "{knobs}");
    }

    fn accounts(&self, namespace: &str) -> Api<ServiceAccount> {
        Api::namespaced(self.administrator.clone(), namespace)
    }

    /// The account `default` of a namespace.
    pub async fn account(&self, namespace: &str) -> Option<ServiceAccount> {
        self.accounts(namespace).get_opt("default").await.expect("an answer")
    }

    /// Its annotations.
    pub async fn annotations(&self, namespace: &str) -> Value {
        json!(self.account(namespace).await.expect("the account").metadata.annotations.unwrap_or_default())
    }

    /// Who manages anything of an account.
    pub async fn managers(&self, namespace: &str) -> Vec<String> {
        let fields = self.account(namespace).await.expect("the account").metadata.managed_fields;
        fields.into_iter().flatten().filter_map(|entry| entry.manager).collect()
    }

    /// The kubeconfig by which another server stands before the cluster.
    pub fn kubeconfig_by(&self, endpoint: &str) -> PathBuf {
        let by = self.folder.path().join("kubeconfig-by");
        kubeconfig_at(&self.kubeconfig(), endpoint, &by);
        by
    }

    /// Replaces an account by what somebody read and changed; whether nobody had written it since.
    pub async fn replace(&self, namespace: &str, account: &ServiceAccount) -> bool {
        self.accounts(namespace).replace("default", &PostParams::default(), account).await.is_ok()
    }

    /// As Helm 4 and Argo CD do.
    pub async fn apply(&self, namespace: &str, manager: &str, annotations: Value) {
        let metadata = json!({ "name": "default", "annotations": annotations });
        let applied = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
        let patched =
            self.accounts(namespace).patch("default", &PatchParams::apply(manager), &Patch::Apply(applied)).await;
        patched.expect("applied");
    }

    /// As `kubectl annotate` and Helm 3 do.
    pub async fn annotate(&self, namespace: &str, annotations: Value) {
        let params = PatchParams { field_manager: Some("kubectl-annotate".to_owned()), ..PatchParams::default() };
        let patch = json!({ "metadata": { "annotations": annotations } });
        let patched = self.accounts(namespace).patch("default", &params, &Patch::Merge(patch)).await;
        patched.expect("annotated");
    }

    /// Deletes the account.
    pub async fn delete(&self, namespace: &str) {
        self.accounts(namespace).delete("default", &DeleteParams::default()).await.expect("deleted");
    }

    /// Makes the account.
    pub async fn create(&self, namespace: &str) {
        let account = json!({ "metadata": { "name": "default" } });
        let account = serde_json::from_value(account).expect("an account");
        self.accounts(namespace).create(&PostParams::default(), &account).await.expect("made");
    }

    /// Makes a namespace.
    pub async fn create_namespace(&self, name: &str) {
        let namespace = serde_json::from_value(json!({ "metadata": { "name": name } })).expect("a namespace");
        let api: Api<Namespace> = Api::all(self.administrator.clone());
        api.create(&PostParams::default(), &namespace).await.expect("made");
    }

    /// How often something was written.
    pub fn writes(&self) -> u64 {
        let counts = self.running.counts();
        let of = |verb: &str| {
            counts.by_action.iter().filter(|(action, _)| action.ends_with(verb)).map(|(_, times)| *times).sum::<u64>()
        };
        of(":patch") + of(":create") + of(":update") + of(":delete")
    }
}

/// Writes a kubeconfig as another one has it, with another server, whose certificate nobody has to know.
pub fn kubeconfig_at(like: &Path, endpoint: &str, to: &Path) {
    let mut kubeconfig = Kubeconfig::read_from(like).expect("a kubeconfig");
    for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        cluster.server = Some(endpoint.to_owned());
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
    // JSON is YAML.
    std::fs::write(to, serde_json::to_string(&kubeconfig).expect("JSON")).expect("written");
}

/// That somebody may do this with service accounts.
pub fn rule(verbs: &[&str], namespaces: &[&str]) -> Rule {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Rule {
        name: "accounts".to_owned(),
        users: texts(&["caller"]),
        namespaces: texts(namespaces),
        api_groups: texts(&[""]),
        resources: texts(&["serviceaccounts"]),
        verbs: texts(verbs),
        ..Rule::default()
    }
}

/// That somebody may read which issuer the cluster has.
pub fn issuer_rule() -> Rule {
    Rule {
        name: "issuer".to_owned(),
        users: vec!["caller".to_owned()],
        verbs: vec!["get".to_owned()],
        non_resource_urls: vec!["/.well-known/openid-configuration".to_owned()],
        ..Rule::default()
    }
}
