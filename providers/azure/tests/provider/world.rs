//! A data plane in a sandbox, and the provider connected to it.

use std::path::Path;
use std::time::Duration;

use cloudgrant_azure as _;
use cloudgrant_core::config::{Loaded, Overrides};
use cloudgrant_core::{Approval, Cancel, Error, Plan, Report, Result, Session, Settings, Silent};
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
    folder: tempfile::TempDir,
    running: Running,
    pub(crate) arm: Arm,
}

/// The engine waits little, as the sandbox is near.
pub(crate) fn settings() -> Settings {
    Settings {
        patience: Duration::from_secs(10),
        settle: Duration::from_secs(5),
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        ..Settings::default()
    }
}

pub(crate) fn load(text: &str, overrides: &Overrides) -> Loaded {
    Loaded::from_text(text, Path::new("cloudgrant.yaml"), overrides).unwrap_or_else(|error| panic!("{error:?}"))
}

impl World {
    pub(crate) async fn new(manifest: &str) -> Self {
        Self::with(manifest, "").await
    }

    /// With knobs, as `sandbox --faults` takes them.
    pub(crate) async fn with(manifest: &str, knobs: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = load(manifest, &Overrides::default()).value;
        let knobs = if knobs.is_empty() { Default::default() } else { knobs.parse().expect("knobs") };
        let start = Start::new(folder.path()).config(config).knobs(knobs);
        let running = cloudgrant_azure_sandbox::start(start).await.expect("the sandbox starts");
        let arm = Arm::connect(running.endpoint(), &folder.path().join("ca.pem")).await;
        Self { folder, running, arm }
    }

    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    /// The provider, connected anew.
    pub(crate) async fn session(&self, manifest: &str) -> Result<Session> {
        let flag = |key: &str, value: &str| (key.to_owned(), Value::from(value), "the test".to_owned());
        let ca = self.folder.path().join("ca.pem").display().to_string();
        let flags = vec![
            flag("azure.endpoint", self.running.endpoint()),
            flag("azure.authority", self.running.endpoint()),
            flag("azure.ca_certificate", &ca),
            flag("azure.credentials", "sandbox"),
        ];
        let overrides = Overrides { flags, ..Overrides::default() };
        Session::open(load(manifest, &overrides), settings()).await
    }

    pub(crate) async fn plan(&self, manifest: &str) -> Result<Plan> {
        self.session(manifest).await?.engine().plan(&Silent).await
    }

    pub(crate) async fn apply(&self, manifest: &str) -> Result<Report> {
        let engine = self.session(manifest).await?.engine();
        let plan = engine.plan(&Silent).await?;
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await
    }

    /// Applies, and expects that everything was made and verified, and that nothing is left to do.
    pub(crate) async fn converge(&self, manifest: &str) -> Report {
        let report = self.apply(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(report.is_success(), "{report:#?}");
        let plan = self.plan(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(plan.is_empty(), "{:#?}", plan.changes);
        report
    }

    /// Takes everything of the stack away.
    pub(crate) async fn revoke_all(&self, manifest: &str) -> Result<Report> {
        let engine = self.session(manifest).await?.engine_without(None)?;
        let plan = engine.plan(&Silent).await?;
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await
    }
}

/// The problems of a manifest that must be refused, without a request.
pub(crate) async fn refused(manifest: &str) -> Error {
    match Session::open(load(manifest, &Overrides::default()), settings()).await {
        Err(error) => error,
        Ok(_) => panic!("not refused"),
    }
}

/// Everything that an error says.
pub(crate) fn said(error: &Error) -> String {
    let hints: Vec<_> = error.problems().iter().filter_map(|problem| problem.hint.clone()).collect();
    format!("{error} | {} | {}", error.hint_text().unwrap_or_default(), hints.join(" | "))
}
