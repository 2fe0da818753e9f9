//! Sandboxes of AWS and of what a platform is told by, and runs that tell it.

use std::path::Path;
use std::sync::Arc;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Engine, Session, Settings};
use cloudgrant_flyte_sandbox as _;
use cloudgrant_kubernetes_sandbox as _;
use cloudgrant_platform_tests::cluster::kubeconfig_at;
use cloudgrant_sandbox_kit::{Running, Server, Start, registry};
use serde_json::{Value, json};

use super::gate::Gate;
use super::state;
use crate::aws::Aws;
use crate::beside_edits::Delivery;
use crate::cloud::{Doing, State, differences};
use crate::{http, world};

/// A role for a domain, and one for a project in it.
const FIRST: &str = r#"
version: 1
stack: told
provider: aws
platform:
  kind: flyte
  delivery: DELIVERY
  projects: [forecasting, vision]
  domains: [development, production]
  service_account: tasks
aws:
  region: us-west-2
  account: "111122223333"
  task_role: flyte-tasks
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  data: { aws: "s3://acme-data/inputs/" }
grants:
  - { name: production, scope: { domain: production }, access: { data: read } }
"#;

const VISION: &str =
    "  - { name: vision, scope: { project: vision, domain: production }, access: { data: read-write } }\n";

/// The project goes with its domain, and another one has a role of its own.
const OTHER: &str =
    "  - { name: forecasting, scope: { project: forecasting, domain: development }, access: { data: read-write } }\n";

/// The sandboxes.
#[derive(Debug)]
pub struct World {
    delivery: Delivery,
    folder: tempfile::TempDir,
    cloud: Running,
    platform: Running,
    /// What stands before the platform's.
    pub gate: Arc<Gate>,
    _server: Server,
    /// The platform's, by the gate.
    says: Value,
}

fn manifest(delivery: Delivery, doing: Doing) -> Loaded {
    let grants = if doing == Doing::Change { OTHER } else { VISION };
    let text = FIRST.replace("DELIVERY", delivery.written()) + grants;
    Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &Overrides::default())
        .unwrap_or_else(|error| panic!("{error:?}"))
}

impl World {
    /// New sandboxes, from what lies in a folder or from nothing.
    ///
    /// # Panics
    /// They don't start.
    pub async fn start(delivery: Delivery, template: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(template) = template {
            world::copy(template, folder.path());
        }
        let config = manifest(delivery, Doing::Apply).surroundings();
        let start = |name: &str| Start::new(folder.path().join(name)).config(config.clone());
        let cloud = registry::start("aws", start("cloud")).await.expect("the cloud's sandbox starts");
        let id = if delivery == Delivery::Kubernetes { "kubernetes" } else { "flyte" };
        let platform = registry::start(id, start("platform")).await.expect("the platform's sandbox starts");
        let (gate, server, endpoint) = Gate::before(platform.endpoint()).await;
        let says = match delivery {
            Delivery::Kubernetes => {
                let kubeconfig = folder.path().join("by-the-gate");
                kubeconfig_at(&folder.path().join("platform/kubeconfig"), &endpoint, &kubeconfig);
                json!({ "kubernetes": { "kubeconfig": kubeconfig } })
            }
            _ => json!({ "flyte": { "endpoint": endpoint } }),
        };
        Self { delivery, folder, cloud, platform, gate, _server: server, says }
    }

