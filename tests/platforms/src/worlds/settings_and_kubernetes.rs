//! A deployment of Flyte 2, or of Union 2, and its cluster: the settings service says under which account tasks run, and the account's
//! annotation what that is.

use async_trait::async_trait;
use cloudgrant_conformance::platforms::{PlatformFixture, Sample};
use cloudgrant_conformance::{Fault, Hook, Requests};
use cloudgrant_core::{ObjectId, Pair};
use serde_json::{Value, json};

use super::{Known, Kubernetes, Principals, Settings, keys_of_file, skipped};

/// A deployment and its cluster. Task code runs under the account `default`.
#[derive(Debug)]
pub struct SettingsAndKubernetes<P, T> {
    settings: Settings<P, T>,
    cluster: Kubernetes<P, T>,
}

/// What both say, in one object.
fn both(one: Value, other: Value) -> Value {
    let entries = [one, other].into_iter().flat_map(|value| match value {
        Value::Object(entries) => entries,
        other => panic!("no object: {other}"),
    });
    Value::Object(entries.collect())
}

/// What came of a hook of whichever world has an object.
async fn either(one: impl Future<Output = Hook>, other: impl Future<Output = Hook>) -> Hook {
    match one.await {
        Hook::Missing => other.await,
        done => done,
    }
}

/// What came of a hook that both worlds must have.
fn each(one: Hook, other: Hook) -> Hook {
    match one {
        Hook::Missing => Hook::Missing,
        Hook::Done => other,
    }
}

#[async_trait]
impl<P: Known, T: Principals> PlatformFixture for SettingsAndKubernetes<P, T> {
    type Platform = P;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        skipped::<P, T>(false)
    }

    async fn fresh() -> Self {
        Self { settings: Settings::fresh().await, cluster: Kubernetes::fresh().await }
    }

    fn keys(&self) -> Value {
        json!({ "delivery": ["settings", "kubernetes"] })
    }

    fn sandbox(&self) -> Option<Value> {
        Some(both(self.settings.sandbox()?, self.cluster.sandbox()?))
    }

    fn sample(&self) -> Sample {
        T::SAMPLE
    }

    fn issuers(&self) -> Vec<String> {
        self.cluster.issuers()
    }

    async fn snapshot(&self) -> Value {
        both(self.settings.snapshot().await, self.cluster.snapshot().await)
    }

    /// Where the settings name another account, whatever that one's annotation says counts.
    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        let account = self.settings.runs_under(pair).await?;
        if !["default", "the platform's own"].contains(&account.as_str()) {
            return Some(account);
        }
        self.cluster.runs_under(pair).await
    }

    async fn requests(&self) -> Option<Requests> {
        let (one, other) = (self.settings.requests().await?, self.cluster.requests().await?);
        Some(Requests { reads: one.reads + other.reads, writes: one.writes + other.writes })
    }

    async fn plant_foreign(&self) -> Hook {
        each(self.settings.plant_foreign().await, self.cluster.plant_foreign().await)
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        either(self.settings.occupy(object), self.cluster.occupy(object)).await
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        either(self.settings.tamper(object), self.cluster.tamper(object)).await
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        either(self.settings.remove(object), self.cluster.remove(object)).await
    }

    async fn fault(&self, fault: Fault) -> Hook {
        each(self.settings.fault(fault).await, self.cluster.fault(fault).await)
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        keys_of_file::<P>(path)
    }
}
