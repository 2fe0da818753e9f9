//! A deployment of Flyte 1 whose admin service has cluster resource attributes.

use std::marker::PhantomData;

use async_trait::async_trait;
use cloudgrant_conformance::platforms::{PlatformFixture, Sample};
use cloudgrant_conformance::{Fault, Hook, Requests};
use cloudgrant_core::{ObjectId, Pair};
use cloudgrant_flyte_sandbox::Seed;
use cloudgrant_platform_admin::CLUSTER_RESOURCE_ATTRIBUTE;
use reqwest::Method;
use serde_json::{Value, json};

use super::{FOREIGN, Known, Principals, keys_of_file, of_kind, skipped};
use crate::admin::Deployment;

/// A deployment.
#[derive(Debug)]
pub struct Admin<P, T> {
    deployment: Deployment,
    of: PhantomData<fn() -> (P, T)>,
}

impl<P: Known, T> Admin<P, T> {
    /// Changes the value in the record of an object, as somebody careful does.
    async fn put(&self, object: &ObjectId, value: Option<&str>) -> Hook {
        let Some(name) = of_kind(object, CLUSTER_RESOURCE_ATTRIBUTE) else { return Hook::Missing };
        match value {
            Some(value) => self.deployment.add(name, json!({ P::ATTRIBUTE: value })).await,
            None => {
                let mut record = self.deployment.records().await[name].take();
                record.as_object_mut().expect("a record").remove(P::ATTRIBUTE);
                self.deployment.put(name, record).await;
            }
        }
        Hook::Done
    }
}

#[async_trait]
impl<P: Known, T: Principals> PlatformFixture for Admin<P, T> {
    type Platform = P;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        skipped::<P, T>(false)
    }

    /// Helm has default roles for each domain.
    async fn fresh() -> Self {
        let default = |domain: &str| {
            let role = format!("arn:aws:iam::111122223333:role/default-of-{domain}");
            let values = [(P::ATTRIBUTE, role), ("defaultUserRoleKey", "eks.amazonaws.com/role-arn".to_owned())];
            (domain.to_owned(), values.map(|(key, value)| (key.to_owned(), value)).into())
        };
        let custom_data = ["development", "production"].map(default).into();
        let deployment = Deployment::start_with(Seed { custom_data, chart: P::CHART, ..Deployment::seed() }, "").await;
        Self { deployment, of: PhantomData }
    }

    /// Flyte's charts have no template for Azure's annotation: one's own name the attribute.
    fn keys(&self) -> Value {
        json!({ "delivery": "admin", "attribute": P::ATTRIBUTE })
    }

    fn sandbox(&self) -> Option<Value> {
        Some(self.deployment.running.settings().clone())
    }

    fn sample(&self) -> Sample {
        T::SAMPLE
    }

    async fn snapshot(&self) -> Value {
        json!({ "record": self.deployment.records().await })
    }

    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        let path = format!("/_sandbox/synced?namespace={}-{}", pair.project, pair.domain);
        let synced = self.deployment.send(Method::GET, &path, None).await;
        let annotations = synced["service_accounts"][0]["annotations"].as_object().expect("annotations");
        Some(annotations.values().next().and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    async fn requests(&self) -> Option<Requests> {
        let writes = |action: &str| action.starts_with("admin:Update") || action.starts_with("admin:Delete");
        Some(self.deployment.requests(|action| !writes(action)))
    }

    async fn plant_foreign(&self) -> Hook {
        for name in FOREIGN {
            self.deployment.add(name, json!({ "projectQuotaCpu": "4", "team": "a" })).await;
            self.deployment.put_limits(name).await;
        }
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        self.put(object, Some("arn:aws:iam::111122223333:role/of-somebody")).await
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.put(object, Some("arn:aws:iam::111122223333:role/edited")).await
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        self.put(object, None).await
    }

    async fn fault(&self, fault: Fault) -> Hook {
        let knobs = match fault {
            Fault::Throttle(count) => format!("throttle-next={count}"),
            Fault::Fail(count) => format!("errors-next={count}"),
            Fault::DenyWrites => "deny=admin:UpdateProjectDomainAttributes".to_owned(),
            Fault::DelayPrincipals | Fault::Withhold => return Hook::Missing,
        };
        self.deployment.turn(&knobs).await;
        Hook::Done
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        keys_of_file::<P>(path)
    }
}
