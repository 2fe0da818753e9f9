//! A cluster on loopback, and other people who change what is in it.

use std::path::PathBuf;

use cloudgrant_kubernetes_sandbox::{Rule, Seed, User, start};
use cloudgrant_sandbox_kit::{Running, Start};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the tokens of the cluster's service accounts call their issuer.
pub(crate) const ISSUER: &str = "https://oidc.example/id/ONE";

/// The annotation that the tests are about.
pub(crate) const KEY: &str = "example.com/client-id";

pub(crate) struct Cluster {
    pub(crate) running: Running,
    folder: TempDir,
    administrator: Client,
}

impl Cluster {
    /// With the namespaces of both projects, and an administrator who calls.
    pub(crate) async fn start() -> Self {
        Self::start_with("", &[]).await
    }

    /// With faults, and somebody who may do what the rules say.
    pub(crate) async fn start_with(knobs: &str, rules: &[Rule]) -> Self {
        let user = |name: &str, groups: &[&str]| User {
            name: name.to_owned(),
            token: format!("token-{name}"),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        let administrator = user("administrator", &["system:masters"]);
        let users = if rules.is_empty() { vec![administrator] } else { vec![user("caller", &[]), administrator] };
        let seed = Seed {
            issuer: ISSUER.to_owned(),
            users,
            rules: rules.to_vec(),
            namespaces: vec!["forecasting-production".to_owned(), "vision-production".to_owned()],
            ..Seed::default()
        };
        let folder = tempfile::tempdir().expect("a folder");
        let begin = Start::new(folder.path()).knobs(knobs.parse().expect("knobs"));
        let running = start(begin, &seed).await.expect("the sandbox starts");
        let kubeconfig = Kubeconfig::read_from(folder.path().join("kubeconfig")).expect("a kubeconfig");
        let context = Some("cloudgrant-sandbox-administrator".to_owned());
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration");
        Self { running, folder, administrator: Client::try_from(config).expect("a client") }
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    fn accounts(&self, namespace: &str) -> Api<ServiceAccount> {
        Api::namespaced(self.administrator.clone(), namespace)
    }

    pub(crate) async fn account(&self, namespace: &str) -> Option<ServiceAccount> {
        self.accounts(namespace).get_opt("default").await.expect("an answer")
    }

    pub(crate) async fn annotations(&self, namespace: &str) -> Value {
        json!(self.account(namespace).await.expect("the account").metadata.annotations.unwrap_or_default())
    }

    /// Who manages anything of an account.
    pub(crate) async fn managers(&self, namespace: &str) -> Vec<String> {
        let fields = self.account(namespace).await.expect("the account").metadata.managed_fields;
        fields.into_iter().flatten().filter_map(|entry| entry.manager).collect()
    }

    /// As Helm 4 and Argo CD do.
    pub(crate) async fn apply(&self, namespace: &str, manager: &str, annotations: Value) {
        let metadata = json!({ "name": "default", "annotations": annotations });
        let applied = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
        let patched =
            self.accounts(namespace).patch("default", &PatchParams::apply(manager), &Patch::Apply(applied)).await;
        patched.expect("applied");
    }

    /// As `kubectl annotate` and Helm 3 do.
    pub(crate) async fn annotate(&self, namespace: &str, annotations: Value) {
        let params = PatchParams { field_manager: Some("kubectl-annotate".to_owned()), ..PatchParams::default() };
        let patch = json!({ "metadata": { "annotations": annotations } });
        let patched = self.accounts(namespace).patch("default", &params, &Patch::Merge(patch)).await;
        patched.expect("annotated");
    }

    pub(crate) async fn delete(&self, namespace: &str) {
        self.accounts(namespace).delete("default", &DeleteParams::default()).await.expect("deleted");
    }

    pub(crate) async fn create(&self, namespace: &str) {
        let account = json!({ "metadata": { "name": "default" } });
        let account = serde_json::from_value(account).expect("an account");
        self.accounts(namespace).create(&PostParams::default(), &account).await.expect("made");
    }

    pub(crate) async fn create_namespace(&self, name: &str) {
        let namespace = serde_json::from_value(json!({ "metadata": { "name": name } })).expect("a namespace");
        let api: Api<Namespace> = Api::all(self.administrator.clone());
        api.create(&PostParams::default(), &namespace).await.expect("made");
    }

    /// How often something was written.
    pub(crate) fn writes(&self) -> u64 {
        let counts = self.running.counts();
        let of = |verb: &str| {
            counts.by_action.iter().filter(|(action, _)| action.ends_with(verb)).map(|(_, times)| *times).sum::<u64>()
        };
        of(":patch") + of(":create") + of(":update") + of(":delete")
    }
}

/// That somebody may do this with service accounts.
pub(crate) fn rule(verbs: &[&str], namespaces: &[&str]) -> Rule {
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
pub(crate) fn issuer_rule() -> Rule {
    Rule {
        name: "issuer".to_owned(),
        users: vec!["caller".to_owned()],
        verbs: vec!["get".to_owned()],
        non_resource_urls: vec!["/.well-known/openid-configuration".to_owned()],
        ..Rule::default()
    }
}
