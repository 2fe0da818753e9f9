//! A data plane in a sandbox, and the provider connected to it.

use async_trait::async_trait;
use cloudgrant_azure as _;
pub(crate) use cloudgrant_conformance::Runs;
use cloudgrant_conformance::{load, nearby};
use cloudgrant_core::{Error, Session};
use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::Value;

use crate::arm::Arm;

/// What the manifests of these tests begin with: a data plane that Union manages, or one that people run themselves.
pub(crate) fn manifest(kind: &str, tail: &str) -> String {
    let identity = if kind == "flyte" { "\n  task_identity: flyte-tasks" } else { "" };
    format!(
        r#"
version: 1
stack: tests
provider: azure
platform:
  kind: {kind}
  organization: acme
  projects: [forecasting, vision]
  domains: [development, production]
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane{identity}
  cluster: {{ oidc_issuer: "https://westeurope.oic.prod-aks.azure.com/a/c/" }}
resources:
  data: {{ azure: "https://acmedata.blob.core.windows.net/inputs/raw/" }}
  more: {{ azure: "https://acmedata.blob.core.windows.net/inputs/more/" }}
  models: {{ azure: "https://acmemodels.blob.core.windows.net/models" }}
  token: {{ azure: "https://acme-vault.vault.azure.net/secrets/token" }}
  images: {{ azure: "acmeimages.azurecr.io/team/trainer" }}
{tail}"#
    )
}

/// Union's.
pub(crate) fn union(tail: &str) -> String {
    manifest("union", tail)
}

/// One's own.
pub(crate) fn flyte(tail: &str) -> String {
    manifest("flyte", tail)
}

/// A sandbox, seeded from a manifest.
pub(crate) struct World {
    _folder: tempfile::TempDir,
    running: Running,
    pub(crate) arm: Arm,
}

#[async_trait]
impl Runs for World {
    fn overlay(&self) -> &Value {
        self.running.settings()
    }
}

impl World {
    pub(crate) async fn new(manifest: &str) -> Self {
        Self::with(manifest, "").await
    }

    /// One of Azure's other clouds, whose Resource Manager takes tokens for another audience.
    pub(crate) async fn in_cloud(manifest: &str, audience: &str) -> Self {
        Self::started(manifest, "", audience).await
    }

    /// With knobs, as `sandbox --faults` takes them.
    pub(crate) async fn with(manifest: &str, knobs: &str) -> Self {
        Self::started(manifest, knobs, "https://management.azure.com").await
    }

    async fn started(manifest: &str, knobs: &str, audience: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = load(manifest).value();
        let knobs = if knobs.is_empty() { Default::default() } else { knobs.parse().expect("knobs") };
        let start = Start::new(folder.path()).config(config).knobs(knobs);
        let running = cloudgrant_azure_sandbox::start(start).await.expect("the sandbox starts");
        let arm = Arm::connect_to(running.endpoint(), &folder.path().join("ca.pem"), audience).await;
        Self { _folder: folder, running, arm }
    }

    pub(crate) fn running(&self) -> &Running {
        &self.running
    }
}

/// The problems of a manifest that must be refused, without a request.
pub(crate) async fn refused(manifest: &str) -> Error {
    match Session::open(load(manifest), nearby()).await {
        Err(error) => error,
        Ok(_) => panic!("not refused"),
    }
}

/// Everything that an error says.
pub(crate) fn said(error: &Error) -> String {
    let hints: Vec<_> = error.problems().iter().filter_map(|problem| problem.hint.clone()).collect();
    format!("{error} | {} | {}", error.hint_text().unwrap_or_default(), hints.join(" | "))
}
