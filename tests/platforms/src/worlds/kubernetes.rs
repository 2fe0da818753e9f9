//! A cluster in which service accounts are annotated.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use async_trait::async_trait;
use cloudgrant_conformance::platforms::{PlatformFixture, Sample};
use cloudgrant_conformance::{Fault, Hook, Requests};
use cloudgrant_core::{ObjectId, Pair};
use cloudgrant_platform_kubernetes::SERVICE_ACCOUNT_ANNOTATION;
use serde_json::{Map, Value, json};

use super::{FOREIGN, Known, PAIRS, Principals, keys_of_file, of_kind, skipped};
use crate::cluster::{Cluster, ISSUER};

/// A cluster.
#[derive(Debug)]
pub struct Kubernetes<P, T> {
    cluster: Cluster,
    of: PhantomData<fn() -> (P, T)>,
}

fn namespace(pair: &str) -> String {
    pair.replace('/', "-")
}

impl<P, T: Principals> Kubernetes<P, T> {
    /// The namespace of an object.
    fn of(object: &ObjectId) -> Option<&str> {
        of_kind(object, SERVICE_ACCOUNT_ANNOTATION)?.split_once('/').map(|(namespace, _)| namespace)
    }

    async fn annotate(&self, object: &ObjectId, value: Value) -> Hook {
        let Some(namespace) = Self::of(object) else { return Hook::Missing };
        self.cluster.annotate(namespace, json!({ T::SAMPLE.key: value })).await;
        Hook::Done
    }
}

#[async_trait]
impl<P: Known, T: Principals> PlatformFixture for Kubernetes<P, T> {
    type Platform = P;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        skipped::<P, T>(false)
    }

    async fn fresh() -> Self {
        Self { cluster: Cluster::with_namespaces(PAIRS.map(namespace).to_vec()).await, of: PhantomData }
    }

    fn keys(&self) -> Value {
        json!({ "delivery": "kubernetes" })
    }

    fn sandbox(&self) -> Option<Value> {
        Some(self.cluster.running.settings().clone())
    }

    fn sample(&self) -> Sample {
        T::SAMPLE
    }

    fn issuers(&self) -> Vec<String> {
        vec![ISSUER.to_owned()]
    }

    /// Each annotation with its value, and with who manages it.
    async fn snapshot(&self) -> Value {
        let mut accounts = Map::new();
        for pair in PAIRS {
            let account = self.cluster.account(&namespace(pair)).await.unwrap_or_default();
            let entries = account.metadata.managed_fields.unwrap_or_default();
            let managers = |key: &str| {
                let has = |fields: &Value| fields["f:metadata"]["f:annotations"].get(format!("f:{key}")).is_some();
                let with = entries.iter().filter(|entry| entry.fields_v1.as_ref().is_some_and(|fields| has(&fields.0)));
                with.map(|entry| format!("{:?} {:?}", entry.manager, entry.operation)).collect::<Vec<_>>()
            };
            let annotations = account.metadata.annotations.unwrap_or_default();
            let told: BTreeMap<_, _> = annotations
                .iter()
                .map(|(key, value)| (key.clone(), json!({ "value": value, "managers": managers(key) })))
                .collect();
            if !told.is_empty() {
                accounts.insert(format!("{}/default", namespace(pair)), json!(told));
            }
        }
        json!({ "service-account": accounts })
    }

    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        let annotations = self.cluster.annotations(&format!("{}-{}", pair.project, pair.domain)).await;
        Some(annotations[T::SAMPLE.key].as_str().unwrap_or("the platform's own").to_owned())
    }

    async fn requests(&self) -> Option<Requests> {
        let only_reads =
            |action: &str| ![":patch", ":create", ":update", ":delete"].iter().any(|verb| action.ends_with(verb));
        Some(Requests::of(&self.cluster.running.counts().by_action, only_reads))
    }

    async fn plant_foreign(&self) -> Hook {
        for pair in FOREIGN {
            self.cluster.annotate(&namespace(pair), json!({ "example.com/by-hand": "1" })).await;
            self.cluster.apply(&namespace(pair), "helm", json!({ "example.com/of-helm": "1" })).await;
        }
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        let Some(namespace) = Self::of(object) else { return Hook::Missing };
        self.cluster.apply(namespace, "helm", json!({ T::SAMPLE.key: "of-helm" })).await;
        Hook::Done
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.annotate(object, "edited".into()).await
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        self.annotate(object, Value::Null).await
    }

    async fn fault(&self, fault: Fault) -> Hook {
        let knobs = match fault {
            Fault::Throttle(count) => format!("throttle-next={count}"),
            Fault::Fail(count) => format!("errors-next={count}"),
            Fault::DenyWrites => "deny=serviceaccounts:patch".to_owned(),
            Fault::DelayPrincipals | Fault::Withhold => return Hook::Missing,
        };
        self.cluster.turn(&knobs).await;
        Hook::Done
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        keys_of_file::<P>(path)
    }
}
