//! `platform.delivery: kubernetes`: cloudgrant annotates the service accounts by itself, in the same run in which the cloud makes
//! their principals.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use cloudgrant_kubernetes_sandbox::start_for_manifest;
use cloudgrant_sandbox_kit::{Running, Start};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::json::assert_valid;
use crate::support::{Folder, MANIFEST, assert_looks};

pub(crate) const KEY: &str = "azure.workload.identity/client-id";
pub(crate) const VISION: &str = "vision-production";

/// One domain of a Flyte on Azure.
pub(crate) const ONE_DOMAIN: &str = r#"version: 1
stack: acme-one
provider: azure
platform:
  kind: flyte
  projects: [vision]
  domains: [production]
  delivery: kubernetes
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
resources:
  inputs:
    azure: https://acmetraining.blob.core.windows.net/inputs
grants:
  - name: inputs-production
    scope: { domain: production }
    access: { inputs: read }
"#;

fn domains() -> String {
    let manifest = include_str!("../../../examples/domains/cloudgrant.yaml");
    manifest.replacen("kind: flyte\n", "kind: flyte\n  delivery: kubernetes\n", 1)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
pub(crate) fn exits(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = folder.output(&[arguments, &["--sandbox"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// What is done in the cluster between two runs.
pub(crate) fn in_cluster<T>(folder: &Folder, cloud: &str, work: impl AsyncFnOnce(Cluster) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let path: PathBuf = folder.path().join(format!(".cloudgrant/sandbox/{cloud}/kubernetes"));
    runtime.block_on(async {
        let running = start_for_manifest(Start::new(&path)).await.expect("the sandbox starts");
        let kubeconfig = Kubeconfig::read_from(path.join("kubeconfig")).expect("a kubeconfig");
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        let client = Client::try_from(config.expect("a configuration")).expect("a client");
        work(Cluster { client, _running: running }).await
    })
}

pub(crate) struct Cluster {
    client: Client,
    _running: Running,
}

impl Cluster {
    /// The annotations of all service accounts that have any.
    async fn annotations(&self) -> BTreeMap<String, Value> {
        let all: Api<ServiceAccount> = Api::all(self.client.clone());
        let all = all.list(&ListParams::default()).await.expect("a list");
        let annotated = all.into_iter().filter_map(|account| {
            let annotations = account.metadata.annotations.filter(|annotations| !annotations.is_empty())?;
            Some((account.metadata.namespace?, json!(annotations)))
        });
        annotated.collect()
    }

    pub(crate) async fn annotate(&self, namespace: &str, annotations: Value) {
        self.annotate_account(namespace, "default", annotations).await;
    }

    pub(crate) async fn annotate_account(&self, namespace: &str, account: &str, annotations: Value) {
        let api: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        let params = PatchParams { field_manager: Some("kubectl-annotate".to_owned()), ..PatchParams::default() };
        let patch = Patch::Merge(json!({ "metadata": { "annotations": annotations } }));
        api.patch(account, &params, &patch).await.expect("annotated");
    }

    /// As Helm 4 and Argo CD do.
    pub(crate) async fn apply(&self, namespace: &str, manager: &str, annotations: Value) {
        let api: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        let metadata = json!({ "name": "default", "annotations": annotations });
        let applied = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
        let params = PatchParams::apply(manager);
        api.patch("default", &params, &Patch::Apply(applied)).await.expect("applied");
    }
}

pub(crate) fn annotations(folder: &Folder, cloud: &str) -> BTreeMap<String, Value> {
    in_cluster(folder, cloud, async |cluster| cluster.annotations().await)
}

#[test]
fn an_identity_s_client_id_reaches_the_service_accounts_in_the_run_that_makes_it() {
    // A person's own cluster is none of the sandbox's.
    let folder = Folder::with(&domains()).variable("KUBECONFIG", "/a/real/one");
    exits(&folder, &["plan", "--exit-code"], 3);
    assert_valid(&folder, &["plan", "--sandbox"]);
    assert!(annotations(&folder, "azure").is_empty(), "planning writes nothing");
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ "by-hand": "1" })).await);

    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    let there = annotations(&folder, "azure");
    let namespaces: Vec<_> = there.keys().map(String::as_str).collect();
    let all = ["forecasting-development", "forecasting-production", "vision-development", VISION];
    assert_eq!(namespaces, all);
    assert_eq!(there["forecasting-production"][KEY], there[VISION][KEY], "one identity for the domain");
    assert_ne!(there["vision-development"][KEY], there[VISION][KEY]);
    // What Azure says is the identity's.
    exits(&folder, &["export", "--to", "out"], 0);
    let file = std::fs::read_to_string(folder.path().join("out/service-accounts/vision-production.default.yaml"));
    let client_id = there[VISION][KEY].as_str().expect("a client ID");
    assert!(file.expect("a file").contains(&format!("{KEY}: \"{client_id}\"")), "{client_id}");

    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert_eq!(annotations(&folder, "azure"), BTreeMap::from([(VISION.to_owned(), json!({ "by-hand": "1" }))]));
    exits(&folder, &["plan", "--exit-code"], 3);
}

#[test]
fn what_somebody_did_to_an_annotation_is_drift() {
    let folder = Folder::with(ONE_DOMAIN);
    exits(&folder, &["apply", "--yes"], 0);
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ KEY: null })).await);
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("service-account-annotation vision-production/default: missing"), "{drift}");
    exits(&folder, &["apply", "--yes"], 0);
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ KEY: "another" })).await);
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("service-account-annotation vision-production/default: changed"), "{drift}");
    assert!(drift.contains(&format!("+   {KEY}: another")), "{drift}");
    assert!(drift.contains("has another value, and is managed by `kubectl-annotate`"), "{drift}");
    assert!(!drift.contains("To put it right"), "an apply is refused: {drift}");
    let document = assert_valid(&folder, &["drift", "--sandbox", "--exit-code"]);
    let change = &document["changes"][0];
    assert_eq!((&change["action"], &change["before"]["annotations"][KEY]), (&json!("update"), &json!("another")));
    assert_eq!(document["refusal"]["kind"], "conflict", "{document:#}");
    exits(&folder, &["drift"], 1);
    exits(&folder, &["apply", "--yes"], 1);
    in_cluster(&folder, "azure", async |cluster| cluster.annotate(VISION, json!({ KEY: null })).await);
    exits(&folder, &["apply", "--yes"], 0);
    // A grant that goes takes what only it needed along.
    exits(&folder, &["revoke", "inputs-production", "--yes"], 0);
    assert!(annotations(&folder, "azure").is_empty());
}