    /// What others have, in the places that are written, and beside these.
    pub async fn plant(&self) {
        let endpoint = self.platform.endpoint();
        for (project, domain) in [("vision", "production"), ("forecasting", "development")] {
            let sent = match self.delivery {
                Delivery::Kubernetes => {
                    let path = format!("/api/v1/namespaces/{project}-{domain}/serviceaccounts/tasks?fieldManager=helm");
                    let metadata = json!({ "annotations": { "example.com/team": "a" } });
                    // By an apply: what was written by hand before the first one, the server gives to somebody then.
                    let body = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata });
                    http::sent(endpoint, "PATCH", &path, "application/apply-patch+yaml", &body).await
                }
                Delivery::Settings => {
                    let queue = json!({ "state": "SETTING_STATE_VALUE", "stringValue": "gpu" });
                    let key = json!({ "project": project, "domain": domain });
                    let body = json!({ "key": key, "settings": { "run": { "defaultQueue": queue } } });
                    let path = "/flyteidl2.settings.SettingsService/CreateSettings";
                    http::sent(endpoint, "POST", path, "application/json", &body).await
                }
                _ => {
                    let attributes = json!({ "attributes": { "projectQuotaCpu": "4" } });
                    let matching = json!({ "cluster_resource_attributes": attributes });
                    let body = json!({ "attributes": { "matching_attributes": matching } });
                    let path = format!("/api/v1/project_domain_attributes/{project}/{domain}");
                    http::sent(endpoint, "PUT", &path, "application/json", &body).await
                }
            };
            assert_eq!(sent.0, 200, "{}", sent.1);
        }
    }

    /// The engine for what is to be done.
    ///
    /// # Panics
    /// The manifest is wrong.
    pub async fn engine(&self, doing: Doing, settings: Settings) -> Engine {
        let session = Session::open(manifest(self.delivery, doing), settings).await.expect("a session");
        let session =
            session.overlaid(self.cloud.settings(), "the sandbox").await.expect("in the sandbox").in_sandbox();
        let session = session.with_platform_in_sandbox(&self.says).expect("in the platform's sandbox");
        match doing {
            Doing::Revoke => session.engine_without(None).expect("all of it"),
            Doing::Apply | Doing::Change => session.engine(),
        }
    }

    /// What is there now, in the cloud and on the platform.
    pub fn state(&self) -> State {
        let mut all = world::state(&Aws, &self.folder.path().join("cloud"));
        all.extend(state::canonical(world::files(&self.folder.path().join("platform"))));
        all
    }

    /// Turns the knobs of both.
    pub async fn turn(&self, knobs: &str) {
        for sandbox in [&self.cloud, &self.platform] {
            http::ask(sandbox.endpoint(), "POST", "/_sandbox/knobs", knobs).await;
        }
    }

    /// Runs without anything in the way, and says what is not as it is to be.
    pub async fn settled(&self, doing: Doing, after: &State) -> Vec<String> {
        self.gate.open();
        let mut wrong = match world::World::run(&self.engine(doing, world::settings()).await).await {
            Ok((_, report)) if report.is_success() => Vec::new(),
            Ok((_, report)) => vec![format!("one more run failed: {report:#?}")],
            Err(error) => vec![format!("one more run failed: {error:?}")],
        };
        wrong.extend(differences(after, &self.state()));
        wrong
    }

    async fn stop(self) -> tempfile::TempDir {
        self.cloud.stop().await;
        self.platform.stop().await;
        self.folder
    }
}

/// Where runs begin, and where they end if nothing disturbs them.
#[derive(Debug)]
pub struct Stage {
    /// What is done.
    pub doing: Doing,
    /// How the platform is told.
    pub delivery: Delivery,
    /// The folder of the sandboxes as they are before.
    pub before: tempfile::TempDir,
    /// The state after an undisturbed run.
    pub after: State,
    /// How often that one writes on the platform.
    pub writes: u64,
}

impl Stage {
    /// Makes ready what is to be done, and does it once undisturbed.
    ///
    /// # Panics
    /// It can't be done, or a revoke leaves something, or takes something of others.
    pub async fn set(delivery: Delivery, doing: Doing) -> Self {
        let world = World::start(delivery, None).await;
        world.plant().await;
        let planted = world.state();
        if doing != Doing::Apply {
            world::World::converge(&world.engine(Doing::Apply, world::settings()).await).await;
        }
        let before = world.stop().await;
        let world = World::start(delivery, Some(before.path())).await;
        world.gate.open();
        world::World::converge(&world.engine(doing, world::settings()).await).await;
        let (after, writes) = (world.state(), world.gate.writes());
        assert!(writes >= 2, "{delivery:?}, {doing:?}: it wrote {writes} times");
        if doing == Doing::Revoke {
            assert_eq!(differences(&planted, &after), Vec::<String>::new(), "a revoke leaves no trace");
        }
        Self { doing, delivery, before, after, writes }
    }
}
