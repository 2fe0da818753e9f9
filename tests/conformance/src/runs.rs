//! Runs over whole manifests, for a provider's own tests.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Approval, Cancel, Engine, Plan, Report, Result, Session, Settings, Silent};
use serde_json::Value;

/// A world in which tests run whole manifests, as people do. Each run connects the provider anew.
///
/// The suite needs none of this: it is for what a provider has to show beyond the contract.
#[async_trait]
pub trait Runs: Sync {
    /// What is laid over each manifest so that the provider reaches this world, such as a sandbox's settings.
    fn overlay(&self) -> &Value;

    /// The provider, connected.
    ///
    /// # Errors
    /// The manifest's problems.
    async fn session(&self, manifest: &str) -> Result<Session> {
        Session::open(load(manifest).overlaid(self.overlay(), "the test")?, nearby()).await
    }

    /// What would change.
    ///
    /// # Errors
    /// The manifest's problems, and what goes wrong while the cloud is read.
    async fn plan(&self, manifest: &str) -> Result<Plan> {
        self.session(manifest).await?.engine().plan(&Silent).await
    }

    /// Makes it so.
    ///
    /// # Errors
    /// As for [`plan`](Self::plan), and what goes wrong before anything is written.
    async fn apply(&self, manifest: &str) -> Result<Report> {
        apply(&self.session(manifest).await?.engine()).await
    }

    /// Applies, and expects that everything was made and verified, and that nothing is left to do.
    ///
    /// # Panics
    /// Something failed, or is left.
    async fn converge(&self, manifest: &str) -> Report {
        let report = self.apply(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(report.is_success(), "{report:#?}");
        let plan = self.plan(manifest).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(plan.is_empty(), "{:#?}", plan.changes);
        report
    }

    /// Takes everything of the stack away.
    ///
    /// # Errors
    /// As for [`apply`](Self::apply).
    async fn revoke_all(&self, manifest: &str) -> Result<Report> {
        apply(&self.session(manifest).await?.engine_without(None)?).await
    }
}

async fn apply(engine: &Engine) -> Result<Report> {
    let plan = engine.plan(&Silent).await?;
    engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await
}

/// A manifest in YAML.
///
/// # Panics
/// It is none.
pub fn load(manifest: &str) -> Loaded {
    Loaded::from_text(manifest, Path::new("cloudgrant.yaml"), &Overrides::default())
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// How patient the engine is with a world that is near: it waits little.
pub fn nearby() -> Settings {
    Settings {
        patience: Duration::from_secs(10),
        settle: Duration::from_secs(5),
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        ..Settings::default()
    }
}