#[test]
fn a_plan_that_annotates() {
    assert_looks!(Folder::with(ONE_DOMAIN).run(&["plan", "--sandbox"]));
}

#[test]
fn a_revoke_that_takes_annotations_away() {
    let folder = Folder::with(ONE_DOMAIN);
    exits(&folder, &["apply", "--yes"], 0);
    assert_looks!(folder.run(&["revoke", "--all", "--dry-run", "--sandbox"]));
}

#[test]
fn what_would_be_done_by_hand_is_explained() {
    let explained = exits(&Folder::with(ONE_DOMAIN), &["explain"], 0);
    assert!(explained.contains("| kubectl apply --server-side --field-manager cloudgrant.acme-one."), "{explained}");
}

#[test]
fn a_role_s_arn_reaches_the_service_account_on_aws() {
    let manifest = MANIFEST.replacen("kind: union\n", "kind: union\n  delivery: kubernetes\n", 1);
    let folder = Folder::with(&manifest);
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    let there = annotations(&folder, "aws");
    let arn = there["forecasting-production"]["eks.amazonaws.com/role-arn"].as_str().expect("an ARN").to_owned();
    assert!(arn.ends_with("_forecasting_production") && there.len() == 1, "{there:?}");
    let revoked = exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert!(revoked.contains("The service accounts lose the annotation first, in the same run"), "{revoked}");
    assert!(!revoked.contains("unbind it"), "{revoked}");
    assert!(annotations(&folder, "aws").is_empty());
    // Whatever goes for a grant says which.
    exits(&folder, &["apply", "--yes"], 0);
    let grant = "forecasting-production";
    let revoked = exits(&folder, &["revoke", grant, "--dry-run"], 0);
    let line = revoked.lines().find(|line| line.starts_with("- service-account-annotation")).expect("a line");
    assert!(line.contains("(was for binding of ") && line.ends_with(&format!(", grant {grant})")), "{line}");
}

