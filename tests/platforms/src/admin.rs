//! A deployment of Flyte 1 on loopback, and other people who change what is in it.

use cloudgrant_flyte_sandbox::{Domain, Seed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::flyte::Flyte;

/// The attribute that the tests are about, as flyte-core's chart on EKS has it.
pub const KEY: &str = "defaultIamRole";
/// A role that it is told of.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/tasks";
/// What Helm has for the domain.
pub const DEFAULT: &str = "arn:aws:iam::111122223333:role/default";

const PAIR: &str = "project_domain_attributes";

/// A deployment of Flyte 1.
#[derive(Debug)]
pub struct Deployment(Flyte);

impl std::ops::Deref for Deployment {
    type Target = Flyte;

    fn deref(&self) -> &Flyte {
        &self.0
    }
}

impl Deployment {
    /// With both projects and a default role of the domain.
    pub async fn start() -> Self {
        Self::start_with(Self::seed(), "").await
    }

    /// What it begins with.
    pub fn seed() -> Seed {
        let of_domain = [(KEY.to_owned(), DEFAULT.to_owned())].into();
        Seed {
            projects: vec!["forecasting".to_owned(), "vision".to_owned()],
            domains: vec![Domain::new("development"), Domain::new("production")],
            custom_data: [("production".to_owned(), of_domain)].into(),
            ..Seed::default()
        }
    }

    /// The same with another seed, and with faults.
    pub async fn start_with(seed: Seed, knobs: &str) -> Self {
        Self(Flyte::start(seed, knobs).await)
    }

    /// All records of a type: by `PROJECT/DOMAIN/WORKFLOW`, without the parts that are empty.
    pub async fn records_of(&self, kind: &str) -> Value {
        let all = self.send(Method::GET, &format!("/api/v1/matchable_attributes?resource_type={kind}"), None).await;
        let records = all["configurations"].as_array().expect("a list").iter().map(|one| {
            let parts = ["project", "domain", "workflow"].map(|part| one[part].as_str().unwrap_or_default().to_owned());
            let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            (name, one["attributes"].clone())
        });
        records.collect()
    }

    /// The maps of all records.
    pub async fn records(&self) -> Value {
        let mut all = self.records_of("CLUSTER_RESOURCE").await;
        for record in all.as_object_mut().expect("a map").values_mut() {
            *record = record["cluster_resource_attributes"]["attributes"].take();
        }
        all
    }

    /// A record without what marks the stack's.
    pub async fn record(&self, name: &str) -> Value {
        let mut record = self.records().await[name].take();
        if let Some(map) = record.as_object_mut() {
            map.retain(|key, _| !key.starts_with("cloudgrant."));
        }
        record
    }

    /// As `flytectl update` does: the record is replaced.
    pub async fn put(&self, name: &str, attributes: Value) {
        let level = match name.split('/').count() {
            1 => "project_attributes",
            2 => PAIR,
            _ => "workflow_attributes",
        };
        let matching = json!({ "cluster_resource_attributes": { "attributes": attributes } });
        let body = json!({ "attributes": { "matching_attributes": matching } });
        self.send(Method::PUT, &format!("/api/v1/{level}/{name}"), Some(body)).await;
    }

    /// As somebody careful does: what is there stays.
    pub async fn add(&self, name: &str, attributes: Value) {
        let mut record = match self.records().await[name].take() {
            Value::Null => json!({}),
            record => record,
        };
        for (key, value) in attributes.as_object().expect("a map") {
            record[key] = value.clone();
        }
        self.put(name, record).await;
    }

    /// Somebody's limits for a project and domain.
    pub async fn put_limits(&self, name: &str) {
        let body =
            json!({"attributes": {"matching_attributes": {"task_resource_attributes": {"limits": {"cpu": "2"}}}}});
        self.send(Method::PUT, &format!("/api/v1/{PAIR}/{name}"), Some(body)).await;
    }

    /// Registers a project, or archives it.
    pub async fn project(&self, id: &str, state: &str) {
        self.send(Method::PUT, &format!("/api/v1/projects/{id}"), Some(json!({ "state": state }))).await;
    }

    /// The role that a namespace's service account names after the next sync.
    pub async fn synced(&self, namespace: &str) -> String {
        let synced = self.send(Method::GET, &format!("/_sandbox/synced?namespace={namespace}"), None).await;
        let role = &synced["service_accounts"][0]["annotations"]["eks.amazonaws.com/role-arn"];
        role.as_str().unwrap_or_default().to_owned()
    }

    /// How often something was written.
    pub fn writes(&self) -> u64 {
        self.requests(|action| !(action.starts_with("admin:Update") || action.starts_with("admin:Delete"))).writes
    }
}