#[test]
fn keys_of_a_platform_s_own_are_checked_as_all_others() {
    for (written, hint) in [
        (
            "delivery: kubernets",
            "did you mean `kubernetes`? possible: handoff, kubernetes, leave-kubernetes, admin, leave-admin, settings, leave-settings",
        ),
        (
            "delivry: kubernetes",
            "did you mean `delivery`? possible: kind, organization, projects, domains, namespace, service_account, delivery, attribute, deployment",
        ),
        (
            "kubeconfig: /home/me/config",
            "possible: kind, organization, projects, domains, namespace, service_account, delivery, attribute, deployment",
        ),
        ("endpoint: https://flyte.example", "unknown key"),
        ("attribute: namespace", "isn't free"),
        ("attribute: a b", "an attribute is letters, digits"),
        ("deployment: https://flyte.example", "named by its host alone"),
    ] {
        let folder = Folder::with(&ONE_DOMAIN.replace("delivery: kubernetes", written));
        let refused = exits(&folder, &["plan"], 2);
        assert!(refused.contains(hint) && refused.contains("cloudgrant.yaml:8:3"), "{refused}");
    }
    let folder = Folder::with(&ONE_DOMAIN.replace("  delivery: kubernetes\n", ""));
    let handed_off = exits(&folder, &["plan"], 0);
    assert!(handed_off.contains("1 handoff,"), "{handed_off}");
    let folder = folder.variable("CLOUDGRANT_PLATFORM__DELIVERY", "kubernetes");
    assert!(exits(&folder, &["plan"], 0).contains("0 handoffs"));
}

#[test]
fn who_may_annotate_is_printed_for_kubectl() {
    let folder = Folder::with(ONE_DOMAIN);
    let output = folder.output(&["permissions", "--for", "cluster"]);
    let role: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!((&role["kind"], role["rules"].as_array().map(Vec::len)), (&json!("ClusterRole"), Some(5)), "{role:#}");
    let name = role["metadata"]["name"].as_str().expect("a name");
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(notes.contains(&format!("kubectl create clusterrolebinding {name} --clusterrole={name}")), "{notes}");
    assert_valid(&folder, &["permissions"]);
    let folder = Folder::with(&ONE_DOMAIN.replace("  delivery: kubernetes\n", ""));
    assert_eq!(
        folder.output(&["permissions", "--for", "cluster"]).status.code(),
        Some(2),
        "the cluster is somebody else's"
    );
}

/// As `kubectl` and cloudgrant itself are pointed to both sandboxes.
#[test]
fn programs_in_the_sandbox_reach_its_cluster_and_no_real_one() {
    let folder = Folder::with(ONE_DOMAIN).variable("KUBECONFIG", "/a/real/one");
    let cloudgrant = env!("CARGO_BIN_EXE_cloudgrant");
    let run = |script: String| {
        let output = folder.output(&["sandbox", "--", "sh", "-c", &script]);
        (output.status.code(), said(&output))
    };
    let (code, variables) = run("env".to_owned());
    assert_eq!(code, Some(0), "{variables}");
    assert!(variables.contains(".cloudgrant/sandbox/azure/kubernetes/kubeconfig"), "{variables}");
    assert!(!variables.contains("CLOUDGRANT_KUBERNETES"), "{variables}");
    let (code, applied) = run(format!("{cloudgrant} apply --yes"));
    assert_eq!(code, Some(0), "{applied}");
    assert_eq!(annotations(&folder, "azure").len(), 1);
    // Somebody has set the cloud's variables alone.
    folder.write("real", kubeconfig("https://192.0.2.1:6443", "production").to_string());
    let (code, refused) = run(format!("KUBECONFIG=real {cloudgrant} plan"));
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("never written to a real cluster"), "{refused}");
    // What can't be read may be anybody's. What stands in it isn't told.
    folder.write("broken", "users: [a-token\n");
    for file in ["broken", "nowhere"] {
        let (code, refused) = run(format!("KUBECONFIG={file} {cloudgrant} plan"));
        assert_eq!(code, Some(1), "{refused}");
        assert!(refused.contains("the way to the Kubernetes cluster isn't known"), "{file}: {refused}");
        assert!(!refused.contains("a-token") && !refused.contains("real cluster"), "{file}: {refused}");
    }
    assert_eq!(annotations(&folder, "azure").len(), 1);
}

fn kubeconfig(server: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{ "name": name, "cluster": { "server": server } }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
        "users": [{ "name": name, "user": { "token": "a-token" } }],
    })
}
